"""Many clicks at once on one run, each on a connection of its own, against the real database."""

from collections import Counter
from datetime import datetime
from threading import Barrier
from uuid import UUID

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client

from core.accounts.locking import LockRules
from core.accounts.models import User
from core.accounts.services.locks import record_failure
from core.accounts.services.passwords import replace_password
from core.audit.models import AuditEvent
from core.common import clock
from core.common.errors import DomainError
from core.mfa.models import PasswordReset
from core.mfa.resets.states import ResetStep
from core.mfa.services.resets import (
    ResetOverError,
    begin_reset,
    find_reset,
    finish_reset,
    note_reset_factor,
    prove_present_password,
    verify_reset_code,
)
from tenants import registry
from tests.integration.resets.walking import NEW_PASSWORD, begin
from tests.support.naive import fails_with
from tests.support.people import PASSWORD, last_code, make_person
from tests.support.threads import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
FOR_GOOD = LockRules(failures=1, window_minutes=None, hold_minutes=None)


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave messages in the outbox until the test delivers them."""
    monkeypatch.setattr("core.notifications.services.outbox.announce", lambda _message: None)


def begun(user: User) -> PasswordReset:
    reset = begin_reset(
        email=user.email, contract_id=None, address="", replaces=None, at=clock.now()
    ).reset
    assert reset is not None
    return reset


def to_the_last_step(user: User, *, phone: bool = True) -> PasswordReset:
    reset = begun(user)
    verify_reset_code(reset_id=reset.id, code=last_code(user.email), at=clock.now())
    if phone:
        note_reset_factor(reset_id=reset.id, method="sms", at=clock.now())
    return reset


def outcome(reset: PasswordReset, password: str) -> str:
    brand = registry.get_deployment().brand
    try:
        finish_reset(reset_id=reset.id, password=password, brand=brand, at=clock.now())
    except DomainError as refusal:
        return refusal.code
    return "done"


def test_sixteen_right_codes_are_one_proof() -> None:
    user = make_person()
    reset = begun(user)
    code = last_code(user.email)

    def answer(_place: int) -> str:
        try:
            return verify_reset_code(reset_id=reset.id, code=code, at=clock.now()).verdict.value
        except DomainError as refusal:
            return refusal.code

    assert Counter(at_once(16, answer)) == {"ok": 1, "reset_wrong_step": 15}
    proven = AuditEvent.objects.filter(event_type="password_reset.email_proven")
    assert proven.count() == 1


def eight_new_passwords_are_one() -> None:
    user = make_person()
    reset = to_the_last_step(user)
    passwords = [f"{NEW_PASSWORD} {place}" for place in range(8)]
    outcomes = at_once(8, lambda place: outcome(reset, passwords[place]))
    assert Counter(outcomes) == {"done": 1, "reset_over": 7}
    changed = User.objects.get(pk=user.pk)
    assert changed.check_password(passwords[outcomes.index("done")])
    assert changed.security_epoch == user.security_epoch + 1


def test_eight_new_passwords_are_one() -> None:
    eight_new_passwords_are_one()


def test_the_naive_way_sets_more_than_one() -> None:
    """Read the run, see that it goes on, write: what everybody read before anybody wrote."""
    together = Barrier(8)

    def naive(reset_id: UUID, encoded: str, *, at: datetime) -> User:
        run = find_reset(reset_id, at=at)
        together.wait(timeout=30)
        if run is None:
            raise ResetOverError
        run.user.password, run.reset.completed_at = encoded, at
        run.user.save(update_fields=["password"])
        run.reset.save(update_fields=["completed_at"])
        return run.user

    fails_with(
        "core.mfa.services.resets.finishing._finish",
        naive,
        eight_new_passwords_are_one,
        where="assert Counter(outcomes)",
    )


def test_two_runs_at_once_end_each_other() -> None:
    """Each proves its own code; the later proof ends the run of the earlier."""
    user = make_person()
    first = begun(user)
    code_of_first = last_code(user.email)
    second = PasswordReset.objects.create(
        **{
            field.attname: getattr(first, field.attname)
            for field in PasswordReset._meta.concrete_fields
            if not field.primary_key
        }
    )
    PasswordReset.objects.filter(pk=second.pk).update(email_verified_at=clock.now())
    verify_reset_code(reset_id=first.id, code=code_of_first, at=clock.now())
    assert find_reset(second.id, at=clock.now()) is None
    run = find_reset(first.id, at=clock.now())
    assert run is not None
    assert run.step is ResetStep.FACTOR


def test_a_change_of_the_password_and_the_end_of_a_run_do_not_both_win() -> None:
    user = make_person()
    reset = to_the_last_step(user)
    other = make_password("Somebody-else 12 larches")

    def act(place: int) -> str:
        if place == 0:
            replace_password(
                user_id=user.id,
                password_hash=other,
                reason="changed",
                contract_id=None,
                by=user.id,
                at=clock.now(),
            )
            return "changed"
        return outcome(reset, NEW_PASSWORD)

    outcomes = at_once(2, act)
    changed = User.objects.get(pk=user.pk)
    if outcomes[1] == "reset_over":
        assert changed.check_password("Somebody-else 12 larches")
    else:
        # The reset came first, and the change of the present password after it.
        assert changed.security_epoch == user.security_epoch + 2


def test_forty_guesses_at_the_present_password_are_compared_as_often_as_allowed() -> None:
    user = make_person(phone=None)
    record_failure(user_id=user.id, rules=FOR_GOOD, at=clock.now())
    reset = to_the_last_step(user, phone=False)

    def guess(place: int) -> str:
        result = prove_present_password(
            reset_id=reset.id, password=f"guess {place}", at=clock.now()
        )
        return result.verdict.value

    verdicts = Counter(at_once(20, guess))
    assert verdicts["ok"] == 0
    assert verdicts["wrong"] == 3
    refused = AuditEvent.objects.filter(event_type="challenge.failed", result="wrong")
    assert refused.filter(data__channel="present_password").count() == 3
    last = prove_present_password(reset_id=reset.id, password=PASSWORD, at=clock.now())
    assert not last.is_ok


def test_the_lock_that_closes_beside_the_last_click_stays_closed() -> None:
    user = make_person(phone=None)
    reset = to_the_last_step(user, phone=False)

    def act(place: int) -> str:
        if place == 0:
            record_failure(user_id=user.id, rules=FOR_GOOD, at=clock.now())
            return "locked"
        return outcome(reset, NEW_PASSWORD)

    outcomes = at_once(2, act)
    changed = User.objects.get(pk=user.pk)
    if outcomes[1] == "done":
        # The reset was first: the lock closed on the new password.
        assert changed.check_password(NEW_PASSWORD)
    else:
        assert outcomes[1] == "reset_wrong_step"
        assert changed.check_password(PASSWORD)
    assert changed.is_locked(clock.now())


def test_two_tabs_and_the_back_button_lead_to_the_pending_step() -> None:
    user = make_person()
    client = Client()
    begin(client, user.email)
    code = last_code(user.email)
    right = {"action": "verify", "code": code}
    assert client.post("/forgot-password/code/", right).status_code == 302
    # The other tab still shows the field for the code.
    again = client.post("/forgot-password/code/", right)
    assert "You can now continue" in again.content.decode()
    assert client.post("/forgot-password/code/", {"action": "send"}).status_code == 200
    assert client.get("/forgot-password/new/").headers["Location"] == "/forgot-password/verify/"
