"""Keyed digests, sealed secrets and random codes.

Keys come from `settings.PORTAL_SECRET_KEYS` (version → secret); each purpose derives its own,
so a digest made for one purpose says nothing in another. The newest version signs and seals; older
ones stay to check and open what they made.
"""

import hashlib
import hmac
import os
import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_VERSION_BYTES = 2
_NONCE_BYTES = 12


class SealBrokenError(Exception):
    """What was sealed is not what is there: changed, or made for another purpose or owner."""


def current_key_version() -> int:
    """Return the version of the key that new digests are made with."""
    return max(settings.PORTAL_SECRET_KEYS)


def keyed_digest(purpose: str, *parts: str | bytes, version: int | None = None) -> bytes:
    """Return the 32-byte HMAC-SHA256 of the parts under the purpose's key.

    Each part goes in with its length before it, so that ("ab", "c") and ("a", "bc") differ.
    `version` picks an older key, to check what it signed. Raises KeyError for an unknown one.
    """
    chosen = current_key_version() if version is None else version
    return hmac.digest(purpose_key(purpose, chosen), join_parts(*parts), hashlib.sha256)


def keyed_digests(purpose: str, *parts: str | bytes) -> list[bytes]:
    """Return the parts' digest under every key that is in use, to look a row up by."""
    versions = sorted(settings.PORTAL_SECRET_KEYS)
    return [keyed_digest(purpose, *parts, version=version) for version in versions]


def seal(purpose: str, secret: bytes, *bound_to: str) -> bytes:
    """Return a secret encrypted under the purpose's newest key, for storage (AES-256-GCM).

    `bound_to` says whose it is: opened for anybody else it is broken, so that a row copied from
    one account to another is worth nothing. The result carries the version of its key.
    """
    version = current_key_version()
    header = version.to_bytes(_VERSION_BYTES, "big")
    nonce = os.urandom(_NONCE_BYTES)
    cipher = AESGCM(purpose_key(f"seal:{purpose}", version))
    return header + nonce + cipher.encrypt(nonce, secret, join_parts(header, purpose, *bound_to))


def unseal(purpose: str, sealed: bytes, *bound_to: str) -> bytes:
    """Return what was sealed for this purpose and owner.

    Raises SealBrokenError, and KeyError where the key's version is not held any more.
    """
    header, rest = sealed[:_VERSION_BYTES], sealed[_VERSION_BYTES:]
    nonce, encrypted = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
    cipher = AESGCM(purpose_key(f"seal:{purpose}", int.from_bytes(header, "big")))
    try:
        return cipher.decrypt(nonce, encrypted, join_parts(header, purpose, *bound_to))
    except (InvalidTag, ValueError) as error:
        raise SealBrokenError(purpose) from error


def newest_seal_prefix() -> bytes:
    """Return what everything sealed under the newest key begins with; older seals sort before it.

    Lets a table be asked for what should be sealed anew.
    """
    return current_key_version().to_bytes(_VERSION_BYTES, "big")


def join_parts(*parts: str | bytes) -> bytes:
    """Return parts with their lengths before them, so that ("ab", "c") and ("a", "bc") differ."""
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(len(data).to_bytes(8, "big") + data for data in encoded)


def purpose_key(purpose: str, version: int | None = None) -> bytes:
    """Return the 32 bytes from which one purpose makes a key; the newest without a version.

    Raises KeyError for an unknown one.
    """
    chosen = current_key_version() if version is None else version
    return _derived(settings.PORTAL_SECRET_KEYS[chosen], purpose)


# A million events are looked through with one key.
@lru_cache(maxsize=256)
def _derived(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), f"portal:{purpose}".encode(), hashlib.sha256)


def new_numeric_code(digits: int = 6) -> str:
    """Return a code of decimal digits from a cryptographic source, leading zeros kept."""
    return f"{secrets.randbelow(10**digits):0{digits}d}"


def constant_time_equal(left: str | bytes, right: str | bytes) -> bool:
    """Compare without telling by the time taken where the two differ."""
    return hmac.compare_digest(_as_bytes(left), _as_bytes(right))


def _as_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
