"""Make, change, pause and delete endpoints, and change their secrets.

Called for staff who may (`core.webhooks.access`), after a fresh sign-in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from core.audit.recording import event_of
from core.common.errors import DomainError
from core.common.ids import uuid7
from core.common.turns import hold_turn
from core.common.writing import insert_together
from core.webhooks.addresses import host_of, origin_of, read_address
from core.webhooks.catalogue import BY_NAME, TEST
from core.webhooks.models import WebhookDelivery, WebhookEndpoint
from core.webhooks.secrets import seal_authorization, seal_secret
from core.webhooks.services.recording import happening_at, record_act
from core.webhooks.signing import new_secret, written
from core.webhooks.states import EndpointKind, EndpointState

OVERLAP: Final = timedelta(hours=24)
"""How long the former secret signs as well after a rotation. Own figure."""
MOST_ENDPOINTS: Final = 20
"""Of one contract, and of the whole deployment. Own figure."""


class TooManyEndpointsError(DomainError):
    """A contract has as many as it can have."""

    code: ClassVar[str] = "webhooks_too_many"
    message: ClassVar[str] = "There are 20 endpoints already. Delete one that nobody uses."


class UnknownEventError(DomainError):
    """An event that the catalogue does not have, or none at all."""

    code: ClassVar[str] = "webhook_event"
    message: ClassVar[str] = "Choose at least one event of the list."


class RotationUnderWayError(DomainError):
    """The former secret still signs."""

    code: ClassVar[str] = "webhook_rotation"
    message: ClassVar[str] = (
        "The secret was changed within the last day, and the former one still signs. End that one "
        "at once, or wait."
    )


class EndpointGoneError(DomainError):
    """Somebody has deleted it meanwhile."""

    code: ClassVar[str] = "webhook_gone"
    message: ClassVar[str] = "Somebody has deleted this endpoint meanwhile."


@dataclass(frozen=True)
class EndpointFacts:
    """What staff say of an endpoint. `event_types` are public names; of a SIEM stream none.

    `authorization` goes into the header Authorization; None leaves what is there.
    """

    name: str
    address: str
    event_types: Sequence[str] = ()
    authorization: str | None = None


@dataclass(frozen=True)
class MadeEndpoint:
    """An endpoint, and its secret as receivers enter it: shown once, kept nowhere else."""

    endpoint: WebhookEndpoint
    secret: str


@transaction.atomic
def make_endpoint(
    *,
    facts: EndpointFacts,
    kind: EndpointKind,
    contract_id: UUID | None,
    endpoint_id: UUID | None = None,
    by: UUID,
    at: datetime,
) -> MadeEndpoint:
    """Make an endpoint; it is told of what happens from now on.

    `endpoint_id` is its key where the caller has chosen one, so that a form that is sent twice
    makes one. Records `webhook.created`. Raises AddressRefusedError, UnknownEventError and
    TooManyEndpointsError.
    """
    address = read_address(facts.address, kind=kind)
    hold_turn("webhook-endpoints", str(contract_id))
    if WebhookEndpoint.objects.filter(contract=contract_id).count() >= MOST_ENDPOINTS:
        raise TooManyEndpointsError
    key, secret = endpoint_id or uuid7(), new_secret()
    endpoint = WebhookEndpoint.objects.create(
        id=key,
        kind=kind,
        name=facts.name,
        contract_id=contract_id,
        address=address,
        event_types=_event_types(kind, facts.event_types),
        sealed_secret=seal_secret(key, secret),
        sealed_authorization=seal_authorization(key, facts.authorization or ""),
        state_since=at,
        made_by=by,
        created_at=at,
    )
    record_act(endpoint, "created", {"host": host_of(address), **_asked(endpoint)}, by=by, at=at)
    return MadeEndpoint(endpoint, written(secret))


@transaction.atomic
def change_endpoint(
    *, endpoint_id: UUID, facts: EndpointFacts, by: UUID, at: datetime
) -> WebhookEndpoint:
    """Give an endpoint another name, address, or other events.

    What authorizes us at one place is forgotten with another scheme, host or port, unless it is
    entered again. Not with another path: what listens on a port is one program's, which has it.
    Records `webhook.changed`. Raises AddressRefusedError, UnknownEventError, EndpointGoneError.
    """
    endpoint = _hold(endpoint_id)
    kind = EndpointKind(endpoint.kind)
    address = read_address(facts.address, kind=kind)
    moves = origin_of(address) != origin_of(endpoint.address)
    endpoint.name, endpoint.address = facts.name, address
    endpoint.event_types = _event_types(kind, facts.event_types)
    if facts.authorization is not None or moves:
        endpoint.sealed_authorization = seal_authorization(endpoint.pk, facts.authorization or "")
    endpoint.rests_until = None
    endpoint.save(
        update_fields=["name", "address", "event_types", "sealed_authorization", "rests_until"]
    )
    record_act(endpoint, "changed", {"host": host_of(address), **_asked(endpoint)}, by=by, at=at)
    return endpoint


@transaction.atomic
def rotate_secret(*, endpoint_id: UUID, at_once: bool, by: UUID, at: datetime) -> MadeEndpoint:
    """Give an endpoint a new secret; the former one signs for a day as well, or not `at_once`.

    Records `webhook.secret_rotated`. Raises RotationUnderWayError and EndpointGoneError.
    """
    endpoint = _hold(endpoint_id)
    ends = endpoint.former_secret_ends_at
    if not at_once and ends is not None and ends > at:
        raise RotationUnderWayError
    secret = new_secret()
    endpoint.sealed_former_secret = None if at_once else endpoint.sealed_secret
    endpoint.former_secret_ends_at = None if at_once else at + OVERLAP
    endpoint.sealed_secret = seal_secret(endpoint.pk, secret)
    endpoint.save(update_fields=["sealed_secret", "sealed_former_secret", "former_secret_ends_at"])
    record_act(endpoint, "secret_rotated", {"at_once": at_once}, by=by, at=at)
    return MadeEndpoint(endpoint, written(secret))


@transaction.atomic
def pause_endpoint(*, endpoint_id: UUID, reason: str, by: UUID, at: datetime) -> bool:
    """Send nothing for a while; what happens waits. False: it is paused already.

    Records `webhook.paused`. Raises EndpointGoneError.
    """
    endpoint = _hold(endpoint_id)
    if not endpoint.is_active:
        return False
    endpoint.state, endpoint.state_since = EndpointState.PAUSED, at
    endpoint.save(update_fields=["state", "state_since"])
    record_act(endpoint, "paused", {"reason": reason}, by=by, at=at)
    return True


@transaction.atomic
def resume_endpoint(*, endpoint_id: UUID, by: UUID, at: datetime) -> bool:
    """Send again, at once and in order, what has waited. False: it is active already.

    Records `webhook.resumed`. Raises EndpointGoneError.
    """
    endpoint = _hold(endpoint_id)
    if endpoint.is_active:
        return False
    endpoint.state, endpoint.state_since = EndpointState.ACTIVE, at
    endpoint.failures, endpoint.failing_since, endpoint.rests_until = 0, None, None
    endpoint.save(
        update_fields=["state", "state_since", "failures", "failing_since", "rests_until"]
    )
    endpoint.deliveries.filter(state="waiting", due_at__gt=at).update(due_at=at, tries=0)
    record_act(endpoint, "resumed", by=by, at=at)
    return True


@transaction.atomic
def delete_endpoint(*, endpoint_id: UUID, reason: str, by: UUID, at: datetime) -> None:
    """Delete an endpoint with everything that waits for it. Records `webhook.deleted`."""
    # Against the sealer, too, which holds the row while it writes deliveries.
    endpoint = WebhookEndpoint.objects.select_for_update().filter(pk=endpoint_id).first()
    if endpoint is None:
        return
    waiting = endpoint.deliveries.filter(delivered_at=None).count()
    record_act(endpoint, "deleted", {"reason": reason, "undelivered": waiting}, by=by, at=at)
    endpoint.delete()


@transaction.atomic
def send_test(*, endpoint_id: UUID, by: UUID, at: datetime) -> WebhookDelivery | None:
    """Put an event into the outbox of an endpoint that means nothing, to see whether it arrives.

    Records `webhook.tested`, which is that event; a stream gets it with its chain, and None is
    returned. Raises EndpointGoneError.
    """
    endpoint = _hold(endpoint_id)
    if endpoint.is_siem:
        record_act(endpoint, "tested", by=by, at=at)
        return None
    event = event_of(happening_at(endpoint, "tested", by=by), at=at)
    insert_together(event)
    return WebhookDelivery.objects.create(
        endpoint=endpoint,
        event_id=event.id,
        event_type=TEST,
        chain=event.id,
        first=0,
        last=0,
        created_at=at,
        due_at=at,
    )


def hold_endpoint(rows: QuerySet[WebhookEndpoint]) -> WebhookEndpoint | None:
    """Return the endpoint of a queryset, held against others who change it, not the sealer."""
    return rows.select_for_update(no_key=True).first()


def _hold(endpoint_id: UUID) -> WebhookEndpoint:
    endpoint = hold_endpoint(WebhookEndpoint.objects.filter(pk=endpoint_id))
    if endpoint is None:
        raise EndpointGoneError
    return endpoint


def _event_types(kind: EndpointKind, given: Sequence[str]) -> list[str]:
    if kind == EndpointKind.SIEM:
        return []
    chosen = [name for name in BY_NAME if name in set(given)]
    if not chosen or set(given) - set(chosen):
        raise UnknownEventError
    return chosen


def _asked(endpoint: WebhookEndpoint) -> dict[str, object]:
    return {"kind": str(endpoint.kind), "events": list(endpoint.event_types)}
