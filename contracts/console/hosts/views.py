"""The hosts and the sender of a contract: what was found at them, and asking again."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from contracts.console.hosts.facts import host_facts
from contracts.console.hosts.sender_facts import sender_facts
from contracts.console.services.host_checks import ask_check
from contracts.console.tasks import check_contract
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only
from core.notifications.tasks import tell_workers
from core.staff.access import StaffRequest, staff_page
from core.staff.contract_access import access_contract, holds
from core.staff.contract_pages import contract_page
from core.staff.permissions import StaffPermission
from tenants.configuration.revisions import document_of

_VIEW, _CONFIGURE = StaffPermission.CONTRACTS_VIEW, StaffPermission.CONTRACTS_CONFIGURE


@get_only
@staff_page(_VIEW)
def hosts(request: StaffRequest, slug: str) -> HttpResponse:
    """Show each host and sender: how it stands, since when, and what to do about it."""
    found, at = access_contract(request.staff, slug), clock.now()
    document = document_of(found.revision)
    if document is None:
        return contract_page(request, "console/hosts/none.html", found, "hosts", {})
    context = {
        "hosts": host_facts(found, at=at),
        "senders": sender_facts(found, document),
        "may_act": holds(request.staff, _CONFIGURE, found),
        "zone": document.contract.time_zone,
    }
    return contract_page(request, "console/hosts/list.html", found, "hosts", context)


@staff_page(_CONFIGURE)
@require_POST
def check_now(request: StaffRequest, slug: str) -> HttpResponse:
    """Have a worker ask the hosts and the providers now."""
    found = access_contract(request.staff, slug, _CONFIGURE)
    try:
        ask_check(contract_id=found.pk, by=request.user.id, at=clock.now())
    except DomainError as error:
        messages.warning(request, error.sentence)
    else:
        tell_workers(check_contract, slug)
        said = "They are being asked. Load the page again in some seconds to see what was found."
        messages.success(request, said)
    return HttpResponseRedirect(reverse("hosts:list", args=[slug]))
