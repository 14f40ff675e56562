"""Tell the owners of waivers that they end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from contracts.console.waivers import notice_due, notice_id
from core.audit.models import AuditEvent
from core.audit.recording import Happening, record_all
from core.common.ids import uuid7
from core.common.turns import hold_turn
from core.notifications.services.outbox import enqueue
from tenants import registry
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import SupportContact, Waiver
from tenants.configuration.revisions import day_in

WAIVER_END_KIND: Final = "waiver_end"
_EVENT: Final = "waiver.announced"


@dataclass(frozen=True)
class _Owner:
    """A document with waivers, and whom to tell."""

    contract_id: UUID | None
    time_zone: str
    waivers: Sequence[Waiver]
    to: str


def announce_ending_waivers(*, at: datetime) -> int:
    """Mail the support contact of each document 30 and 7 days before a waiver ends, once each.

    Called daily. One mail holds all the waivers of a contract (or of the deployment) that are due;
    a contract without an e-mail address is spoken for by the deployment's. Records
    `waiver.announced` for each waiver and returns the number of mails.
    """
    return sum(_announce(owner, at) for owner in _owners())


def _owners() -> list[_Owner]:
    if not registry.is_configured():
        return []
    deployment = registry.get_deployment()
    owners = [
        _Owner(
            contract.id,
            contract.document.contract.time_zone,
            contract.document.waivers,
            _address(contract.document.support, deployment),
        )
        for contract in registry.list_contracts()
    ]
    zone = deployment.deployment.time_zone
    return [*owners, _Owner(None, zone, deployment.waivers, _address((), deployment))]


def _address(contacts: Sequence[SupportContact], deployment: DeploymentDocument) -> str:
    """Return the first e-mail address of the contacts, else of the deployment's, else none."""
    return next(
        (contact.email for contact in (*contacts, *deployment.support) if contact.email), ""
    )


@transaction.atomic
def _announce(owner: _Owner, at: datetime) -> int:
    on = day_in(owner.time_zone, at)
    due = {
        notice_id(owner.contract_id, waiver, days): (waiver, days)
        for waiver in owner.waivers
        if (days := notice_due(waiver, on))
    }
    if not due or not owner.to:
        return 0
    hold_turn("waiver-notices", str(owner.contract_id))
    told = set(
        AuditEvent.objects.filter(event_type=_EVENT, subject_id__in=due).values_list(
            "subject_id", flat=True
        )
    )
    due = {key: found for key, found in due.items() if key not in told}
    if not due:
        return 0
    record_all(
        [
            Happening(
                _EVENT,
                contract_id=owner.contract_id,
                subject=("waiver", key),
                data={"rule": waiver.rule, "until": waiver.until.isoformat(), "days": days},
            )
            for key, (waiver, days) in due.items()
        ],
        at=at,
    )
    enqueue(
        kind=WAIVER_END_KIND,
        to=owner.to,
        subject_id=uuid7(),
        contract_id=owner.contract_id,
        context={"rules": [waiver.rule for waiver, _ in due.values()]},
        at=at,
    )
    return 1
