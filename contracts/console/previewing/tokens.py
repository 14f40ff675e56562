"""What the address of a link to a preview carries: its key, and a MAC over it."""

import base64
import binascii
from typing import Final
from uuid import UUID

from core.common.crypto import constant_time_equal, keyed_digest, keyed_digests

_PURPOSE: Final = "preview-link"
_MAC_BYTES: Final = 16
_TOKEN_BYTES: Final = 16 + _MAC_BYTES


def preview_token(link_id: UUID) -> str:
    """Return what opens a link: 43 characters that nobody makes up without the deployment's key."""
    signed = link_id.bytes + keyed_digest(_PURPOSE, link_id.bytes)[:_MAC_BYTES]
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")


def read_preview_token(token: str) -> UUID | None:
    """Return which link a token opens; None for one that the portal has not made.

    Every key in use is asked, so that a link outlives a change of keys. Nothing is looked up.
    """
    try:
        signed = base64.b64decode(token.encode("ascii") + b"=", altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        return None
    if len(signed) != _TOKEN_BYTES:
        return None
    key, given = signed[:16], signed[16:]
    macs = [digest[:_MAC_BYTES] for digest in keyed_digests(_PURPOSE, key)]
    return UUID(bytes=key) if any(constant_time_equal(given, mac) for mac in macs) else None
