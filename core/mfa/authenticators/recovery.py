"""Recovery codes, pure: how they look and how they are made comparable."""

import secrets
from uuid import UUID

from core.common.crypto import keyed_digest

COUNT = 10
"""How many a set has."""
# Crockford's 32 symbols: none can be taken for another one. Ten of them are 50 bits.
_SYMBOLS = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 10
_READ_AS = str.maketrans({"o": "0", "i": "1", "l": "1", " ": None, "-": None})


def new_code() -> str:
    """Return a code of 50 random bits as it is shown: `k7qm2-xrt9b`."""
    code = "".join(secrets.choice(_SYMBOLS) for _place in range(_LENGTH))
    return f"{code[:5]}-{code[5:]}"


def comparable(typed: str) -> str | None:
    """Return a typed code without spaces, hyphens and case; None for what cannot be one."""
    code = typed.strip().lower().translate(_READ_AS)
    return code if len(code) == _LENGTH and set(code) <= set(_SYMBOLS) else None


def digest_of(code: str, *, user_id: UUID, version: int | None = None) -> bytes:
    """Return the keyed digest under which an account's code is stored.

    A fast one is enough: 50 random bits cannot be guessed by whoever lacks the key.
    """
    return keyed_digest("recovery-code", str(user_id), comparable(code) or "", version=version)
