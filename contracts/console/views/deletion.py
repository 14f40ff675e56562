"""Deleting an archived contract: one asks for it here, another approves it."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from contracts.console.forms import DeletionForm
from contracts.console.services.deletion import DELAY_DAYS, approve_deletion, ask_deletion
from core.accounts.selectors import names_of
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_or_post
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.staff.access import StaffRequest, staff_page
from core.staff.contract_access import access_contract
from core.staff.contract_pages import contract_page
from core.staff.permissions import StaffPermission
from tenants.models import Contract, ContractChange
from tenants.states import ContractState

_PROVISION = StaffPermission.CONTRACTS_PROVISION


@get_or_post
@keeps_typed(fields_named("slug", "reason"))
@staff_page(_PROVISION)
def deletion(request: StaffRequest, slug: str) -> HttpResponse:
    """Say what a deletion is; with slug and reason, ask for it, or approve another's."""
    found, at = access_contract(request.staff, slug, _PROVISION), clock.now()
    planned = _planned(found)
    if found.state != ContractState.ARCHIVED or (planned and not _is_to_approve(request, planned)):
        return HttpResponseRedirect(reverse("console:state", args=[slug]))  # where it says so
    if not is_fresh(request, request.staff.user, at=at):
        return to_confirmation(request)
    typed = take_typed(request)
    form = DeletionForm(request.POST or None, initial=typed or None, wanted=slug)
    if request.method == "POST" and form.is_valid() and _act(request, found, planned, form):
        return HttpResponseRedirect(reverse("console:state", args=[slug]))
    context = {
        "planned": planned,
        "names": names_of([planned.asked_by] if planned else []),
        "days": DELAY_DAYS,
        "form": form,
        "typed_is_back": bool(typed),
    }
    return contract_page(request, "console/deletion.html", found, "state", context)


def _planned(contract: Contract) -> ContractChange | None:
    return contract.changes.filter(ContractChange.OPEN).first()


def _is_to_approve(request: StaffRequest, planned: ContractChange) -> bool:
    is_open = planned.to_state == ContractState.DELETED and planned.approved_at is None
    return is_open and planned.asked_by != request.user.id


def _act(
    request: StaffRequest, found: Contract, planned: ContractChange | None, form: DeletionForm
) -> bool:
    """Ask or approve, or say at the form why not."""
    by, at, reason = request.user.id, clock.now(), form.cleaned_data["reason"]
    try:
        if planned is None:
            ask_deletion(contract_id=found.pk, reason=reason, by=by, at=at)
            messages.success(request, "The deletion is asked for. Somebody else has to approve it.")
        elif approve_deletion(change=planned, reason=reason, by=by, at=at):
            messages.success(request, "The deletion is approved.")
        else:
            messages.warning(request, "It was approved or withdrawn meanwhile.")
    except DomainError as error:
        form.add_error(None, error.sentence)
        return False
    return True
