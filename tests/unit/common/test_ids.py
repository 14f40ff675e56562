"""UUIDs of version 7: valid, ordered by time, different."""

import time

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
