"""Fingerprints of identifier and code: what leaves a contract's schema instead of the values."""

from core.common.crypto import keyed_digest, keyed_digests

_PURPOSE = "directory.fingerprint"


def fingerprint(identifier: str, code: str, *, version: int) -> bytes:
    """Return the keyed digest of a normalized pair; the same for every contract."""
    return keyed_digest(_PURPOSE, identifier, code, version=version)


def fingerprints_of(identifier: str, code: str) -> list[bytes]:
    """Return a pair's digest under every key that is in use, to look it up by."""
    return keyed_digests(_PURPOSE, identifier, code)
