"""The head of a chain as a signed statement.

Signed with Ed25519, so that whoever holds a copy checks it with the public key alone. The key is
derived from the deployment's own (`PORTAL_SECRET_KEYS`): there is no other one to lose.
"""

import base64
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.common.crypto import current_key_version, purpose_key

_PURPOSE = "audit.head"


class HeadBrokenError(Exception):
    """What is kept is no head that this deployment has signed."""


@dataclass(frozen=True)
class Head:
    """The end of a chain at a moment: `position` events, and the digest of the last one."""

    chain: UUID
    position: int
    digest: bytes
    at: datetime

    def signed(self) -> str:
        """Return the statement with its signature, as one line of JSON."""
        version = current_key_version()
        stated = {**self._stated(), "key": version}
        signature = _key(version).sign(_bytes(stated))
        return json.dumps({**stated, "signature": base64.b64encode(signature).decode()})

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the head that a line states. Raises HeadBrokenError."""
        try:
            stated = json.loads(text)
            signature = base64.b64decode(stated.pop("signature"), validate=True)
            _key(int(stated["key"])).public_key().verify(signature, _bytes(stated))
            return cls(
                chain=UUID(stated["chain"]),
                position=int(stated["position"]),
                digest=bytes.fromhex(stated["digest"]),
                at=datetime.fromisoformat(stated["at"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, InvalidSignature) as error:
            raise HeadBrokenError(text[:200]) from error

    def _stated(self) -> dict[str, object]:
        return {
            **asdict(self),
            "chain": str(self.chain),
            "digest": self.digest.hex(),
            "at": self.at.astimezone(UTC).isoformat(),
        }


def public_key_pem() -> str:
    """Return the newest public key, to hand to whoever checks heads elsewhere."""
    key = _key(current_key_version()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _key(version: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(purpose_key(_PURPOSE, version))


def _bytes(stated: dict[str, object]) -> bytes:
    return json.dumps(stated, sort_keys=True, separators=(",", ":")).encode()
