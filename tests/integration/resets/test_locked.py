"""A locked account and its owner: what opens it, and what does not. docs/adr/0013."""

from typing import Any

import pytest
from django.test import Client

from core.accounts.locking import LockRules
from core.accounts.models import User
from core.accounts.services.locks import record_failure, unlock_account
from core.audit.models import AuditEvent
from core.common import clock
from core.notifications.models import LocalMessage
from tests.integration.resets.walking import (
    NEW_PASSWORD,
    begin,
    choose_password,
    prove_email,
    to_new_password,
)
from tests.support.naive import fails_with
from tests.support.people import (
    PASSWORD,
    PHONE,
    deliver_all,
    last_code,
    make_person,
    session_account,
)

pytestmark = pytest.mark.django_db
FOR_GOOD = LockRules(failures=1, window_minutes=None, hold_minutes=None)


def lock(user: User) -> User:
    record_failure(user_id=user.id, rules=FOR_GOOD, at=clock.now())
    assert is_locked(user)
    return user


def is_locked(user: User) -> bool:
    return User.objects.get(pk=user.pk).is_locked(clock.now())


def present(client: Client, password: str) -> Any:
    return client.post("/forgot-password/present/", {"password": password})


def other(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_mail_and_phone_open_the_account(client: Client) -> None:
    user = lock(make_person())
    to_new_password(client, user)
    assert is_locked(user)
    assert choose_password(client).headers["Location"] == "/home/"
    assert not is_locked(user)
    assert session_account(client) == user.id
    event = AuditEvent.objects.get(event_type="account.unlocked")
    assert event.actor_id == user.id
    assert event.data == {"reason": "reset_by_owner"}


def test_the_mail_about_the_lock_leads_here() -> None:
    lock(make_person())
    deliver_all()
    mail = LocalMessage.objects.get(subject__contains="is locked")
    assert "/forgot-password/" in mail.text
    assert "/forgot-password/" in mail.html


def test_the_code_of_a_locked_account_says_what_follows(client: Client) -> None:
    user = lock(make_person())
    begin(client, user.email)
    deliver_all()
    mail = LocalMessage.objects.get(subject__contains="new password")
    assert "locked at the moment" in mail.text


def test_the_mailbox_alone_does_not_open_an_account_without_another_factor(
    client: Client,
) -> None:
    user = lock(make_person(phone=None))
    begin(client, user.email)
    prove_email(client, user.email)
    assert client.get("/forgot-password/new/").headers["Location"] == "/forgot-password/present/"
    assert choose_password(client).headers["Location"] == "/forgot-password/present/"
    assert is_locked(user)
    page = client.get("/forgot-password/present/").content.decode()
    assert "Your account is locked" in page
    assert "/mfa-help/" in page


def test_mailbox_and_present_password_open_it(client: Client) -> None:
    user = lock(make_person(phone=None))
    begin(client, user.email)
    prove_email(client, user.email)
    assert "2 more tries" in present(client, "not it").content.decode()
    assert present(client, PASSWORD).headers["Location"] == "/forgot-password/new/"
    assert "present password" in choose_password(client, PASSWORD).content.decode()
    assert choose_password(client).headers["Location"] == "/home/"
    assert not is_locked(user)
    assert User.objects.get(pk=user.pk).check_password(NEW_PASSWORD)


def test_guesses_at_the_present_password_are_counted_over_all_runs(client: Client) -> None:
    user = lock(make_person(phone=None))
    begin(client, user.email)
    prove_email(client, user.email)
    present(client, "first")
    present(client, "second")
    again = Client()
    begin(again, user.email)
    prove_email(again, user.email)
    assert "no more codes and passwords are checked" in present(again, "third").content.decode()
    third = Client()
    begin(third, user.email)
    prove_email(third, user.email)
    assert "no more codes and passwords" in present(third, PASSWORD).content.decode()
    assert is_locked(user)
    unlock_account(user_id=user.id, reason="seen in person", by=None, at=clock.now())
    fourth = Client()
    begin(fourth, user.email)
    prove_email(fourth, user.email)
    assert choose_password(fourth).headers["Location"] == "/home/"


def test_a_lock_that_closes_on_the_last_page_is_not_opened_by_the_mailbox(
    client: Client,
) -> None:
    user = make_person(phone=None)
    to_new_password(client, user, phone=False)
    lock(user)
    assert choose_password(client).headers["Location"] == "/forgot-password/present/"
    assert is_locked(user)
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_wrong_codes_of_the_phone_end_the_run_and_no_newer_one_brings_tries(
    client: Client,
) -> None:
    user = make_person()
    begin(client, user.email)
    prove_email(client, user.email)
    client.post("/forgot-password/verify/", {"action": "send", "channel": "sms"})
    wrong = {"action": "verify", "code": other(last_code(PHONE))}
    assert "2 more tries" in client.post("/forgot-password/verify/", wrong).content.decode()
    client.post("/forgot-password/verify/", wrong)
    last = client.post("/forgot-password/verify/", wrong).content.decode()
    assert "no more codes and passwords" in last
    assert is_locked(user)
    assert client.get("/forgot-password/verify/").status_code == 410
    again = Client()
    begin(again, user.email)
    prove_email(again, user.email)
    sent = again.post("/forgot-password/verify/", {"action": "send", "channel": "sms"})
    assert "too many wrong codes" in sent.content.decode()


def test_a_locked_owner_may_mistype_a_code(client: Client) -> None:
    user = lock(make_person())
    begin(client, user.email)
    prove_email(client, user.email)
    client.post("/forgot-password/verify/", {"action": "send", "channel": "sms"})
    code = last_code(PHONE)
    wrong = client.post("/forgot-password/verify/", {"action": "verify", "code": other(code)})
    assert "2 more tries" in wrong.content.decode()
    right = client.post("/forgot-password/verify/", {"action": "verify", "code": code})
    assert right.headers["Location"] == "/forgot-password/new/"
    assert is_locked(user)


def test_a_proof_of_the_reset_does_not_sign_in(client: Client) -> None:
    """Of everything that a locked owner may prove, the new password alone opens the account."""
    user = lock(make_person())
    to_new_password(client, user)
    assert session_account(client) is None
    signing_in = Client()
    signing_in.post("/login/phone/", {"email": user.email, "password": PASSWORD})
    assert signing_in.get("/login/verify/").status_code == 302


def test_strangers_wrong_codes_count_to_the_lock_and_lead_no_further() -> None:
    user = make_person()
    stranger = Client()
    begin(stranger, user.email)
    wrong = {"action": "verify", "code": other(last_code(user.email))}
    for _ in range(3):
        stranger.post("/forgot-password/code/", wrong)
    assert len(User.objects.get(pk=user.pk).failed_at) == 3
    stays = stranger.get("/forgot-password/verify/")
    assert stays.headers["Location"] == "/forgot-password/code/"


def test_a_lock_that_the_owners_proof_leaves_closed_would_keep_them_out(client: Client) -> None:
    """The naive way: nobody but an admin opens a lock."""
    fails_with(
        "core.mfa.services.resets.finishing.unlock_account",
        lambda **_asked: False,
        lambda: test_mail_and_phone_open_the_account(client),
        where='assert choose_password(client).headers["Location"] == "/home/"',
    )
