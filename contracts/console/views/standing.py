"""The state of a contract for staff: what it is, what is planned, and the steps out of it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from contracts.console.forms import ChangeStateForm
from contracts.console.lifecycle import Step, find_step, steps_from
from contracts.console.selectors import contract_row
from contracts.console.services.lifecycle import change_state, withdraw_change
from core.accounts.selectors import names_of
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post, row_or_404
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.staff.access import StaffRequest, staff_page
from core.staff.contract_access import access_contract, holds, list_contracts
from core.staff.contract_pages import contract_page
from core.staff.permissions import StaffPermission
from tenants.configuration.revisions import document_of, zone_of
from tenants.models import Contract, ContractChange

_VIEW, _PROVISION = StaffPermission.CONTRACTS_VIEW, StaffPermission.CONTRACTS_PROVISION
_KEPT = fields_named("public_note", "back_on", "when", "due_on", "due_time", "reason")


@get_only
@staff_page(_VIEW)
def state(request: StaffRequest, slug: str) -> HttpResponse:
    """Show the state, what is planned, the steps, and what was done before."""
    found = access_contract(request.staff, slug)
    changes = list(found.changes.order_by("-asked_at")[:50])
    may_act = holds(request.staff, _PROVISION, found)
    planned = next((one for one in changes if one.is_planned), None)
    context = {
        "planned": planned,
        "changes": [one for one in changes if not one.is_planned],
        "names": names_of(one.asked_by for one in changes),
        "steps": steps_from(found.state) if may_act else (),
        "is_mine": planned is not None and planned.asked_by == request.user.id,
        "may_act": may_act,
        "zone": _zone(found),
    }
    return contract_page(request, "console/state.html", found, "state", context)


@get_or_post
@keeps_typed(_KEPT)
@staff_page(_PROVISION)
def change(request: StaffRequest, slug: str, to: str) -> HttpResponse:
    """Show what a step means; with a reason, take it or plan it."""
    found = access_contract(request.staff, slug, _PROVISION)
    step, at = find_step(found.state, to), clock.now()
    if step is None:
        return HttpResponseRedirect(reverse("console:state", args=[slug]))  # where it says so
    if not is_fresh(request, request.staff.user, at=at):
        return to_confirmation(request)
    typed = take_typed(request)
    form = ChangeStateForm(
        request.POST or None, initial=typed or None, to=step.to, zone=_zone(found), at=at
    )
    if request.method == "POST" and form.is_valid() and _change(request, found, step, form):
        return HttpResponseRedirect(reverse("console:state", args=[slug]))
    context = {
        "step": step,
        "row": contract_row(list_contracts(request.staff), found, at=at),
        "form": form,
        "typed_is_back": bool(typed),
    }
    return contract_page(request, "console/state_change.html", found, "state", context)


@staff_page(_PROVISION)
@require_POST
def withdraw(request: StaffRequest, slug: str, change_id: UUID) -> HttpResponse:
    """Withdraw a planned change; one that was made meanwhile is shown as such."""
    found = access_contract(request.staff, slug, _PROVISION)
    planned = row_or_404(found.changes.all(), change_id)
    if withdraw_change(change=planned, by=request.user.id, at=clock.now()):
        messages.success(request, "The planned change is withdrawn.")
    else:
        messages.warning(request, "It was made or withdrawn meanwhile.")
    return HttpResponseRedirect(reverse("console:state", args=[slug]))


def _change(
    request: StaffRequest, found: Contract, step: Step, form: ChangeStateForm
) -> ContractChange | None:
    """Do or plan it, or say at the form why it was not done."""
    try:
        made = change_state(
            contract_id=found.pk,
            to=step.to,
            wording=form.wording(),
            due_at=form.cleaned_data["due_at"],
            by=request.user.id,
            at=clock.now(),
        )
    except DomainError as error:
        form.add_error(None, error.sentence)
        return None
    label = step.to.label.lower()
    messages.success(request, f"It is {label}." if made.done_at else "The change is planned.")
    return made


def _zone(contract: Contract) -> str:
    return zone_of(document_of(contract.revision))
