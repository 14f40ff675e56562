"""Signatures as the Standard Webhooks specification (1.0.0) has them.

The header `webhook-signature` holds, for each secret that is in force, `v1,` and the base64 of an
HMAC-SHA256 over id, moment and body with dots between, under the secret's octets. Both the new and
the former secret sign while receivers change over.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from typing import Final

PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32


def new_secret() -> bytes:
    """Return the octets of a new secret, from a cryptographic source."""
    return os.urandom(_SECRET_BYTES)


def written(secret: bytes) -> str:
    """Return a secret as receivers enter it."""
    return PREFIX + base64.b64encode(secret).decode()


def read_secret(text: str) -> bytes:
    """Return the octets of a secret that is written so. Raises ValueError."""
    try:
        return base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("This is no secret of a webhook.") from error


def signed_headers(
    message_id: str, body: bytes, *, seconds: int, secrets: Sequence[bytes]
) -> dict[str, str]:
    """Return the three headers of a message; `seconds` since 1970 is when it is sent."""
    signed = b".".join((message_id.encode(), str(seconds).encode(), body))
    signatures = [
        base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode() for secret in secrets
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
