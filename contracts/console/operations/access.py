"""Who may see and do what on the pages of operations."""

from uuid import UUID

from core.common.http import row_or_404
from core.notifications.models import OutboxMessage
from core.notifications.outbox_facts import OutboxScope
from core.staff.acting import require_right_in
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor

_VIEW, _ACT = StaffPermission.OPERATIONS_VIEW, StaffPermission.OPERATIONS_ACT


def access_operations(staff: StaffActor, permission: StaffPermission = _VIEW) -> None:
    """See that somebody holds a permission for the whole deployment, which these pages are about.

    Raises RecordedRefusal (`staff_access.refused`) for who holds it in some contracts alone.
    """
    require_right_in(staff, permission, None)


def outbox_scope(staff: StaffActor) -> OutboxScope:
    """Return whose messages somebody may see."""
    scope = staff.scope(StaffPermission.OUTBOX_VIEW)
    return OutboxScope(everywhere=scope.everywhere, contracts=scope.contracts)


def access_message(staff: StaffActor, message_id: UUID) -> OutboxMessage:
    """Return a message in scope. Raises Http404 otherwise."""
    return row_or_404(outbox_scope(staff).messages().select_related("contract"), message_id)


def access_message_to_retry(staff: StaffActor, message_id: UUID) -> OutboxMessage:
    """Return a message that somebody may have tried again.

    Raises Http404 out of scope, and RecordedRefusal where they may only look.
    """
    message = access_message(staff, message_id)
    require_right_in(staff, _ACT, message.contract_id)
    return message


def may_retry(staff: StaffActor, contract_id: UUID | None) -> bool:
    """Tell whether somebody may have messages of a contract tried again (None: of none)."""
    return staff.scope(_ACT).covers(contract_id)
