"""The only way to load a contract on behalf of staff. Out of their scope is 404."""

from django.db.models import QuerySet
from django.http import Http404

from core.staff.elevation import require_elevation
from core.staff.permissions import StaffPermission
from core.staff.refusing import refuse_staff
from core.staff.scope import StaffActor
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
    contract = list_contracts(staff).filter(slug=slug).first()
    if contract is None:
        raise Http404
    if not holds(staff, permission, contract):
        refuse_staff(staff.user.id, permission, contract_id=contract.pk)
    require_elevation(staff, permission)
    return contract


def holds(staff: StaffActor, permission: StaffPermission, contract: Contract) -> bool:
    """Tell whether they hold a permission in a contract, for what its pages offer."""
    return staff.scope(permission).covers(contract.pk)
