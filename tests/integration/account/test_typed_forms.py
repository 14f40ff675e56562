"""What was typed survives a session that ran out, for the same person on the same browser."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core.accounts.models import TypedForm, User
from core.accounts.services.typed_forms import (
    MOST_FORMS,
    keep_typed_form,
    purge_typed_forms,
    take_typed_form,
)
from core.accounts.sessions.guarding import RECORD_KEY
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.models import Passkey
from tenants.context import ActiveContract
from tests.integration.account.test_details import TYPED
from tests.support.authenticators import confirm_by_app, give_app, give_key
from tests.support.people import (
    PASSWORD,
    PHONE,
    START,
    after,
    last_code,
    make_person,
    make_provider,
    sign_in_by_email,
)
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
DETAILS = "/account/details/"


def run_out(client: Client) -> None:
    """Let the session's time be over."""
    session = client.session
    session[RECORD_KEY] = {**session[RECORD_KEY], "seen_at": 0.0}
    session.save()


def sign_in_from(client: Client, user: User, response: Any) -> Any:
    """Follow a redirect to Login options, sign in, and return where that leads."""
    assert "/?next=" in response.headers["Location"]
    client.get(response.headers["Location"])
    client.post("/login/email/", {"email": user.email, "password": "Blue-lantern 47 rivers"})
    client.post("/login/verify/", {"action": "send"})
    client.post("/login/verify/", {"action": "verify", "code": last_code(user.email)})
    return client.post("/login/verify/", {"action": "continue"})


def send_details(client: Client) -> Any:
    seen = client.get(DETAILS).context["form"]["seen"].value()
    run_out(client)
    return client.post(DETAILS, {"seen": seen, **TYPED, "city": "Huntington"})


def test_details_come_back_and_nothing_is_saved(client: Client, user: User) -> None:
    back = sign_in_from(client, user, send_details(client))
    assert back.headers["Location"] == DETAILS
    page = client.get(DETAILS)
    assert "What you had typed is back" in page.content.decode()
    assert 'value="Huntington"' in page.content.decode()
    assert User.objects.get(pk=user.pk).city == ""
    seen = page.context["form"]["seen"].value()
    client.post(DETAILS, {"seen": seen, **TYPED, "city": "Huntington"})
    assert User.objects.get(pk=user.pk).city == "Huntington"


def test_it_comes_back_once(client: Client, user: User) -> None:
    sign_in_from(client, user, send_details(client))
    client.get(DETAILS)
    again = client.get(DETAILS).content.decode()
    assert "What you had typed" not in again
    assert "Huntington" not in again
    assert not TypedForm.objects.exists()


def test_a_change_by_somebody_else_meanwhile_is_said(client: Client, user: User) -> None:
    sent = send_details(client)
    User.objects.filter(pk=user.pk).update(city="Beckley")
    sign_in_from(client, user, sent)
    page = client.get(DETAILS)
    seen = page.context["form"]["seen"].value()
    answer = client.post(DETAILS, {"seen": seen, **TYPED, "city": "Huntington"})
    assert answer.status_code == 409


def test_somebody_else_on_the_same_browser_gets_nothing(client: Client, user: User) -> None:
    sent = send_details(client)
    sign_in_from(client, make_person("robin"), sent)
    page = client.get(DETAILS).content.decode()
    assert "What you had typed" not in page
    assert "Huntington" not in page


def test_another_browser_of_the_same_person_gets_nothing(client: Client, user: User) -> None:
    send_details(client)
    other = Client()
    sign_in_directly(other, user)
    assert "Huntington" not in other.get(DETAILS).content.decode()


def test_the_page_asks_first_and_the_form_comes_later(client: Client, user: User) -> None:
    """A page's own question may find the session over before the form is sent."""
    seen = client.get(DETAILS).context["form"]["seen"].value()
    run_out(client)
    assert client.get("/session/").status_code == 401
    sent = client.post(DETAILS, {"seen": seen, **TYPED, "city": "Huntington"})
    sign_in_from(client, user, sent)
    assert "Huntington" in client.get(DETAILS).content.decode()


def test_after_sign_out_nothing_is_kept(client: Client, user: User) -> None:
    client.post("/logout/")
    assert client.post(DETAILS, TYPED).headers["Location"].startswith("/?next=")
    assert not TypedForm.objects.exists()


def test_what_the_script_sends_is_kept_and_never_done(client: Client, user: User) -> None:
    """Another tab has signed in again before this one noticed that its session was over."""
    seen = client.get(DETAILS).context["form"]["seen"].value()
    typed = {"seen": seen, **TYPED, "city": "Huntington", "only_keep_typed": "1"}
    assert client.post(DETAILS, typed).headers["Location"] == DETAILS
    assert "Huntington" in client.get(DETAILS).content.decode()
    assert User.objects.get(pk=user.pk).city == ""
    assert not AuditEvent.objects.filter(event_type="account.details_changed").exists()


@pytest.mark.parametrize(
    ("path", "typed", "value"),
    [
        ("/account/email/", {"email": "dana@elm.example"}, 'value="dana@elm.example"'),
        ("/account/phone/", {"phone": "304 555 0177", "channel": "sms"}, 'value="304 555 0177"'),
    ],
)
def test_new_address_and_number_come_back(
    client: Client, user: User, path: str, typed: dict[str, str], value: str
) -> None:
    run_out(client)
    sign_in_from(client, user, client.post(path, typed))
    assert value in client.get(path).content.decode()


def test_a_new_address_comes_back_after_a_confirmation(client: Client, user: User) -> None:
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    led = client.post("/account/email/", {"email": "dana@elm.example"}).headers["Location"]
    assert led.startswith("/confirm/")
    client.post(led, {"password": PASSWORD})
    client.post("/confirm/verify/", {"action": "send", "channel": "sms"})
    client.post("/confirm/verify/", {"action": "verify", "code": last_code(PHONE)})
    page = client.get("/account/email/").content.decode()
    assert 'value="dana@elm.example"' in page
    assert "What you had typed is back" in page


def test_the_name_of_a_passkey_comes_back(client: Client, user: User) -> None:
    app = give_app(user)
    give_key(user)
    path = f"/account/factors/passkey/{Passkey.objects.get().id}/name/"
    run_out(client)
    client.post(path, {"name": "Red key"})
    sign_in_by_email(client, user)
    confirm_by_app(client, app)
    assert 'value="Red key"' in client.get(path).content.decode()
    assert Passkey.objects.get().name == "Blue key"


def test_passwords_are_never_kept(client: Client, user: User) -> None:
    run_out(client)
    typed = {"password": "Green-harbor 58 kettles", "confirmation": "Green-harbor 58 kettles"}
    assert client.post("/account/password/", typed).headers["Location"].startswith("/")
    assert not TypedForm.objects.exists()


def test_the_number_of_a_provider_comes_back_without_its_code(
    client: Client, contract_b: ActiveContract
) -> None:
    person = make_person("robin")
    make_provider(person, contract_b)
    sign_in_directly(client, person)
    run_out(client)
    path = f"/{contract_b.slug}/providers/add/"
    sent = client.post(path, {"identifier": "1245319599", "code": "K7QM2XRT9B"})
    assert sent.headers["Location"].startswith(f"/{contract_b.slug}/?next=")
    sign_in_by_email(client, person)
    page = client.get(path).content.decode()
    assert 'value="1245319599"' in page
    assert "K7QM2XRT9B" not in page


def test_a_code_in_the_field_of_the_number_is_not_kept(
    client: Client, contract_b: ActiveContract
) -> None:
    person = make_person("robin")
    make_provider(person, contract_b)
    sign_in_directly(client, person)
    run_out(client)
    twice = {"identifier": "k7qm-2xrt-9b", "code": "K7QM2XRT9B"}
    client.post(f"/{contract_b.slug}/providers/add/", twice)
    assert not TypedForm.objects.exists()


def kept(user: User, *, path: str = DETAILS, **fields: str) -> str:
    token = keep_typed_form(
        account_id=user.id, path=path, fields=fields or {"city": "Beckley"}, at=START
    )
    assert token is not None
    return token


@pytest.mark.parametrize(("minutes", "there"), [(29.99, True), (30, False)])
def test_it_lives_half_an_hour(minutes: float, *, there: bool) -> None:
    user = make_person()
    token = kept(user)
    taken = take_typed_form(
        token=token, account_id=user.id, path=DETAILS, at=after(minutes=minutes)
    )
    assert (taken == {"city": "Beckley"}) is there


def test_the_database_holds_neither_token_nor_fields() -> None:
    user = make_person()
    token = kept(user, city="Beckley")
    row = TypedForm.objects.get()
    assert b"Beckley" not in bytes(row.sealed)
    assert token.encode() not in bytes(row.token_digest)
    assert take_typed_form(token="another", account_id=user.id, path=DETAILS, at=START) is None
    assert take_typed_form(token=token, account_id=user.id, path="/other/", at=START) is None


def test_few_are_kept_and_none_for_long() -> None:
    user = make_person()
    for number in range(MOST_FORMS + 3):
        kept(user, city=f"Beckley {number}")
    assert TypedForm.objects.count() == MOST_FORMS
    assert purge_typed_forms(at=START + timedelta(minutes=29)) == 0
    assert purge_typed_forms(at=START + timedelta(minutes=30)) == MOST_FORMS


def test_too_much_is_not_kept() -> None:
    user = make_person()
    assert (
        keep_typed_form(account_id=user.id, path="/", fields={"a": "x" * 20_001}, at=clock.now())
        is None
    )
