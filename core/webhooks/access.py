"""Who may see and change endpoints: staff, in the contracts for which they hold the permission.

What belongs to the whole deployment, and every stream to a SIEM, takes a role in the whole
deployment. A stream is the audit trail itself: whoever says where it goes holds the right to read
that, too. Outside of that it does not exist. Pages and API come through here.
"""

from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from core.common.compiled import CompiledQuery
from core.staff.acting import require_right_in
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor, StaffScope
from core.webhooks.models import WebhookDelivery, WebhookEndpoint
from core.webhooks.selectors import list_endpoints
from core.webhooks.states import EndpointKind

_VIEW, _MANAGE = StaffPermission.WEBHOOKS_VIEW, StaffPermission.WEBHOOKS_MANAGE
_STREAMING: Final = (_MANAGE, StaffPermission.AUDIT_VIEW)
"""What making or changing a stream takes, in the whole deployment."""


def visible_endpoints(staff: StaffActor) -> QuerySet[WebhookEndpoint]:
    """Return the endpoints that somebody may see."""
    return _within(list_endpoints(), staff.scope(_VIEW))


def access_endpoint(staff: StaffActor, endpoint_id: UUID) -> WebhookEndpoint:
    """Return an endpoint in scope, with its contract. Raises Http404 otherwise."""
    found, scope = _BY_KEY.first(key=endpoint_id), staff.scope(_VIEW)
    if found is None or not (scope.everywhere or _is_theirs(found, scope)):
        raise Http404
    return found


def access_endpoint_to_manage(staff: StaffActor, endpoint_id: UUID) -> WebhookEndpoint:
    """Return an endpoint that somebody may change.

    Raises Http404 out of scope, and RecordedRefusal where they may only look.
    """
    endpoint = access_endpoint(staff, endpoint_id)
    _require_managing(staff, endpoint.kind, endpoint.contract_id)
    return endpoint


def access_delivery(staff: StaffActor, endpoint_id: UUID, message_id: UUID) -> WebhookDelivery:
    """Return a delivery of an endpoint in scope. Raises Http404 otherwise."""
    endpoints = visible_endpoints(staff).filter(pk=endpoint_id)
    rows = WebhookDelivery.objects.filter(endpoint__in=endpoints, message_id=message_id)
    found = rows.select_related("endpoint").first()
    if found is None:
        raise Http404
    return found


def require_making(staff: StaffActor, *, kind: str, contract_id: UUID | None) -> None:
    """See that somebody may make an endpoint of a kind, for a contract or for all (None).

    Raises Http404 for a contract out of scope, and RecordedRefusal for what takes a wider role.
    """
    if contract_id is not None and not staff.scope(_VIEW).covers(contract_id):
        raise Http404
    _require_managing(staff, kind, contract_id)


def may_manage(staff: StaffActor, endpoint: WebhookEndpoint) -> bool:
    """Tell whether somebody may change an endpoint, for what a page offers."""
    if endpoint.is_siem:
        return may_stream(staff)
    return staff.scope(_MANAGE).covers(endpoint.contract_id)


def may_stream(staff: StaffActor) -> bool:
    """Tell whether somebody may have the audit trail streamed, for what a page offers."""
    return all(staff.scope(one).everywhere for one in _STREAMING)


def may_read_body(staff: StaffActor, delivery: WebhookDelivery) -> bool:
    """Tell whether somebody may read what was sent: batches are the audit trail itself."""
    if delivery.event_id is not None:
        return True
    return staff.scope(StaffPermission.AUDIT_VIEW).covers(delivery.endpoint.contract_id)


def _require_managing(staff: StaffActor, kind: str, contract_id: UUID | None) -> None:
    """Let through who holds what managing an endpoint takes. Raises RecordedRefusal."""
    if kind != EndpointKind.SIEM:
        require_right_in(staff, _MANAGE, contract_id)
        return
    for right in _STREAMING:
        require_right_in(staff, right, None)


_BY_KEY: CompiledQuery[WebhookEndpoint] = CompiledQuery(lambda key: list_endpoints().filter(pk=key))


def _is_theirs(endpoint: WebhookEndpoint, scope: StaffScope) -> bool:
    """Tell of one endpoint what `_within` asks of many."""
    return not endpoint.is_siem and scope.covers(endpoint.contract_id)


def _within(endpoints: QuerySet[WebhookEndpoint], scope: StaffScope) -> QuerySet[WebhookEndpoint]:
    if scope.everywhere:
        return endpoints
    return scope.narrow(endpoints).exclude(kind=EndpointKind.SIEM)
