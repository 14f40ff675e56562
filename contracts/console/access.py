"""The only way to load a contract on behalf of staff. Out of their scope is 404."""

from django.db.models import QuerySet
from django.http import Http404

from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor
from tenants.models import Contract, ContractRevision


def list_contracts(staff: StaffActor) -> QuerySet[Contract]:
    """Return the contracts that a member of staff may see, whatever their state."""
    scope = staff.scope(StaffPermission.CONTRACTS_VIEW)
    found = Contract.objects.select_related("revision")
    return found if scope.everywhere else found.filter(pk__in=scope.contracts)


def access_contract(staff: StaffActor, slug: str) -> Contract:
    """Return a contract that they may see. Raises Http404 otherwise."""
    contract = list_contracts(staff).filter(slug=slug).first()
    if contract is None:
        raise Http404
    return contract


def access_revision(staff: StaffActor, slug: str, number: int) -> ContractRevision:
    """Return a revision of such a contract. Raises Http404 otherwise."""
    contract = access_contract(staff, slug)
    revision = contract.revisions.filter(number=number).first()
    if revision is None:
        raise Http404
    revision.contract = contract
    return revision


def may_publish(staff: StaffActor, contract: Contract) -> bool:
    """Tell whether they may publish and roll back this contract."""
    return staff.scope(StaffPermission.CONTRACTS_PUBLISH).covers(contract.pk)
