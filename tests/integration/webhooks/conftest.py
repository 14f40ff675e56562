"""Endpoints, events that were sealed, and a worker."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from core.audit.content import content_of
from core.audit.following import SealedEvent
from core.audit.models import AuditEvent
from core.audit.recording import record
from core.webhooks.models import WebhookDelivery, WebhookEndpoint
from core.webhooks.services.delivering import take_endpoint, work_off
from core.webhooks.services.endpoints import EndpointFacts, MadeEndpoint, make_endpoint
from core.webhooks.services.following import write_deliveries
from core.webhooks.states import EndpointKind
from tests.support.receivers import Receiver

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
MAKER = uuid4()
NOWHERE = "http://localhost:9/"


class Clock:
    """A clock that somebody moves."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **how: float) -> datetime:
        self.at += timedelta(**how)
        return self.at


def make(
    to: Receiver | str = NOWHERE,
    *events: str,
    contract: UUID | None = None,
    kind: EndpointKind = EndpointKind.WEBHOOK,
    **facts: Any,
) -> MadeEndpoint:
    """Make an endpoint that asks for some events, one minute ago."""
    asked = events or (("contract.suspended",) if kind == EndpointKind.WEBHOOK else ())
    address = to if isinstance(to, str) else to.address
    return make_endpoint(
        facts=EndpointFacts("Probe", address, asked, **facts),
        kind=kind,
        contract_id=contract,
        by=MAKER,
        at=START - timedelta(minutes=1),
    )


def happen(
    event_type: str = "contract.suspended",
    *,
    contract: UUID | None = None,
    at: datetime = START,
    **what: Any,
) -> AuditEvent:
    """Record an event, as an act does."""
    return record(event_type, contract_id=contract, at=at, **what)


def seal(*events: AuditEvent, is_adopted: bool = False) -> None:
    """Have events followed, as the sealer does with what it has sealed."""
    sealed = [
        SealedEvent(event.contract_id or UUID(int=0), place, content_of(event), is_adopted)
        for place, event in enumerate(events, start=1)
    ]
    write_deliveries(sealed, START)


def deliver(endpoint: WebhookEndpoint, clock: Clock) -> int:
    """Work an endpoint off, as a worker does; returns how many requests were made."""
    lease = take_endpoint(endpoint_id=endpoint.pk, at=clock())
    return work_off(lease=lease, clock=clock) if lease else 0


def deliveries_of(endpoint: WebhookEndpoint) -> Sequence[WebhookDelivery]:
    return list(endpoint.deliveries.order_by("id"))
