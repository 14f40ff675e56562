"""When a session ends: one second before and after each limit."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.accounts.sessions.guarding import Ended, SessionRecord, why_ended

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
RECORD = SessionRecord(
    host="portal.example",
    security_epoch=3,
    policy_epochs={"a": 7},
    began_at=NOW.timestamp(),
    seen_at=NOW.timestamp(),
    idle_seconds=900,
    absolute_seconds=43_200,
)


def reason(
    record: SessionRecord | None = RECORD, *, seconds: int = 0, **now: object
) -> Ended | None:
    known = {"host": "portal.example", "security_epoch": 3, "policy_epochs": {"a": 7}, **now}
    return why_ended(record, at=NOW + timedelta(seconds=seconds), **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(("seconds", "expected"), [(899, None), (900, Ended.IDLE)])
def test_idle(seconds: int, expected: Ended | None) -> None:
    assert reason(seconds=seconds) is expected


@pytest.mark.parametrize(("seconds", "expected"), [(43_199, None), (43_200, Ended.TOO_OLD)])
def test_absolute(seconds: int, expected: Ended | None) -> None:
    seen = replace(RECORD, seen_at=(NOW + timedelta(seconds=seconds - 1)).timestamp())
    assert reason(seen, seconds=seconds) is expected


def test_other_host_and_no_record() -> None:
    assert reason(host="other.example") is Ended.OTHER_HOST
    assert reason(None) is Ended.OTHER_HOST


def test_epochs() -> None:
    assert reason(security_epoch=4) is Ended.ACCOUNT_CHANGED
    assert reason(policy_epochs={"a": 8}) is Ended.POLICY_CHANGED
    assert reason(policy_epochs={"a": 7, "b": 1}) is None
    assert reason(policy_epochs={}) is None


def test_a_record_comes_back_as_it_was_and_garbage_is_none() -> None:
    assert SessionRecord.from_session(RECORD.to_session()) == RECORD
    assert SessionRecord.from_session({"host": "x"}) is None
    assert SessionRecord.from_session(None) is None
