"""What the pages of a roster have in common."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpResponse

from contracts.roster.entries.finding import read_page
from contracts.roster.entries.forms import EntrySearchForm, key_of
from core.staff.access import StaffRequest
from core.staff.contract_access import holds
from core.staff.contract_pages import contract_page
from core.staff.permissions import StaffPermission
from tenants.models import Contract


def roster_render(
    request: StaffRequest, name: str, contract: Contract, context: Mapping[str, object]
) -> HttpResponse:
    """Answer with a page below the tab Roster."""
    return contract_page(request, f"roster/{name}.html", contract, "roster", context)


def entries_page(
    request: StaffRequest, contract: Contract, form: EntrySearchForm, *, at: datetime
) -> HttpResponse:
    """Answer with the list of entries, narrowed to what the form says, a page of it."""
    chosen = form.chosen()
    kept = {**chosen.kept(), **({"off": "1"} if chosen.off else {})}
    context = {
        "form": form,
        "page": read_page(chosen, after=key_of(request.GET.get("after", "")), at=at),
        "kept": kept,
        "query": urlencode(kept),
        "is_further": "after" in request.GET,
        "may_import": holds(request.staff, StaffPermission.ROSTER_IMPORT, contract),
    }
    return roster_render(request, "entries", contract, context)
