"""Deliveries of a webhook or a SIEM stream: what was sent, how it went, and once more."""

import json
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from django.http import HttpResponse
from pydantic import Field
from rest_framework.request import Request

from contracts.api.door import ApiView, answer, answer_page
from contracts.api.json_bodies import Body
from contracts.api.paging import Query, page_of
from contracts.api.resources.configuration import Reason
from contracts.api.resources.webhooks import MANAGE, TAG, VIEW
from contracts.api.schema import CURSOR, describe, text_parameter
from contracts.api.shapes import Listed, Shape
from core.webhooks.access import access_delivery, access_endpoint, access_endpoint_to_manage
from core.webhooks.catalogue import BATCH, BY_NAME, TEST
from core.webhooks.models import WebhookDelivery
from core.webhooks.payloads import EventMissingError, body_of
from core.webhooks.selectors import Narrowing, list_attempts, list_deliveries
from core.webhooks.services.replaying import replay_delivery
from core.webhooks.states import AttemptOutcome, DeliveryState

MOST_ATTEMPTS: Final = 100
"""Shown with a delivery, the newest; a stream that is not taken tries every five minutes."""
_STATES: Final = [state.value for state in DeliveryState]
_EVENTS: Final = [*BY_NAME, TEST, BATCH]
_OUTCOMES: Final = [*AttemptOutcome.values]


class BatchFacts(Shape):
    """Which events of the audit trail a SIEM stream gets in one request."""

    chain: UUID = Field(description="The contract whose chain it is; zeros: the deployment's.")
    first: int
    last: int


class DeliveryItem(Shape):
    """A delivery in the list."""

    id: UUID = Field(description="What receivers get as `webhook-id`, whenever it is sent.")
    event_type: str = Field(json_schema_extra={"enum": [*_EVENTS]})
    event: UUID | None = Field(description="The event in the audit trail; null of a batch.")
    batch: BatchFacts | None
    state: str = Field(json_schema_extra={"enum": [*_STATES]})
    created_at: datetime
    due_at: datetime | None = Field(description="Not before this moment; null when it is settled.")
    tries: int = Field(description="Since it was put into the queue last.")
    attempted_at: datetime | None
    outcome: str | None = Field(description="Of the last attempt; null before the first.")
    status: int | None = Field(description="What the receiver answered last.")
    delivered_at: datetime | None
    replays: int = Field(description="How often it was put into the queue again.")


class AttemptFacts(Shape):
    """One request, and what came back."""

    at: datetime
    outcome: str = Field(json_schema_extra={"enum": [*_OUTCOMES]})
    status: int | None
    address: str = Field(description="The network address that was asked.")
    milliseconds: int
    answer: str = Field(description="The beginning of what the receiver wrote.")


class DeliveryFacts(DeliveryItem):
    """A delivery."""

    body: dict[str, Any] | None = Field(
        description="What is sent; null of a batch, which `/audit/events/` has."
    )
    attempts: list[AttemptFacts] = Field(description=f"The newest first, {MOST_ATTEMPTS} at most.")


class WebhookReason(Body):
    """Why something is done."""

    reason: Reason


class DeliveriesView(ApiView):
    """`/api/v1/webhooks/<id>/deliveries/`"""

    rights: ClassVar = {"GET": VIEW}

    @describe(
        "list_deliveries",
        "Deliveries of an endpoint, the newest first",
        gives=Listed[DeliveryItem],
        tag=TAG,
        query=[
            text_parameter("state", "Only those in this state.", enum=_STATES),
            text_parameter("event", "Only those of this event.", enum=_EVENTS),
            *CURSOR,
        ],
    )
    def get(self, request: Request, endpoint_id: UUID) -> HttpResponse:
        """Return what waits, and what was settled in the last thirty days."""
        endpoint = access_endpoint(self.staff, endpoint_id)
        query = self.query("state", "event")
        rows = list_deliveries(endpoint, _narrowing(query)).values_list(*_COLUMNS, named=True)
        return answer_page(Listed[DeliveryItem], page_of(query, rows, ("-id",), item_of))


class DeliveryView(ApiView):
    """`/api/v1/webhooks/<id>/deliveries/<id>/`"""

    rights: ClassVar = {"GET": VIEW}

    @describe("read_delivery", "A delivery with its attempts", gives=DeliveryFacts, tag=TAG)
    def get(self, request: Request, endpoint_id: UUID, message_id: UUID) -> HttpResponse:
        """Return a delivery, what is sent, and how each attempt went."""
        found = access_delivery(self.staff, endpoint_id, message_id)
        attempts = list_attempts(found)[:MOST_ATTEMPTS]
        facts = DeliveryFacts(
            **item_of(found).model_dump(),
            body=_body(found),
            attempts=[AttemptFacts.model_validate(one) for one in attempts],
        )
        return answer(facts)


class DeliveryReplayView(ApiView):
    """`/api/v1/webhooks/<id>/deliveries/<id>/replay/`"""

    rights: ClassVar = {"POST": MANAGE}
    sees: ClassVar = VIEW

    @describe(
        "replay_delivery",
        "Send a delivery again",
        takes=WebhookReason,
        gives=DeliveryItem,
        tag=TAG,
        writes=True,
    )
    def post(self, request: Request, endpoint_id: UUID, message_id: UUID) -> HttpResponse:
        """Put a delivery into the queue again, under its id. One that waits there stays."""
        access_endpoint_to_manage(self.staff, endpoint_id)
        found = access_delivery(self.staff, endpoint_id, message_id)
        reason = self.read(WebhookReason).reason
        return self.once(lambda: self._replay(found, reason))

    def _replay(self, found: WebhookDelivery, reason: str) -> HttpResponse:
        replay_delivery(delivery_id=found.pk, reason=reason, by=self.staff.user.pk, at=self.at)
        found.refresh_from_db()
        return answer(item_of(found))


_COLUMNS: Final = (
    "id",
    "message_id",
    "event_type",
    "event_id",
    "chain",
    "first",
    "last",
    "state",
    "created_at",
    "due_at",
    "tries",
    "attempted_at",
    "outcome",
    "status",
    "delivered_at",
    "replays",
)


def item_of(found: Any) -> DeliveryItem:
    """Return a delivery as the API gives it: a row, or the columns of one."""
    is_open = found.state == DeliveryState.WAITING
    is_batch = found.event_id is None
    batch = BatchFacts(chain=found.chain, first=found.first, last=found.last) if is_batch else None
    return DeliveryItem.model_construct(
        id=found.message_id,
        event_type=found.event_type,
        event=found.event_id,
        batch=batch,
        state=str(found.state),
        created_at=found.created_at,
        due_at=found.due_at if is_open else None,
        tries=found.tries,
        attempted_at=found.attempted_at,
        outcome=found.outcome or None,
        status=found.status,
        delivered_at=found.delivered_at,
        replays=found.replays,
    )


def _body(found: WebhookDelivery) -> dict[str, Any] | None:
    if found.event_id is None:
        return None
    try:
        body: dict[str, Any] = json.loads(body_of(found))
    except EventMissingError:
        return None
    return body


def _narrowing(query: Query) -> Narrowing:
    """Return what a list is narrowed to. Raises Problem for what makes no sense."""
    query.require_known({"state": _STATES, "event": _EVENTS})
    given = query.filters
    return Narrowing(state=given.get("state", ""), event_type=given.get("event", ""))
