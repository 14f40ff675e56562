"""Loading what the audit trail is asked for, on behalf of staff. Out of their scope is 404."""

from typing import Any
from uuid import UUID

from django.http import Http404

from contracts.console.audit.searching import with_seals
from core.audit.models import AuditEvent
from core.common.compiled import CompiledQuery
from core.staff.contract_access import find_key
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor

_VIEW = StaffPermission.AUDIT_VIEW


def access_event(staff: StaffActor, event_id: UUID) -> Any:
    """Return an event that they may read, with its seal (`with_seals`). Raises Http404."""
    found = _BY_KEY.first(key=event_id)
    if found is None or not staff.scope(_VIEW).covers(found.contract_id):
        raise Http404
    return found


def access_audited_contract(staff: StaffActor, slug: str) -> UUID:
    """Return the key of a contract whose events they may read. Raises Http404."""
    key = find_key(slug)
    if key is None or not staff.scope(_VIEW).covers(key):
        raise Http404
    return key


_BY_KEY: CompiledQuery[AuditEvent] = CompiledQuery(
    lambda key: with_seals(AuditEvent.objects.filter(pk=key))
)
