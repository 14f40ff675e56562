"""The account's own factor is whatever it has: an app, a spare code."""

import pytest
from django.test import Client

from core.common import clock
from core.mfa.models import Challenge, FactorKind, Passkey
from core.mfa.services.recovery import issue_recovery_codes
from core.mfa.services.resets import WrongResetStepError, note_reset_factor
from tests.integration.resets.walking import begin, choose_password, newest, prove_email
from tests.support.authenticators import give_app
from tests.support.naive import fails_with
from tests.support.people import START, make_person

pytestmark = pytest.mark.django_db
PROOF = "/forgot-password/verify/"


def test_an_app_account_passes_mail_and_app(client: Client) -> None:
    user = make_person(phone=None)
    app = give_app(user)
    begin(client, user.email)
    prove_email(client, user.email)
    assert choose_password(client).headers["Location"] == PROOF
    answer = client.post(PROOF, {"action": "verify", "code": app.code(clock.now())})
    assert answer.headers["Location"] == "/forgot-password/new/"
    assert choose_password(client).headers["Location"] == "/home/"


def test_a_spare_code_stands_for_the_app_and_never_for_the_mail(client: Client) -> None:
    user = make_person(phone=None)
    give_app(user)
    spare = issue_recovery_codes(user_id=user.id, by=user.id, at=START)[0]
    begin(client, user.email)
    refused = client.post("/forgot-password/code/", {"action": "verify", "code": spare})
    assert refused.status_code == 200
    prove_email(client, user.email)
    client.post(PROOF, {"action": "option", "option": "recovery"})
    answer = client.post(PROOF, {"action": "verify", "code": spare})
    assert answer.headers["Location"] == "/forgot-password/new/"


def test_a_locked_app_account_is_opened_by_mail_and_app(client: Client) -> None:
    from core.accounts.locking import LockRules
    from core.accounts.models import User
    from core.accounts.services.locks import record_failure

    user = make_person(phone=None)
    app = give_app(user)
    forever = LockRules(failures=1, window_minutes=None, hold_minutes=None)
    record_failure(user_id=user.id, rules=forever, at=clock.now())
    begin(client, user.email)
    prove_email(client, user.email)
    now = clock.now()
    wrong = client.post(PROOF, {"action": "verify", "code": app.wrong_code(now)})
    assert wrong.status_code == 200
    client.post(PROOF, {"action": "verify", "code": app.code(now)})
    assert choose_password(client).headers["Location"] == "/home/"
    assert not User.objects.get(pk=user.pk).is_locked(clock.now())


def test_a_factor_that_works_no_more_is_not_left_out(client: Client) -> None:
    """A passkey that was stopped: the mailbox alone does not do, and the page leads to help."""
    user = make_person(phone=None)
    user.factors.create(kind=FactorKind.PASSKEY, verified_at=START, created_at=START)
    assert not Passkey.objects.exists()
    begin(client, user.email)
    prove_email(client, user.email)
    assert choose_password(client).headers["Location"] == PROOF
    page = client.get(PROOF).content.decode()
    assert "No second factor at hand" in page
    assert "/mfa-help/" in page


def test_mailbox_and_number_do_not_open_an_account_with_an_app(client: Client) -> None:
    """The phone is left over beside the app: it neither shows nor counts."""
    user = make_person()
    app = give_app(user)
    begin(client, user.email)
    prove_email(client, user.email)
    assert "XXX-XXX-0142" not in client.get(PROOF).content.decode()
    client.post(PROOF, {"action": "option", "option": "phone"})
    client.post(PROOF, {"action": "send", "channel": "sms"})
    assert not Challenge.objects.filter(channel="sms").exists()
    assert choose_password(client).headers["Location"] == PROOF
    client.post(PROOF, {"action": "verify", "code": app.code(clock.now())})
    assert choose_password(client).headers["Location"] == "/home/"


def test_a_suspended_passkey_does_not_make_the_phone_enough(client: Client) -> None:
    user = make_person()
    user.factors.create(kind=FactorKind.PASSKEY, verified_at=START, created_at=START)
    begin(client, user.email)
    prove_email(client, user.email)
    assert "No second factor at hand" in client.get(PROOF).content.decode()


@pytest.mark.parametrize("method", ["sms", "voice"])
def test_the_service_refuses_a_weaker_factor(client: Client, method: str) -> None:
    user = make_person()
    give_app(user)
    begin(client, user.email)
    prove_email(client, user.email)
    with pytest.raises(WrongResetStepError):
        note_reset_factor(reset_id=newest().id, method=method, at=clock.now())


def test_any_factor_of_the_account_would_do(client: Client) -> None:
    """The naive way: the page offers what the account has."""
    fails_with(
        "core.mfa.views.reset_holder.strongest_options",
        lambda options, _kinds: options,
        lambda: test_mailbox_and_number_do_not_open_an_account_with_an_app(client),
        where='assert "XXX-XXX-0142" not in',
    )
