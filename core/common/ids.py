"""Time-ordered identifiers."""

import os
import time
from uuid import UUID

_MILLISECOND = 1_000_000


def uuid7() -> UUID:
    """Return a UUID version 7 (RFC 9562): Unix milliseconds, their fraction, then 62 random bits.

    Keys that leave the server are of this kind: they sort by time of creation, which keeps index
    pages warm, and a guess at a neighbour is a guess at 62 random bits. The fraction has 12 bits (a
    step is a quarter of a microsecond; RFC 9562, 6.2, method 3), so that what one process makes one
    after the other in the same millisecond sorts so as well.
    """
    return UUID(int=_number())


def uuid7_text() -> str:
    """Return such an identifier as 32 hexadecimal digits, for rows that go in by the million."""
    return f"{_number():032x}"


def _number() -> int:
    milliseconds, rest = divmod(time.time_ns(), _MILLISECOND)
    fraction = (rest << 12) // _MILLISECOND
    random = int.from_bytes(os.urandom(8), "big") >> 2
    return milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0x2 << 62 | random
