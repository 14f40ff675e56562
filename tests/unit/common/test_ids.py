"""UUIDs of version 7: valid, ordered by time, different."""

import time
from uuid import RFC_4122

import pytest

from core.common.ids import uuid7


def test_version_and_variant() -> None:
    value = uuid7()
    assert value.version == 7
    assert value.variant == "specified in RFC 4122"


def test_later_ones_sort_later() -> None:
    first = uuid7()
    time.sleep(0.003)
    assert uuid7() > first


def test_many_are_different() -> None:
    assert len({uuid7() for _ in range(2000)}) == 2000


def test_what_is_made_within_one_millisecond_sorts_as_it_was_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moments = iter(range(1_700_000_000_000_000_000, 1_700_000_000_001_000_000, 1_000))
    monkeypatch.setattr(time, "time_ns", lambda: next(moments))
    made = [uuid7() for _ in range(1_000)]
    assert {one.int >> 80 for one in made} == {1_700_000_000_000}
    assert made == sorted(made)
    assert {(one.version, one.variant) for one in made} == {(7, RFC_4122)}
    assert len({one.int & (1 << 62) - 1 for one in made}) == 1_000
