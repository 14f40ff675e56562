"""The only way to load a draft on behalf of staff: everybody reaches their own."""

from django.db.models import QuerySet
from django.http import Http404

from contracts.console.models import Draft
from core.staff.acting import require_right
from core.staff.contract_access import access_contract
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor
from tenants.models import Contract

_CONFIGURE = StaffPermission.CONTRACTS_CONFIGURE
_PROVISION = StaffPermission.CONTRACTS_PROVISION


def list_drafts(staff: StaffActor) -> QuerySet[Draft]:
    """Return somebody's own drafts, those first that were saved last."""
    return Draft.objects.filter(author=staff.user).order_by("-saved_at")


def find_draft(staff: StaffActor, slug: str) -> Draft | None:
    """Return somebody's own draft of a contract, whatever they may do there."""
    return list_drafts(staff).filter(slug=slug).first()


def access_draft(staff: StaffActor, slug: str) -> Draft:
    """Return the own draft of a contract that they may configure, or of one that is still new.

    Raises Http404 where there is no such draft, or no such contract for them; RecordedRefusal
    where they may look at the contract and not change it.
    """
    if Contract.objects.filter(slug=slug).exists():
        access_contract(staff, slug, _CONFIGURE)
    elif may_provision(staff):
        require_provisioning(staff)
    else:
        raise Http404
    draft = find_draft(staff, slug)
    if draft is None:
        raise Http404
    return draft


def may_provision(staff: StaffActor) -> bool:
    """Tell whether they may begin new contracts: whoever works for the whole deployment."""
    return staff.scope(_PROVISION).everywhere and staff.scope(_CONFIGURE).everywhere


def require_provisioning(staff: StaffActor) -> None:
    """Let through who may begin new contracts. Raises RecordedRefusal for others."""
    for permission in (_PROVISION, _CONFIGURE):
        require_right(staff, permission, held=may_provision(staff))
