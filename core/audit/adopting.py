"""Events that come from another deployment, with a contract's data."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final
from uuid import UUID

from core.audit.content import content_of, mac_of
from core.audit.models import Adoption, AuditEvent
from core.audit.recording import THIS_TRANSACTION
from core.common.crypto import current_key_version

_AT_ONCE: Final = 1_000


def adopt_events(events: Iterator[AuditEvent], *, contract_id: UUID, at: datetime) -> int:
    """Write events that another deployment recorded, as they are; returns how many.

    Called by whoever restores a contract's data, in the transaction that records it. Their MACs and
    seals were made with keys that are not here: from now on this deployment answers for them, as
    they stood in the file. Followers of the sealer are told that they happened elsewhere.
    """
    Adoption.objects.create(transaction_id=THIS_TRANSACTION, contract_id=contract_id, at=at)
    written = 0
    while some := list(islice(events, _AT_ONCE)):
        for event in some:
            event.key_version = current_key_version()
            event.mac = mac_of(content_of(event).parts(), version=event.key_version)
            event.transaction_id = THIS_TRANSACTION
        AuditEvent.objects.bulk_create(some)
        written += len(some)
    return written
