"""The only way to load a publication that waits, on behalf of staff."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404

from contracts.console.models import PlannedPublication
from contracts.console.publications.states import OPEN
from core.common.compiled import CompiledQuery
from core.staff.contract_access import find_key, list_contracts, require_in_contract
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor

_VIEW = StaffPermission.CONTRACTS_VIEW


def list_publications(staff: StaffActor) -> QuerySet[PlannedPublication]:
    """Return those of the contracts that they may see; of new ones whoever sees all contracts."""
    rows = PlannedPublication.objects.select_related("author").order_by("-asked_at")
    if staff.scope(_VIEW).everywhere:
        return rows
    return rows.filter(slug__in=list_contracts(staff).values("slug"))


def list_open_publications(
    staff: StaffActor, slug: str | None = None
) -> QuerySet[PlannedPublication]:
    """Return those that wait, of one contract or of all that they may see."""
    only = Q(slug=slug) if slug else Q()
    return list_publications(staff).filter(only, state__in=OPEN)


def access_publication(
    staff: StaffActor,
    slug: str,
    publication_id: UUID,
    permission: StaffPermission = _VIEW,
) -> PlannedPublication:
    """Return a publication of a contract in which they hold a permission.

    Raises Http404 for what they do not see, RecordedRefusal for what they see without the right.
    """
    contract = find_key(slug)
    if contract is not None:
        require_in_contract(staff, contract, permission)
    elif not staff.scope(permission).everywhere:
        raise Http404
    found = _BY_KEY.first(slug=slug, key=publication_id)
    if found is None:
        raise Http404
    return found


_BY_KEY: CompiledQuery[PlannedPublication] = CompiledQuery(
    lambda slug, key: PlannedPublication.objects.select_related("author").filter(slug=slug, pk=key)
)
