"""Many passwords for one account at one moment: no more are compared than the lock allows."""

import time
from collections import Counter
from typing import Any

import pytest

from core.accounts.models import User
from core.accounts.passwords.hashers import HashGate, HashingBusyError
from core.accounts.policies import effective_policy
from core.accounts.services import imported, sign_in
from core.audit.models import AuditEvent
from core.mfa.services import unfinished
from tests.support.people import PASSWORD, START, make_person
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
GUESSES = 12


@pytest.fixture(autouse=True)
def _slow_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take as long for a hash as in production, or the guesses would hardly meet."""
    compare = sign_in.password_matches

    def slowly(user: User | None, password: str) -> bool:
        time.sleep(0.05)
        return compare(user, password)

    monkeypatch.setattr(sign_in, "password_matches", slowly)


def guess(email: str, password: str) -> User | None:
    return sign_in.check_password_of(
        email=email, password=password, address="192.0.2.1", at=START
    ).user


def test_wrong_passwords_at_once_are_compared_as_often_as_allowed() -> None:
    user = make_person()
    allowed = effective_policy(user.id).accounts.lock_failures
    at_once(GUESSES, lambda place: guess(user.email, f"guess number {place}"))
    events = AuditEvent.objects.filter(event_type="sign_in.refused")
    results = Counter(events.values_list("result", flat=True))
    assert results == {"wrong_password": allowed, "locked": GUESSES - allowed}
    assert guess(user.email, PASSWORD) is None


def test_unknown_addresses_take_turns_too() -> None:
    began = time.monotonic()
    at_once(4, lambda place: guess("nobody@clinic.example", f"guess number {place}"))
    assert time.monotonic() - began >= 4 * 0.05


def test_who_finds_no_place_in_the_queue_waits_for_no_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A thread that waits for a turn is no more there for other pages than one that hashes.
    user = make_person()
    turns = {
        sign_in: "hold_turn_unless_throttled",
        imported: "hold_first_login_turn",
        unfinished: "hold_sign_in_turn",
    }
    for module, turn in turns.items():
        monkeypatch.setattr(module, "hash_gate", HashGate(slots=1, places=0, patience_seconds=5))
        monkeypatch.setattr(module, turn, lambda *_given, **_named: pytest.fail("waits"))
    asked: dict[str, Any] = {"password": PASSWORD, "address": "192.0.2.1", "at": START}
    for check in (
        lambda: sign_in.check_password_of(email=user.email, **asked),
        lambda: imported.check_first_password(username=user.username, **asked),
        lambda: unfinished.request_unfinished_link(email=user.email, **asked),
    ):
        with pytest.raises(HashingBusyError):
            check()
    assert not AuditEvent.objects.filter(event_type="sign_in.refused").exists()
