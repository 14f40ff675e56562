"""Signed reports from outside: who sent this, and is it fresh?

Header `X-Portal-Signature: t=<Unix seconds>,v1=<hex>`, where the hex is the HMAC-SHA256 of
`<Unix seconds>.<body>` under the shared secret.
"""

import hashlib
import hmac
import re
from datetime import datetime
from typing import Final

from core.common.crypto import constant_time_equal

HEADER: Final = "X-Portal-Signature"
TOLERANCE_SECONDS: Final = 300
SHORTEST_SECRET: Final = 32
_SIGNATURE: Final = re.compile(r"t=([1-9][0-9]{0,11}),v1=([0-9a-f]{64})")


def sign(body: bytes, *, secret: str, at: datetime) -> str:
    """Return the header's value for a body; what the caller of a callback does."""
    moment = int(at.timestamp())
    return f"t={moment},v1={_mac(body, secret=secret, moment=moment)}"


def signature_is_valid(header: str, body: bytes, *, secret: str, at: datetime) -> bool:
    """Tell whether the body was signed with the secret within the last five minutes.

    A secret that is missing or short signs nothing: an unconfigured callback refuses all.
    """
    match = _SIGNATURE.fullmatch(header)
    if match is None or len(secret) < SHORTEST_SECRET:
        return False
    moment = int(match[1])
    fresh = abs(at.timestamp() - moment) <= TOLERANCE_SECONDS
    return constant_time_equal(_mac(body, secret=secret, moment=moment), match[2]) and fresh


def _mac(body: bytes, *, secret: str, moment: int) -> str:
    return hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
