"""Put what was sealed into the outboxes of the endpoints that asked for it.

Called by the sealer, in the transaction of the seals: an event that is durable and in its chain has
its deliveries, exactly one for each endpoint, and an act pays nothing for them.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from core.accounts.models import ContractAccess
from core.audit.following import SealedEvent
from core.webhooks.catalogue import ACCOUNT, BATCH, BY_AUDIT, PublicEvent
from core.webhooks.models import WebhookDelivery, WebhookEndpoint
from core.webhooks.payloads import size_of_line
from core.webhooks.states import DeliveryState

MOST_EVENTS: Final = 500
MOST_OCTETS: Final = 1_000_000
"""Of one batch; a single event that is larger goes alone. Own figures."""
# Held against deletion alone: whoever pauses, rotates or sends does not wait for the sealer.
_ENDPOINTS: Final = "SELECT * FROM core_webhooks_webhookendpoint ORDER BY id FOR KEY SHARE"


def write_deliveries(events: Sequence[SealedEvent], at: datetime) -> None:
    """Write the deliveries of one turn of the sealer.

    An endpoint is told of what happened after it was made, also while it is paused: it waits. What
    came with the data of a contract from another deployment was told there; a stream gets it all
    the same, for it is a copy of the chains as they are here.
    """
    endpoints = list(WebhookEndpoint.objects.raw(_ENDPOINTS))
    webhooks = [one for one in endpoints if not one.is_siem]
    streams = [one for one in endpoints if one.is_siem]
    if webhooks:
        WebhookDelivery.objects.bulk_create(_of_webhooks(events, webhooks, at), batch_size=1000)
    if streams:
        _to_streams(events, streams, at)


def _of_webhooks(
    events: Sequence[SealedEvent], endpoints: Sequence[WebhookEndpoint], at: datetime
) -> list[WebhookDelivery]:
    asked = _asked_by(endpoints)
    names = {name for name, _place in asked}
    wanted = [
        (event, public)
        for event in events
        if (public := BY_AUDIT.get(event.content.event_type))
        and public.name in names
        and not event.is_adopted
    ]
    contracts = _contracts_of_accounts(wanted)
    return [
        _delivery(endpoint, event, public, at)
        for event, public in wanted
        for place in {None, event.content.contract_id, *contracts.get(event.content.id, ())}
        for endpoint in asked.get((public.name, place), ())
        if event.content.at >= endpoint.created_at
    ]


def _asked_by(
    endpoints: Sequence[WebhookEndpoint],
) -> dict[tuple[str, UUID | None], list[WebhookEndpoint]]:
    """Return who asked for an event in a contract (None: wherever it happens).

    Looked up for each event: the sealer does not wait longer for each contract that has webhooks.
    """
    asked: dict[tuple[str, UUID | None], list[WebhookEndpoint]] = defaultdict(list)
    for endpoint in endpoints:
        for name in endpoint.event_types:
            asked[name, endpoint.contract_id].append(endpoint)
    return asked


def _contracts_of_accounts(
    wanted: Sequence[tuple[SealedEvent, PublicEvent]],
) -> dict[UUID, set[UUID]]:
    """Return, for each event about an account, the contracts in which it works now."""
    about = {
        event.content.id: event.content.subject_id
        for event, public in wanted
        if public.family == ACCOUNT and event.content.subject_id
    }
    if not about:
        return {}
    works_in: dict[UUID, set[UUID]] = defaultdict(set)
    held = ContractAccess.objects.filter(user__in=set(about.values()), until__isnull=True)
    for user_id, contract_id in held.values_list("user_id", "contract_id"):
        works_in[user_id].add(contract_id)
    return {event_id: works_in[user_id] for event_id, user_id in about.items()}


def _delivery(
    endpoint: WebhookEndpoint, event: SealedEvent, public: PublicEvent, at: datetime
) -> WebhookDelivery:
    return WebhookDelivery(
        endpoint=endpoint,
        event_id=event.content.id,
        event_type=public.name,
        chain=event.chain,
        first=event.position,
        last=event.position,
        created_at=at,
        due_at=at,
    )


@dataclass
class _Batch:
    """What goes on in one chain: a row that is open still, or a new one."""

    chain: UUID
    first: int
    last: int
    size: int
    row: WebhookDelivery | None = field(default=None)

    def takes(self, position: int, size: int) -> bool:
        """Tell whether the next event has room in it."""
        fits = self.size + size <= MOST_OCTETS and self.last - self.first + 1 < MOST_EVENTS
        return fits and position == self.last + 1


def _to_streams(
    events: Sequence[SealedEvent], streams: Sequence[WebhookEndpoint], at: datetime
) -> None:
    sizes = [size_of_line(event.content) for event in events]
    chains = {event.chain for event in events}
    begun = _open_batches(streams, chains)
    made: list[WebhookDelivery] = []
    for stream in streams:
        for batch in _batched(stream, events, sizes, begun):
            if batch.row is None:
                made.append(_row(stream, batch, at))
            elif batch.last != batch.row.last:
                WebhookDelivery.objects.filter(pk=batch.row.pk).update(
                    last=batch.last, size=batch.size
                )
    WebhookDelivery.objects.bulk_create(made, batch_size=1000)


def _open_batches(
    streams: Sequence[WebhookEndpoint], chains: set[UUID]
) -> dict[tuple[UUID, UUID], WebhookDelivery]:
    """Return the newest batch of each stream and chain that nobody has begun to send, held.

    One that a worker takes in hand at this moment is passed over, and the sealer waits for nobody.
    """
    rows = WebhookDelivery.objects.select_for_update(skip_locked=True).filter(
        endpoint__in=streams, chain__in=chains, event_id=None
    )
    fresh = rows.filter(state=DeliveryState.WAITING, attempted_at=None).order_by("id")
    return {(row.endpoint_id, row.chain): row for row in fresh}


def _batched(
    stream: WebhookEndpoint,
    events: Sequence[SealedEvent],
    sizes: Sequence[int],
    begun: dict[tuple[UUID, UUID], WebhookDelivery],
) -> Iterator[_Batch]:
    """Yield the batches of a stream: in each chain one after the other."""
    present: dict[UUID, _Batch] = {}
    for (endpoint_id, chain), row in begun.items():
        if endpoint_id == stream.pk:
            present[chain] = _Batch(chain, row.first, row.last, row.size, row)
    for event, size in zip(events, sizes, strict=True):
        chain = event.chain
        if stream.contract_id not in {None, chain}:
            continue
        batch = present.get(chain)
        if batch is not None and batch.takes(event.position, size):
            batch.last, batch.size = event.position, batch.size + size
            continue
        if batch is not None:
            yield batch
        present[chain] = _Batch(chain, event.position, event.position, size)
    yield from present.values()


def _row(stream: WebhookEndpoint, batch: _Batch, at: datetime) -> WebhookDelivery:
    return WebhookDelivery(
        endpoint=stream,
        event_type=BATCH,
        chain=batch.chain,
        first=batch.first,
        last=batch.last,
        size=batch.size,
        created_at=at,
        due_at=at,
    )
