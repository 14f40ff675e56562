"""The only way to load tokens and service accounts on behalf of staff. Out of reach is 404."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from core.common.http import row_or_404
from core.staff.acting import require_right
from core.staff.models import ApiToken, ServiceAccount, StaffMember
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor
from core.staff.services.service_accounts import manages

_SEE, _MANAGE = StaffPermission.STAFF_VIEW, StaffPermission.STAFF_MANAGE
SHOWN_AFTER_THE_END = timedelta(days=30)
"""How long lists go on naming a token that has ended, for questions about it."""


def list_service_accounts(staff: StaffActor) -> QuerySet[ServiceAccount]:
    """Return the service accounts with a role where somebody may see who is staff, by name."""
    roles = StaffMember.objects.filter(user_id=OuterRef("user_id"))
    seen = staff.scope(_SEE).narrow(roles)
    return ServiceAccount.objects.filter(Exists(seen)).select_related("user").order_by("name", "id")


def access_service_account(staff: StaffActor, key: UUID) -> ServiceAccount:
    """Return a service account that they may see. Raises Http404."""
    return row_or_404(list_service_accounts(staff), key)


def require_managing(staff: StaffActor, account: ServiceAccount) -> None:
    """Let through who manages a service account; others are refused, which is recorded."""
    held = account.ended_at is None and manages(staff, account)
    require_right(staff, _MANAGE, held=held, about=account.user_id)


def list_tokens(user_id: UUID, *, at: datetime) -> QuerySet[ApiToken]:
    """Return an account's tokens, the newest first; those that ended long ago are left out."""
    since = at - SHOWN_AFTER_THE_END
    shown = Q(expires_at__gt=since) & (Q(revoked_at__isnull=True) | Q(revoked_at__gt=since))
    rows = ApiToken.objects.select_related("user").filter(shown, user_id=user_id)
    return rows.order_by("-made_at", "-id")


def access_token(staff: StaffActor, key: UUID) -> ApiToken:
    """Return a token of one's own, or of a service account that one manages.

    Raises Http404 for others' and for those of service accounts that one does not see, and
    RecordedRefusal for those that one sees without managing them.
    """
    found = ApiToken.objects.select_related("user").filter(pk=key).first()
    if found is None:
        raise Http404
    if found.user_id == staff.user.pk:
        return found
    account = list_service_accounts(staff).filter(user_id=found.user_id).first()
    if account is None:
        raise Http404
    require_managing(staff, account)
    return found
