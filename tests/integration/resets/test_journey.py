"""Forgot password as the guide has it, and each step of it left out or done twice."""

import pytest
from django.test import Client

from core.accounts.models import User
from core.accounts.services.accounts import deactivate_account, end_sessions
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.models import RememberedBrowser
from core.mfa.resets.states import ResetFacts, ResetStep
from core.mfa.services.browsers import remember_browser
from core.notifications.models import LocalMessage
from tenants.context import ActiveContract
from tests.integration.resets.walking import (
    NEW_PASSWORD,
    begin,
    choose_password,
    newest,
    prove_email,
    prove_phone,
    to_new_password,
)
from tests.support.naive import fails_with
from tests.support.people import (
    PASSWORD,
    deliver_all,
    last_code,
    make_person,
    make_provider,
    session_account,
)
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db


def test_a_phone_account_passes_mail_and_phone_and_comes_home(client: Client) -> None:
    user = make_person()
    assert b"Forgot your password?" in client.get("/login/phone/").content
    assert begin(client, user.email).headers["Location"] == "/forgot-password/code/"
    assert prove_email(client, user.email).headers["Location"] == "/forgot-password/code/"
    verified = client.get("/forgot-password/code/").content.decode()
    assert "E-mail address verified. You can now continue." in verified
    assert 'href="/forgot-password/verify/"' in verified
    asked = client.get("/forgot-password/verify/").content.decode()
    assert "XXX-XXX-0142" in asked
    assert "Call Me" in asked
    assert prove_phone(client).headers["Location"] == "/forgot-password/new/"
    assert choose_password(client).headers["Location"] == "/home/"
    assert session_account(client) == user.id
    changed = User.objects.get(pk=user.pk)
    assert changed.check_password(NEW_PASSWORD)
    assert changed.security_epoch == user.security_epoch + 1


def test_an_account_with_nothing_but_its_address_goes_straight_on(client: Client) -> None:
    user = make_person(phone=None)
    begin(client, user.email)
    prove_email(client, user.email)
    assert 'href="/forgot-password/new/"' in client.get("/forgot-password/code/").content.decode()
    assert choose_password(client).headers["Location"] == "/home/"
    assert session_account(client) == user.id


def test_the_account_decides_not_the_option_that_was_clicked(client: Client) -> None:
    user = make_person()
    client.get("/login/email/")
    begin(client, user.email)
    prove_email(client, user.email)
    here = client.get("/forgot-password/new/")
    assert here.headers.get("Location") == "/forgot-password/verify/"
    assert choose_password(client).headers["Location"] == "/forgot-password/verify/"
    client.post("/forgot-password/verify/", {"action": "option", "option": "email"})
    assert b"XXX-XXX-0142" in client.get("/forgot-password/verify/").content
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_by_a_call(client: Client) -> None:
    from core.mfa.models import Challenge
    from core.mfa.services.challenges import answer_call

    user = make_person()
    begin(client, user.email)
    prove_email(client, user.email)
    client.post("/forgot-password/verify/", {"action": "send", "channel": "voice"})
    deliver_all()
    call = Challenge.objects.get(channel="voice")
    early = client.post("/forgot-password/verify/", {"action": "continue"})
    assert "has not been confirmed" in early.content.decode()
    digits = client.get("/forgot-password/verify/call/").context["challenge"].digits or "#"
    assert answer_call(challenge_id=call.id, digits=digits, at=clock.now())
    answered = client.post("/forgot-password/verify/", {"action": "continue"})
    assert answered.headers["Location"] == "/forgot-password/new/"


@pytest.mark.parametrize("path", ["verify/", "present/", "new/"])
def test_a_later_address_leads_to_the_pending_step(client: Client, path: str) -> None:
    user = make_person()
    begin(client, user.email)
    assert client.get(f"/forgot-password/{path}").headers["Location"] == "/forgot-password/code/"
    posted = client.post(
        f"/forgot-password/{path}", {"password": NEW_PASSWORD, "confirmation": NEW_PASSWORD}
    )
    assert posted.headers["Location"] == "/forgot-password/code/"
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_other_sessions_and_remembered_browsers_end_and_the_owner_is_told(
    client: Client, contract_b: ActiveContract
) -> None:
    user = make_person()
    make_provider(user, contract_b)
    elsewhere = Client()
    sign_in_directly(elsewhere, user)
    remember_browser(user=user, option="phone", host="testserver", replaces="", at=clock.now())
    to_new_password(client, user)
    choose_password(client)
    assert elsewhere.get("/home/").status_code == 302
    assert client.get("/home/").status_code == 200
    assert not RememberedBrowser.objects.filter(revoked_at__isnull=True).exists()
    deliver_all()
    mail = LocalMessage.objects.filter(to=user.email).order_by("-sent_at", "-id")[0]
    assert "password was changed" in mail.subject


def test_the_old_password_stops_and_the_new_one_works(client: Client) -> None:
    user = make_person()
    to_new_password(client, user)
    choose_password(client)
    another = Client()
    refused = another.post("/login/email/", {"email": user.email, "password": PASSWORD})
    assert "We could not sign you in" in refused.content.decode()
    taken = another.post("/login/email/", {"email": user.email, "password": NEW_PASSWORD})
    assert taken.headers["Location"] == "/login/verify/"


@pytest.mark.parametrize(
    ("password", "words"),
    [
        (PASSWORD, "present password"),
        ("short", "at least"),
        ("password password password", "common"),
        ("Dana-Reed harbor 93 maples", "your name"),
    ],
)
def test_a_new_password_is_checked(client: Client, password: str, words: str) -> None:
    user = make_person()
    to_new_password(client, user)
    answer = choose_password(client, password)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)
    assert choose_password(client).headers["Location"] == "/home/"


def test_the_merged_policy_of_the_account_decides_about_its_password(
    client: Client, contract_a: ActiveContract
) -> None:
    user = make_person()
    make_provider(user, contract_a)
    to_new_password(client, user)
    answer = choose_password(client, "copper harbor maples river")
    assert answer.status_code == 200
    assert "upper-case letter" in answer.content.decode()


def test_nothing_is_replayed_after_the_end(client: Client) -> None:
    user = make_person()
    to_new_password(client, user)
    choose_password(client)
    reset = newest()
    client.post("/logout/")
    session = client.session
    session["password_reset"] = str(reset.id)
    session.save()
    assert client.get("/forgot-password/code/").status_code == 410
    assert choose_password(client, "Another-one 55 birches").status_code == 410


def test_the_run_belongs_to_the_browser_that_began_it() -> None:
    user = make_person()
    first, other = Client(), Client()
    begin(first, user.email)
    code = last_code(user.email)
    answer = other.post("/forgot-password/code/", {"action": "verify", "code": code})
    assert answer.status_code == 410
    assert prove_email(first, user.email).status_code == 302


def test_the_run_belongs_to_its_contract(client: Client, contract_a: ActiveContract) -> None:
    user = make_person()
    client.post(f"/{contract_a.slug}/forgot-password/", {"email": user.email})
    assert client.get("/forgot-password/code/").status_code == 410
    client.post(f"/{contract_a.slug}/forgot-password/", {"email": user.email})
    assert client.get(f"/{contract_a.slug}/forgot-password/code/").status_code == 200


@pytest.mark.parametrize("change", ["epoch", "deactivated"])
def test_a_change_of_the_account_ends_the_run(client: Client, change: str) -> None:
    user = make_person()
    to_new_password(client, user)
    if change == "epoch":
        end_sessions(user_id=user.id, reason="email_changed", by=None, at=clock.now())
    else:
        deactivate_account(user_id=user.id, reason="left", by=None, at=clock.now())
    assert choose_password(client).status_code == 410
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_a_newer_run_ends_the_older_one_once_its_code_is_proven() -> None:
    user = make_person()
    older, newer = Client(), Client()
    to_new_password(older, user)
    begin(newer, user.email)
    assert older.get("/forgot-password/new/").status_code == 200
    prove_email(newer, user.email)
    assert older.get("/forgot-password/new/").status_code == 410
    assert choose_password(older).status_code == 410
    assert newer.get("/forgot-password/verify/").status_code == 200


def test_cancel_ends_the_run(client: Client) -> None:
    user = make_person()
    begin(client, user.email)
    prove_email(client, user.email)
    cancelled = client.post("/forgot-password/verify/", {"action": "cancel"})
    assert cancelled.headers["Location"] == "/"
    assert newest().closed_at is not None
    assert client.get("/forgot-password/verify/").status_code == 410


def test_whoever_is_signed_in_goes_home(client: Client) -> None:
    user = make_person()
    sign_in_directly(client, user)
    for path in ("", "code/", "verify/", "present/", "new/"):
        assert client.get(f"/forgot-password/{path}").headers["Location"] == "/home/"


def test_every_step_is_audited_with_ids_only(client: Client) -> None:
    user = make_person()
    to_new_password(client, user)
    choose_password(client)
    events = AuditEvent.objects.filter(event_type__startswith="password_reset.").order_by(
        "at", "id"
    )
    assert list(events.values_list("event_type", flat=True)) == [
        "password_reset.started",
        "password_reset.email_proven",
        "password_reset.factor_proven",
        "password_reset.completed",
    ]
    changed = AuditEvent.objects.get(event_type="account.password_changed")
    assert changed.data == {"reason": "forgotten"}
    assert "clinic.example" not in str([event.data for event in events])
    signed_in = AuditEvent.objects.get(event_type="sign_in.completed")
    assert signed_in.data["methods"] == ["password", "email", "sms"]


def test_a_code_of_the_reset_is_worthless_at_sign_in(client: Client) -> None:
    user = make_person()
    begin(client, user.email)
    code = last_code(user.email)
    another = Client()
    another.post("/login/email/", {"email": user.email, "password": PASSWORD})
    another.post("/login/verify/", {"action": "send"})
    deliver_all()
    answer = another.post("/login/verify/", {"action": "verify", "code": code})
    assert "is not right" in answer.content.decode()


def test_a_reset_by_the_option_clicked_would_skip_the_factor(client: Client) -> None:
    """The naive way: who reads the mail has proven what Login with Email asks for."""

    def naive(facts: ResetFacts) -> ResetStep:
        return ResetStep.NEW_PASSWORD if facts.email_is_proven else ResetStep.CODE

    fails_with(
        "core.mfa.services.resets.runs.pending_reset_step",
        naive,
        lambda: test_the_account_decides_not_the_option_that_was_clicked(client),
        where='assert here.headers.get("Location") == "/forgot-password/verify/"',
    )
