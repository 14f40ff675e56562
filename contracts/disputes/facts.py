"""What somebody typed about a dispute, sealed for its row."""

import json
from dataclasses import asdict, dataclass
from typing import Final
from uuid import UUID

from contracts.disputes.models import Dispute
from core.common.crypto import keyed_digests, seal, unseal
from core.common.identifiers import normalize

_SEAL: Final = "dispute"
_DIGEST: Final = "dispute-identifier"


@dataclass(frozen=True)
class DisputeFacts:
    """Who says what. Nothing of it is proven."""

    name: str
    email: str
    phone: str
    organization: str
    identifier: str
    story: str


def sealed(facts: DisputeFacts, dispute_id: UUID) -> bytes:
    """Return the facts as they are stored."""
    return seal(_SEAL, json.dumps(asdict(facts)).encode(), str(dispute_id))


def digests_of(contract_id: UUID, identifier: str) -> list[bytes]:
    """Return the digests by which disputes over an identifier are found, the newest key's last."""
    return keyed_digests(_DIGEST, str(contract_id), normalize(identifier))


def facts_of(dispute: Dispute) -> DisputeFacts:
    """Return what was typed; for staff who may see disputes of the contract, and for its mails."""
    opened = unseal(_SEAL, bytes(dispute.sealed_facts), str(dispute.id))
    return DisputeFacts(**json.loads(opened))
