"""The go-live list of a contract: look at it, tick a line, reach oneself."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from contracts.console.going_live.items import ITEMS
from contracts.console.going_live.lines import (
    fact_lines,
    gate_lines,
    people_in,
    tick_lines,
    trials,
)
from contracts.console.services.going_live import TRIAL_KINDS, send_trial, take_back, tick
from core.accounts.selectors import names_of
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only
from core.staff.access import StaffRequest, staff_page
from core.staff.contract_access import access_contract, holds
from core.staff.contract_pages import contract_page
from core.staff.permissions import StaffPermission
from tenants.configuration.revisions import document_of

_VIEW, _CONFIGURE = StaffPermission.CONTRACTS_VIEW, StaffPermission.CONTRACTS_CONFIGURE


@get_only
@staff_page(_VIEW)
def going_live(request: StaffRequest, slug: str) -> HttpResponse:
    """Show each line with how it stands, who brought that about and since when."""
    found, at = access_contract(request.staff, slug), clock.now()
    document = document_of(found.revision)
    if document is None:
        return contract_page(request, "console/going_live/none.html", found, "going_live", {})
    gates, facts = gate_lines(found, document, at=at), fact_lines(found, document, at=at)
    ticks, tried = tick_lines(found), trials(found)
    context = {
        "gates": gates,
        "facts": facts,
        "ticks": ticks,
        "trials": tried,
        "names": names_of(people_in([*gates, *facts], ticks, tried)),
        "may_act": holds(request.staff, _CONFIGURE, found),
        "zone": document.contract.time_zone,
    }
    return contract_page(request, "console/going_live/list.html", found, "going_live", context)


@staff_page(_CONFIGURE)
@require_POST
def tick_item(request: StaffRequest, slug: str, item: str) -> HttpResponse:
    """Vouch for a line."""
    found = access_contract(request.staff, slug, _CONFIGURE)
    if item not in ITEMS:
        raise Http404
    if not tick(contract_id=found.pk, item=item, by=request.user.id, at=clock.now()):
        messages.warning(request, "Somebody has ticked it meanwhile.")
    return _to_list(slug)


@staff_page(_CONFIGURE)
@require_POST
def untick_item(request: StaffRequest, slug: str, item: str) -> HttpResponse:
    """Take a tick back."""
    found = access_contract(request.staff, slug, _CONFIGURE)
    if item not in ITEMS:
        raise Http404
    if not take_back(contract_id=found.pk, item=item, by=request.user.id, at=clock.now()):
        messages.warning(request, "It is not ticked any more.")
    return _to_list(slug)


@staff_page(_CONFIGURE)
@require_POST
def try_channel(request: StaffRequest, slug: str, channel: str) -> HttpResponse:
    """Send oneself a mail, text or call."""
    found = access_contract(request.staff, slug, _CONFIGURE)
    if channel not in TRIAL_KINDS:
        raise Http404
    try:
        send_trial(contract_id=found.pk, channel=channel, user=request.user, at=clock.now())
    except DomainError as error:
        messages.warning(request, error.sentence)
    else:
        messages.success(request, "It is on its way to your own address or phone.")
    return _to_list(slug)


def _to_list(slug: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("going_live:list", args=[slug]))
