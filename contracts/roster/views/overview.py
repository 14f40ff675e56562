"""The roster of a contract: how many entries, what is on its way, what was imported."""

from django.http import HttpResponse

from contracts.roster.services.history import list_imports
from contracts.roster.services.staging import count_present
from contracts.roster.services.uploads import find_open_upload
from contracts.roster.uploads.access import roster_page
from contracts.roster.views.shared import roster_render
from core.accounts.selectors import names_of
from core.common.http import get_only
from core.staff.access import StaffRequest
from core.staff.contract_access import holds
from core.staff.permissions import StaffPermission
from tenants.models import Contract

_MOST_SHOWN = 5


@get_only
@roster_page(StaffPermission.ROSTER_VIEW)
def overview(request: StaffRequest, contract: Contract) -> HttpResponse:
    """Show what the roster holds and what was done with it last."""
    imports = list(list_imports()[:_MOST_SHOWN])
    context = {
        "present": count_present(),
        "open": find_open_upload(),
        "imports": imports,
        "names": names_of(one.read_by for one in imports),
        "may_import": holds(request.staff, StaffPermission.ROSTER_IMPORT, contract),
    }
    return roster_render(request, "overview", contract, context)
