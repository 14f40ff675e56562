"""When a remembered browser is no longer known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.mfa.browsers import remembering
from core.mfa.browsers.remembering import Forgotten, Memory, Present, expiry, why_forgotten
from tests.support.naive import fails_with

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
MEMORY = Memory(
    host="portal.example",
    security_epoch=3,
    policy_epochs={"a": 1, "b": 7},
    created_at=START,
    expires_at=expiry(remember_hours=4, since=START),
    revoked=False,
)
NOW = Present(
    host="portal.example",
    is_active=True,
    is_locked=False,
    security_epoch=3,
    policy_epochs={"b": 7, "a": 1},
    remember_hours=4,
    factor_since=START - timedelta(days=1),
    at=START + timedelta(hours=1),
)


def test_nothing_changed() -> None:
    assert why_forgotten(MEMORY, NOW) is None


@pytest.mark.parametrize(
    ("seconds", "reason"), [(-1, None), (0, Forgotten.EXPIRED), (1, Forgotten.EXPIRED)]
)
def test_it_ends_on_the_second(seconds: int, reason: Forgotten | None) -> None:
    at = START + timedelta(hours=4, seconds=seconds)
    assert why_forgotten(MEMORY, replace(NOW, at=at)) is reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"host": "other.example"}, Forgotten.OTHER_HOST),
        ({"is_active": False}, Forgotten.INACTIVE),
        ({"is_locked": True}, Forgotten.LOCKED),
        ({"security_epoch": 4}, Forgotten.ACCOUNT_CHANGED),
        ({"factor_since": None}, Forgotten.FACTOR_CHANGED),
        ({"factor_since": START + timedelta(seconds=1)}, Forgotten.FACTOR_CHANGED),
        ({"policy_epochs": {"a": 2, "b": 7}}, Forgotten.POLICY_CHANGED),
        ({"policy_epochs": {"a": 1}}, Forgotten.POLICY_CHANGED),
        ({"policy_epochs": {"a": 1, "b": 7, "c": 1}}, Forgotten.POLICY_CHANGED),
        ({"remember_hours": 0}, Forgotten.EXPIRED),
        ({"remember_hours": 1}, Forgotten.EXPIRED),
    ],
)
def test_each_change_ends_it(changes: dict[str, Any], reason: Forgotten) -> None:
    assert why_forgotten(MEMORY, replace(NOW, **changes)) is reason


def test_what_was_revoked_stays_revoked() -> None:
    assert why_forgotten(replace(MEMORY, revoked=True), NOW) is Forgotten.REVOKED


def test_more_hours_in_the_policy_prolong_nothing() -> None:
    later = replace(NOW, remember_hours=24, at=START + timedelta(hours=4))
    assert why_forgotten(MEMORY, later) is Forgotten.EXPIRED


def a_stricter_policy_ends_it() -> None:
    stricter = replace(NOW, policy_epochs={"a": 2, "b": 7})
    assert remembering.why_forgotten(MEMORY, stricter) is Forgotten.POLICY_CHANGED


def test_a_stricter_policy_ends_it() -> None:
    a_stricter_policy_ends_it()


def test_a_memory_without_epochs_would_outlive_a_stricter_policy() -> None:
    """The naive way: an end, and nothing else."""

    def naive(memory: Memory, now: Present) -> Forgotten | None:
        is_over = memory.revoked or now.at >= memory.expires_at
        return Forgotten.EXPIRED if is_over else None

    fails_with(
        "core.mfa.browsers.remembering.why_forgotten",
        naive,
        a_stricter_policy_ends_it,
        where="assert remembering.why_forgotten(MEMORY, stricter)",
    )
