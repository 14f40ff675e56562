"""How a host proves that it leads to this deployment, for one contract.

Whoever checks a host sends a number that nobody has seen before. This deployment, and no other
machine, answers with a digest of the number, the host's configured name and the contract, under a
key of its own. The digest says nothing: not which contract it is, and not whether it is ready.
"""

from typing import Final
from uuid import UUID

from core.common.crypto import constant_time_equal, keyed_digest, keyed_digests

IDENTITY: Final = "/.well-known/portal-identity/"
"""What comes before the number. A well-known address (RFC 8615), so that no page is in its way."""
_PURPOSE: Final = "host-identity"


def identity_of(number: str, *, host: str, contract_id: UUID | None) -> str:
    """Return what a host answers about a number. Without a contract it is a portal host."""
    return keyed_digest(_PURPOSE, *_parts(number, host, contract_id)).hex()


def is_identity(answer: bytes, number: str, *, host: str, contract_id: UUID | None) -> bool:
    """Tell whether an answer to a number is ours, under whichever of the keys in use."""
    given = answer.decode("ascii", errors="replace").strip()
    digests = keyed_digests(_PURPOSE, *_parts(number, host, contract_id))
    return any(constant_time_equal(one.hex(), given) for one in digests)


def _parts(number: str, host: str, contract_id: UUID | None) -> tuple[str, str, str]:
    return number, host, str(contract_id or "")
