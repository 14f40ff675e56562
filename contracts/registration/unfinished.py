"""Registrations that have made no account yet, as the pages of staff see them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from contracts.registration.models import PendingRegistration
from contracts.registration.selectors import list_open
from contracts.registration.services.links import resend_link
from core.common.identifiers import normalize
from core.common.masking import mask_email
from core.common.without_case import same_text
from core.staff.people import Search, SearchBy, UnfinishedRegistration


class PendingRegistrations:
    """Finds pending registrations for staff, and sends their links anew (core.staff.people)."""

    def find(self, search: Search, *, at: datetime) -> Sequence[UnfinishedRegistration]:
        """Return those that a look-up names, newest first."""
        found = _matching(search, at=at).order_by("-created_at", "-id")
        return [_shown(pending) for pending in found]

    def get(self, key: UUID, *, at: datetime) -> UnfinishedRegistration | None:
        """Return one that can still be finished."""
        pending = list_open(at).filter(pk=key).first()
        return _shown(pending) if pending else None

    def resend(self, key: UUID, *, at: datetime) -> datetime | None:
        """Mail a new link to the registered address, under the limits that hold for everybody."""
        allowance = resend_link(pending_id=key, at=at)
        return None if allowance.allowed else allowance.retry_at


def _matching(search: Search, *, at: datetime) -> QuerySet[PendingRegistration]:
    live, value = list_open(at), search.value.strip()
    match search.by:
        case SearchBy.EMAIL:
            return live.filter(same_text("email", value))
        case SearchBy.USERNAME:
            return live.filter(same_text("username", value))
    return live.filter(
        Q(contract_id=search.contract_id) if search.contract_id else Q(pk__isnull=True),
        identifier=normalize(value),
    )


def _shown(pending: PendingRegistration) -> UnfinishedRegistration:
    return UnfinishedRegistration(
        id=pending.id,
        contract_id=pending.contract_id,
        username=pending.username,
        name=f"{pending.first_name} {pending.last_name}".strip(),
        masked_email=mask_email(pending.email),
        submitted_at=pending.created_at,
        reserved_until=pending.reserved_until,
        link_expires_at=pending.link_expires_at,
        link_was_used=pending.link_used_at is not None,
    )
