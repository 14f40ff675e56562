"""Loading a revision on behalf of staff. Out of their scope is 404."""

from django.http import Http404

from core.staff.contract_access import access_contract
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor
from tenants.models import ContractRevision


def access_revision(
    staff: StaffActor,
    slug: str,
    number: int,
    permission: StaffPermission = StaffPermission.CONTRACTS_VIEW,
) -> ContractRevision:
    """Return a revision of a contract in which they hold a permission.

    Raises what `access_contract` does, and Http404 without such a revision.
    """
    contract = access_contract(staff, slug, permission)
    revision = contract.revisions.filter(number=number).first()
    if revision is None:
        raise Http404
    revision.contract = contract
    return revision
