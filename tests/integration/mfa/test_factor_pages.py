"""The account's own factors: list, add, rename, remove, recovery codes."""

import base64
import json
import re
from typing import Any

import pytest
from django.test import Client

from core.accounts.models import User
from core.accounts.services.accounts import end_sessions
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.models import Factor, Passkey, RecoveryCode, RememberedBrowser
from core.notifications.models import LocalMessage
from tenants.context import ActiveContract
from tests.support.authenticators import App, SecurityKey, confirm_by_app, give_app, give_key
from tests.support.people import (
    deliver_all,
    make_person,
    make_provider,
    session_account,
)
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db


@pytest.fixture
def dana(contract_b: ActiveContract) -> User:
    """Return an account in a program that accepts all four methods."""
    user = make_person()
    make_provider(user, contract_b)
    return user


@pytest.fixture
def signed_in(client: Client, dana: User) -> Client:
    sign_in_directly(client, dana)
    return client


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def shown_app(html: str) -> App:
    found = re.search(r'class="secret"><code>([A-Z2-7 ]+)</code>', html)
    assert found is not None
    return App(base64.b32decode(found.group(1).replace(" ", "")))


def add_app(client: Client, query: str = "") -> Any:
    app = shown_app(page(client, f"/account/factors/app/{query}"))
    return client.post(f"/account/factors/app/{query}", {"code": app.code(clock.now())})


def add_passkey(client: Client, key: SecurityKey, name: str = "Office computer") -> Any:
    url = "/account/factors/passkey/"
    options = client.post(url, {"action": "passkey_options", "name": name}).json()
    made = json.dumps(key.make(options))
    return client.post(url, {"action": "passkey", "name": name, "credential": made})


def subjects(user: User) -> list[str]:
    deliver_all()
    return [mail.subject for mail in LocalMessage.objects.filter(to=user.email)]


def test_an_app_is_added_and_ends_every_other_session(signed_in: Client, dana: User) -> None:
    elsewhere = Client()
    elsewhere.force_login(dana)
    sign_in_directly(elsewhere, dana)
    key = signed_in.session.session_key
    assert "Add an authenticator app" in page(signed_in, "/account/factors/")
    answer = add_app(signed_in)
    assert answer["Location"] == "/account/factors/recovery-codes/?next=%2Faccount%2Ffactors%2F"
    assert Factor.objects.filter(user=dana, kind="totp").exists()
    assert "Remove the app" in page(signed_in, "/account/factors/")
    assert signed_in.session.session_key != key
    assert elsewhere.get("/home/").status_code == 302
    assert "totp" in str(AuditEvent.objects.get(event_type="factor.added").data)
    assert any(subject.startswith("An authenticator app was added") for subject in subjects(dana))
    assert signed_in.get("/account/factors/app/").status_code == 302  # one is enough


def test_an_old_session_confirms_first(
    client: Client, dana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in_directly(client, dana)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now.replace(year=now.year) + 301 * _second())
    for path in ("app/", "app/code.svg", "app/remove/", "passkey/", "recovery-codes/"):
        answer = client.get(f"/account/factors/{path}")
        assert answer["Location"].startswith("/confirm/?next="), path
    assert client.get("/account/factors/").status_code == 200


def _second() -> Any:
    from datetime import timedelta

    return timedelta(seconds=1)


def test_passkeys_have_names_and_are_several(signed_in: Client, dana: User) -> None:
    first, second = SecurityKey(), SecurityKey()
    add_passkey(signed_in, first)
    add_passkey(signed_in, second, "Blue key")
    listed = page(signed_in, "/account/factors/")
    assert "Office computer" in listed
    assert "Blue key" in listed
    assert Factor.objects.filter(user=dana, kind="passkey").count() == 1
    row = Passkey.objects.get(name="Blue key")
    signed_in.post(f"/account/factors/passkey/{row.id}/name/", {"name": "Green key"})
    row.refresh_from_db()
    assert row.name == "Green key"
    assert "passkey.renamed" in AuditEvent.objects.values_list("event_type", flat=True)


def test_a_key_makes_no_second_passkey_and_odd_answers_none(signed_in: Client) -> None:
    key = SecurityKey()
    add_passkey(signed_in, key)
    refused = add_passkey(signed_in, key, "Again")
    assert "No passkey was added" in refused.content.decode()
    url = "/account/factors/passkey/"
    options = signed_in.post(url, {"action": "passkey_options"}).json()
    assert len(options["publicKey"]["excludeCredentials"]) == 1
    for answer in ("", "{}", "x"):
        refused = signed_in.post(url, {"action": "passkey", "name": "N", "credential": answer})
        assert "No passkey was added" in refused.content.decode()
    nameless = signed_in.post(url, {"action": "passkey", "name": " "})
    assert "Give it a name" in nameless.content.decode()
    assert Passkey.objects.count() == 1


def test_nobody_touches_anothers_passkey(signed_in: Client, contract_b: ActiveContract) -> None:
    other = make_person("robin", phone="+13045550143")
    give_key(other)
    row = Passkey.objects.get()
    for act in ("name", "remove"):
        assert signed_in.post(f"/account/factors/passkey/{row.id}/{act}/").status_code == 404
    assert Passkey.objects.exists()


def test_a_removal_forgets_browsers_and_tells_the_owner(signed_in: Client, dana: User) -> None:
    add_app(signed_in)
    add_passkey(signed_in, SecurityKey())
    signed_in.post("/account/factors/recovery-codes/")
    RememberedBrowser.objects.create(
        user=dana,
        option="email",
        host="testserver",
        token_digest=b"t" * 32,
        key_version=1,
        security_epoch=User.objects.get(pk=dana.pk).security_epoch,
        policy_epochs={},
        created_at=clock.now(),
        expires_at=clock.now() + 3600 * _second(),
    )
    assert "Remove your authenticator app?" in page(signed_in, "/account/factors/app/remove/")
    signed_in.post("/account/factors/app/remove/")
    assert not Factor.objects.filter(user=dana, kind="totp").exists()
    assert RememberedBrowser.objects.get().revoked_at is not None
    assert session_account(signed_in) == dana.id
    assert RecoveryCode.objects.filter(replaced_at__isnull=True).count() == 10
    row = Passkey.objects.get()
    signed_in.post(f"/account/factors/passkey/{row.id}/remove/")
    assert not Factor.objects.filter(user=dana, kind="passkey").exists()
    assert RecoveryCode.objects.filter(replaced_at__isnull=True).count() == 0
    told = subjects(dana)
    for start in ("Your authenticator app was removed", "A passkey was removed"):
        assert any(subject.startswith(start) for subject in told)


def test_a_secret_dies_with_the_session_that_has_seen_it(client: Client, dana: User) -> None:
    stolen_session = Client()
    sign_in_directly(stolen_session, dana)
    seen = shown_app(page(stolen_session, "/account/factors/app/"))
    assert shown_app(page(stolen_session, "/account/factors/app/")) == seen
    end_sessions(user_id=dana.id, reason="password_changed", by=dana.id, at=clock.now())
    sign_in_directly(client, dana)
    own = shown_app(page(client, "/account/factors/app/"))
    assert own != seen
    refused = client.post("/account/factors/app/", {"code": seen.code(clock.now())})
    assert refused.status_code == 200
    client.post("/account/factors/app/", {"code": own.code(clock.now())})
    assert Factor.objects.filter(user=dana, kind="totp").exists()


def test_a_secret_dies_with_a_change_of_the_account_by_the_same_session(
    signed_in: Client, dana: User
) -> None:
    seen = shown_app(page(signed_in, "/account/factors/app/"))
    add_passkey(signed_in, SecurityKey())
    refused = signed_in.post("/account/factors/app/", {"code": seen.code(clock.now())})
    assert refused.status_code == 200
    assert shown_app(refused.content.decode()) != seen


def test_recovery_codes_are_shown_with_the_answer_alone(signed_in: Client, dana: User) -> None:
    assert signed_in.get("/account/factors/recovery-codes/").status_code == 302  # nothing to spare
    confirm_by_app(signed_in, give_app(dana))
    before = page(signed_in, "/account/factors/recovery-codes/")
    assert "<li><code>" not in before
    shown = signed_in.post("/account/factors/recovery-codes/")
    assert shown.headers["Cache-Control"] == "no-store"
    codes = re.findall(r"<li><code>([0-9a-z-]{11})</code>", shown.content.decode())
    assert len(set(codes)) == 10
    again = page(signed_in, "/account/factors/recovery-codes/")
    assert not any(code in again for code in codes)
    assert "You have 10 codes left" in page(signed_in, "/account/factors/")


def test_what_no_program_of_the_person_accepts_cannot_be_added(
    client: Client, contract_a: ActiveContract
) -> None:
    user = make_person()
    make_provider(user, contract_a)
    sign_in_directly(client, user)
    listed = page(client, "/account/factors/")
    assert "Add a passkey" not in listed
    assert "Add an authenticator app" not in listed
    assert client.get("/account/factors/app/").status_code == 404
    # A program that the person is about to join accepts them.
    assert client.get("/acentra-sample/account/factors/app/").status_code == 200


def test_pages_lead_back_to_our_own_paths_only(signed_in: Client) -> None:
    answer = add_app(signed_in, "?next=https://false.example/")
    assert "false.example" not in answer["Location"]


def test_the_list_leads_to_phone_and_address_and_says_what_programs_refuse(
    client: Client, contract_a: ActiveContract
) -> None:
    user = make_person("nia", phone=None)
    make_provider(user, contract_a)
    sign_in_directly(client, user)
    html = page(client, "/account/factors/")
    assert "Add a phone number" in html
    assert "Change the e-mail address" in html
    assert "not accepted by the programs in which you work" in html
    assert "/account/factors/app/" not in html
    assert 'href="/account/"' in html


def test_where_stronger_factors_are_accepted_nothing_is_said_to_be_refused(
    signed_in: Client,
) -> None:
    assert "not accepted" not in page(signed_in, "/account/factors/")
