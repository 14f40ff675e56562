"""The only way to load a contract on behalf of staff. Out of their scope is 404."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from core.common.compiled import CompiledQuery
from core.staff.elevation import require_elevation
from core.staff.permissions import StaffPermission
from core.staff.refusing import refuse_staff
from core.staff.scope import StaffActor
from tenants import registry
from tenants.models import Contract

_VIEW = StaffPermission.CONTRACTS_VIEW


def list_contracts(staff: StaffActor) -> QuerySet[Contract]:
    """Return the contracts that a member of staff may see, whatever their state."""
    return staff.scope(_VIEW).narrow(Contract.objects.select_related("revision"), "pk")


def access_contract(staff: StaffActor, slug: str, permission: StaffPermission = _VIEW) -> Contract:
    """Return a contract that they may see and hold a permission in.

    Raises Http404 for one that they do not see, and RecordedRefusal (`staff_access.refused`) for
    one that they see without holding the permission there. What needs elevated rights raises
    ElevationNeededError, which the door of the page answers.
    """
    contract = _BY_SLUG.first(slug=slug)
    if contract is None:
        raise Http404
    require_in_contract(staff, contract.pk, permission)
    return contract


def access_contract_key(staff: StaffActor, slug: str, permission: StaffPermission = _VIEW) -> UUID:
    """Return the key of a contract as `access_contract` does, without reading it.

    For what only lists what belongs to it. Contracts in service are known to the process; a slug
    never goes to another contract.
    """
    found = find_key(slug)
    if found is None:
        raise Http404
    require_in_contract(staff, found, permission)
    return found


def find_key(slug: str) -> UUID | None:
    """Return the key of a contract, whoever asks; None: there is none.

    For access functions, which go on with `require_in_contract`.
    """
    known = registry.find_contract(slug)
    if known is not None:
        return known.id
    found = _BY_SLUG.first(slug=slug)
    return found.pk if found is not None else None


def require_in_contract(
    staff: StaffActor, contract_id: UUID, permission: StaffPermission = _VIEW
) -> None:
    """See that they see a contract and hold a permission in it; raises as `access_contract`."""
    if not staff.scope(_VIEW).covers(contract_id):
        raise Http404
    if not staff.scope(permission).covers(contract_id):
        refuse_staff(staff.user.id, permission, contract_id=contract_id)
    require_elevation(staff, permission)


_BY_SLUG: CompiledQuery[Contract] = CompiledQuery(
    lambda slug: Contract.objects.select_related("revision").filter(slug=slug)
)


def holds(staff: StaffActor, permission: StaffPermission, contract: Contract) -> bool:
    """Tell whether they hold a permission in a contract, for what its pages offer."""
    return staff.scope(permission).covers(contract.pk)
