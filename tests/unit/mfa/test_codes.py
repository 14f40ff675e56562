"""Send limits and digests, pure."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mfa.codes import (
    OWNER_AND_DESTINATION_LIMITS,
    CodeRules,
    Owner,
    OwnerKind,
    SendLimit,
    code_digest,
    next_send_at,
    screen_digits,
    typed_digits,
)
from tests.support.naive import fails_with

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
BOUND: dict[str, Any] = {
    "challenge_id": uuid4(),
    "owner": Owner(OwnerKind.ACCOUNT, uuid4()),
    "contract_id": uuid4(),
    "purpose": "sign_in",
    "channel": "email",
    "binding": uuid4(),
}


def test_nothing_sent_means_now() -> None:
    assert next_send_at([], OWNER_AND_DESTINATION_LIMITS, at=NOW) is None


@given(st.lists(st.integers(0, 100_000), max_size=30))
def test_no_window_ever_holds_more_than_its_limit(gaps: list[int]) -> None:
    at = NOW
    sent: list[datetime] = []
    for gap in gaps:
        at += timedelta(seconds=gap)
        if next_send_at(sent, OWNER_AND_DESTINATION_LIMITS, at=at) is None:
            sent.append(at)
    for limit in OWNER_AND_DESTINATION_LIMITS:
        for moment in sent:
            inside = [one for one in sent if moment <= one < moment + limit.window]
            assert len(inside) <= limit.count


@given(st.lists(st.integers(0, 90_000), max_size=12))
def test_the_promised_moment_is_kept(ages: list[int]) -> None:
    sent = [NOW - timedelta(seconds=age) for age in ages]
    promised = next_send_at(sent, OWNER_AND_DESTINATION_LIMITS, at=NOW)
    if promised is not None:
        assert promised > NOW
        assert next_send_at(sent, OWNER_AND_DESTINATION_LIMITS, at=promised) is None
        just_before = promised - timedelta(microseconds=1)
        assert next_send_at(sent, OWNER_AND_DESTINATION_LIMITS, at=just_before) == promised


def test_order_does_not_matter() -> None:
    sent = [NOW - timedelta(minutes=age) for age in (50, 10, 30)]
    limit = (SendLimit(3, timedelta(hours=1)),)
    assert next_send_at(sent, limit, at=NOW) == NOW + timedelta(minutes=10)


CHANGES = [
    {"challenge_id": uuid4()},
    {"owner": Owner(OwnerKind.REGISTRATION, BOUND["owner"].id)},
    {"owner": Owner(OwnerKind.ACCOUNT, uuid4())},
    {"contract_id": None},
    {"purpose": "verify_email"},
    {"channel": "sms"},
    {"binding": uuid4()},
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_digest_is_bound_to_everything(change: dict[str, Any]) -> None:
    assert code_digest("123456", **BOUND) != code_digest("123456", **{**BOUND, **change})


def test_screen_digits_are_six_and_the_same_each_time() -> None:
    keys: dict[str, Any] = {"challenge_id": uuid4(), "binding": uuid4(), "version": 1}
    assert screen_digits(**keys) == screen_digits(**keys)
    assert len(screen_digits(**keys)) == 6
    assert len({screen_digits(**{**keys, "challenge_id": uuid4()}) for _ in range(50)}) > 45


def test_rules_are_cut_to_ten_minutes() -> None:
    assert CodeRules(86_400, 3, None).capped().life_seconds == 600
    assert CodeRules(30, 3, None).capped().life_seconds == 30


@pytest.mark.parametrize(
    ("typed", "digits"), [("123 456", "123456"), ("12-34-56", "123456"), ("１２３", ""), ("", "")]
)
def test_typed_digits(typed: str, digits: str) -> None:
    assert typed_digits(typed) == digits


@pytest.mark.parametrize("change", CHANGES)
def test_a_digest_of_the_code_alone_is_bound_to_nothing(change: dict[str, Any]) -> None:
    """The naive way, without a key: six digits are found from it in no time, too."""

    def naive(_purpose: str, *parts: str, version: int | None = None) -> bytes:
        return hashlib.sha256(parts[-1].encode()).digest()

    fails_with(
        "core.mfa.codes.keyed_digest",
        naive,
        lambda: test_a_digest_is_bound_to_everything(change),
        where='assert code_digest("123456", **BOUND) !=',
    )
