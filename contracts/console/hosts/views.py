"""The hosts and the sender of a contract: what was found at them, and asking again."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

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

_ASKED: Final = "asked"
# Own figure: longer than a worker takes for some hosts, of which each may be slow.
_PATIENCE: Final = timedelta(minutes=1)
_VIEW, _CONFIGURE = StaffPermission.CONTRACTS_VIEW, StaffPermission.CONTRACTS_CONFIGURE


@get_only
@staff_page(_VIEW)
def hosts(request: StaffRequest, slug: str) -> HttpResponse:
    """Show each host and sender: how it stands, since when, and what to do about it."""
    found, at = access_contract(request.staff, slug), clock.now()
    document = document_of(found.revision)
    if document is None:
        return contract_page(request, "console/hosts/none.html", found, "hosts", {})
    context: dict[str, Any] = {
        "hosts": host_facts(found, at=at),
        "senders": sender_facts(found, document),
        "may_act": holds(request.staff, _CONFIGURE, found),
        "zone": document.contract.time_zone,
    }
    if asked := _asked_at(request):
        waits = any(one.check is None or one.check.last_at < asked for one in context["hosts"])
        context["answer"] = "found" if not waits else "waits" if at - asked < _PATIENCE else "late"
    return contract_page(request, "console/hosts/list.html", found, "hosts", context)


@staff_page(_CONFIGURE)
@require_POST
def check_now(request: StaffRequest, slug: str) -> HttpResponse:
    """Have a worker ask the hosts and the providers now."""
    found, at = access_contract(request.staff, slug, _CONFIGURE), clock.now()
    try:
        ask_check(contract_id=found.pk, by=request.user.id, at=at)
    except DomainError as error:
        messages.warning(request, error.sentence)
    else:
        tell_workers(check_contract, slug)
        return HttpResponseRedirect(f"{_path(slug)}?{urlencode({_ASKED: int(at.timestamp())})}")
    return HttpResponseRedirect(_path(slug))


def _path(slug: str) -> str:
    return reverse("hosts:list", args=[slug])


def _asked_at(request: StaffRequest) -> datetime | None:
    """Return the second since which the page waits for an answer; None where it waits for none.

    It stands in the address, so that the page can be loaded again. Another one shows nothing else.
    """
    try:
        return datetime.fromtimestamp(int(request.GET.get(_ASKED, "")), tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None
