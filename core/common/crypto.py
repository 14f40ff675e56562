"""Keyed digests and random tokens.

Keys come from `settings.PORTAL_SECRET_KEYS` (version → secret); each purpose derives its own,
so a digest made for one purpose says nothing in another. The newest version signs; older ones
stay to check what they signed.
"""

import hashlib
import hmac
import secrets

from django.conf import settings


def current_key_version() -> int:
    """Return the version of the key that new digests are made with."""
    return max(settings.PORTAL_SECRET_KEYS)


def keyed_digest(purpose: str, *parts: str | bytes, version: int | None = None) -> bytes:
    """Return the 32-byte HMAC-SHA256 of the parts under the purpose's key.

    Each part goes in with its length before it, so that ("ab", "c") and ("a", "bc") differ.
    `version` picks an older key, to check what it signed. Raises KeyError for an unknown one.
    """
    chosen = current_key_version() if version is None else version
    digest = hmac.new(_purpose_key(purpose, chosen), digestmod=hashlib.sha256)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.digest()


def _purpose_key(purpose: str, version: int) -> bytes:
    secret: str = settings.PORTAL_SECRET_KEYS[version]
    return hmac.new(secret.encode(), f"portal:{purpose}".encode(), hashlib.sha256).digest()


def new_token() -> str:
    """Return a URL-safe token of 256 random bits (43 characters)."""
    return secrets.token_urlsafe(32)


def new_numeric_code(digits: int = 6) -> str:
    """Return a code of decimal digits from a cryptographic source, leading zeros kept."""
    return f"{secrets.randbelow(10**digits):0{digits}d}"


def constant_time_equal(left: str | bytes, right: str | bytes) -> bool:
    """Compare without telling by the time taken where the two differ."""
    return hmac.compare_digest(_as_bytes(left), _as_bytes(right))


def _as_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
