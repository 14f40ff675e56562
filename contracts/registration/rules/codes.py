"""Issued registration codes: how they are made, and under which digest they are kept."""

import secrets
from typing import Final
from uuid import UUID

from core.common.crypto import keyed_digest
from core.common.identifiers import normalize

# 32 signs, five bits each, without the four that are read for one another: 0, O, 1 and I.
ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
MIN_LENGTH: Final = 8
"""Eight signs are the 40 bits that an issued code must have at least (account-security)."""
_GROUP = 4
_PURPOSE = "registration.issued-code"


def new_issued_code(length: int) -> str:
    """Return a fresh code of `length` signs from a cryptographic source.

    ValueError for fewer than eight signs: they would carry less than 40 bits.
    """
    if length < MIN_LENGTH:
        raise ValueError(f"An issued code has at least {MIN_LENGTH} signs.")
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def is_issued_code(code: str, *, length: int) -> bool:
    """Tell whether a normalized value could have come from `new_issued_code(length)`."""
    return len(code) == max(length, MIN_LENGTH) and all(sign in ALPHABET for sign in code)


def group_code(code: str) -> str:
    """Return a code as it is shown and printed: `K7QM-2XRT-9B`. Typing the hyphens is harmless."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def issued_code_digest(entry_id: UUID, code: str, *, version: int | None = None) -> bytes:
    """Return the digest under which a code is stored, bound to the entry it was issued for."""
    return keyed_digest(_PURPOSE, entry_id.bytes, normalize(code), version=version)
