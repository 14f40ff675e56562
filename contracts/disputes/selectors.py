"""Read disputes, and who holds what they are about."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from contracts.disputes.facts import digests_of, facts_of
from contracts.disputes.models import Dispute, DisputeState
from contracts.registration.models import PendingRegistration
from contracts.registration.selectors import list_live
from contracts.roster.models import RosterEntry
from core.common.identifiers import normalize
from core.groups.models import Provider, ProviderStatus
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor, StaffScope
from tenants import registry
from tenants.context import contract_context

_MOST = 20


def list_disputes(staff: StaffActor) -> QuerySet[Dispute]:
    """Return the disputes in the contracts of a member of staff, decided ones too."""
    return list_in_scope(staff.scope(StaffPermission.REGISTRATIONS_VIEW))


def list_in_scope(scope: StaffScope) -> QuerySet[Dispute]:
    """Return the disputes in a scope."""
    return scope.narrow(Dispute.objects.all())


def may_decide(staff: StaffActor, dispute: Dispute) -> bool:
    """Tell whether a member of staff may decide a dispute."""
    return staff.scope(StaffPermission.REGISTRATIONS_DECIDE).covers(dispute.contract_id)


def list_open_over(contract_id: UUID, identifier: str) -> QuerySet[Dispute]:
    """Return the disputes over an identifier that nobody has decided, the oldest first."""
    found = Dispute.objects.filter(state=DisputeState.OPEN, contract_id=contract_id)
    over = found.filter(identifier_digest__in=digests_of(contract_id, identifier))
    return over.order_by("asked_at", "id")


def list_holders_of(dispute: Dispute) -> QuerySet[Provider]:
    """Return the registered providers with the identifier: several where locations register."""
    return Provider.objects.filter(
        contract_id=dispute.contract_id,
        identifier=normalize(facts_of(dispute).identifier),
        status=ProviderStatus.ACTIVE,
    ).select_related("group")


def list_reserving(dispute: Dispute, *, at: datetime) -> QuerySet[PendingRegistration]:
    """Return the registrations that reserve the identifier at this moment."""
    wanted = normalize(facts_of(dispute).identifier)
    return list_live(at).filter(contract_id=dispute.contract_id, identifier=wanted)


def list_on_file(dispute: Dispute) -> list[RosterEntry]:
    """Return what the roster has for the identifier, read in its contract."""
    wanted = normalize(facts_of(dispute).identifier)
    with contract_context(registry.get_contract_by_id(dispute.contract_id)):
        entries = RosterEntry.objects.filter(identifier=wanted, removed_at__isnull=True)
        return list(entries.order_by("id")[:_MOST])
