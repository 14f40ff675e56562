"""The hash chain: how each sealed event takes up the one before it.

One chain for each contract, and one for what belongs to none. A seal's digest is a plain SHA-256,
so that whoever has the events can follow a chain without any key; its MAC is keyed, so that nobody
who can only write to the database makes a chain anew that looks right.
"""

import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from core.common.crypto import join_parts, keyed_digest

DEPLOYMENT_CHAIN: Final = UUID(int=0)
"""The chain of events that name no contract."""
DEPLOYMENT: Final = "deployment"
"""What others know that chain by, where the chain of a contract has the contract's key."""
BEGINNING: Final = b"\0" * 32
"""What stands for the digest before a chain's first."""


def chain_of(contract_id: UUID | None) -> UUID:
    """Return the chain that an event belongs to."""
    return contract_id or DEPLOYMENT_CHAIN


def name_of(chain: UUID) -> str:
    """Return what the API and streams call a chain: the key of its contract, or `deployment`."""
    return DEPLOYMENT if chain == DEPLOYMENT_CHAIN else str(chain)


def next_digest(
    previous: bytes, *, position: int, parts: Sequence[str], mac: bytes, transaction: int
) -> bytes:
    """Return the digest of an event at a position of its chain, over all of it and what is before.

    `parts` are the event's (`EventContent.parts`), `mac` its writer's, `transaction` the id that
    the database gave to the act.
    """
    return hashlib.sha256(
        join_parts(previous, str(position), *parts, mac, str(transaction))
    ).digest()


def seal_mac(chain: UUID, position: int, digest: bytes, *, version: int) -> bytes:
    """Return the MAC of a seal. Raises KeyError for a version of the key that is not held."""
    return keyed_digest("audit.seal", chain.bytes, str(position), digest, version=version)
