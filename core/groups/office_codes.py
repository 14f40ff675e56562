"""Office codes: twelve characters to read out and to type, the last of which checks the others.

Pure. 29 characters that nobody takes for another one, and 29 is a prime: a weighted sum finds every
single wrong character and every two that changed places. Eleven of them are random (53 bits).
"""

import secrets
from typing import Final

from core.common.identifiers import normalize

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRTVWXYZ"
LENGTH: Final = 12
_BLOCK: Final = 4


def new_code() -> str:
    """Return a fresh code."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return body + check_character(body)


def check_character(body: str) -> str:
    """Return the character with which the weighted sum of a code is nothing."""
    wanted = -_weighted(body) * pow(LENGTH, -1, len(ALPHABET))
    return ALPHABET[wanted % len(ALPHABET)]


def read_code(typed: str) -> str | None:
    """Return what was typed as a code; None when it is none, whoever would have it."""
    code = normalize(typed)
    if len(code) != LENGTH or not set(code) <= set(ALPHABET):
        return None
    return code if _weighted(code) % len(ALPHABET) == 0 else None


def in_blocks(code: str) -> str:
    """Return a code as it is shown."""
    return "-".join(code[start : start + _BLOCK] for start in range(0, LENGTH, _BLOCK))


def _weighted(text: str) -> int:
    return sum(place * ALPHABET.index(sign) for place, sign in enumerate(text, start=1))
