"""Codes of an authenticator app, pure (RFC 6238 on RFC 4226): SHA-1, 30 seconds, six digits.

SHA-1, because several apps silently ignore another choice in the QR code; as an HMAC it is sound.
"""

import base64
import hmac
import secrets
import struct
from datetime import datetime
from urllib.parse import quote, urlencode

from core.common.crypto import constant_time_equal

STEP_SECONDS = 30
DIGITS = 6
TOLERANCE = 1
"""Steps before and after the present one that count, for clocks that go wrong."""
_SECRET_BYTES = 20


def new_secret() -> bytes:
    """Return a secret of 160 random bits, as RFC 4226 (section 4, R6) recommends."""
    return secrets.token_bytes(_SECRET_BYTES)


def step_at(at: datetime) -> int:
    """Return the number of the time step in which a moment lies."""
    return int(at.timestamp()) // STEP_SECONDS


def code_of(secret: bytes, step: int, *, digits: int = DIGITS) -> str:
    """Return the code of one step (RFC 4226, section 5.3)."""
    digest = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    offset = digest[-1] & 0x0F
    number = struct.unpack_from(">I", digest, offset)[0] & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}d}"


def matching_step(secret: bytes, code: str, *, at: datetime) -> int | None:
    """Return the step that a typed code belongs to, or None when it is not right now.

    Every step of the tolerance is compared, whatever was found before: the time taken tells
    nothing. Whether the step was used already is the caller's to ask, of the database.
    """
    present = step_at(at)
    found = None
    for step in range(present - TOLERANCE, present + TOLERANCE + 1):
        if constant_time_equal(code_of(secret, step), code):
            found = step
    return found


def typed_form(secret: bytes) -> str:
    """Return the secret as a person types it: base 32 in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))


def app_address(secret: bytes, *, issuer: str, account: str) -> str:
    """Return the address that stands in the QR code, as authenticator apps read it."""
    # A colon would end the issuer where the app reads the label.
    issuer = issuer.replace(":", " ").strip()
    label = f"{quote(issuer)}:{quote(account)}"
    query = urlencode(
        {
            "secret": base64.b32encode(secret).decode().rstrip("="),
            "issuer": issuer,
            "algorithm": "SHA1",
            "digits": DIGITS,
            "period": STEP_SECONDS,
        },
        quote_via=quote,
    )
    return f"otpauth://totp/{label}?{query}"
