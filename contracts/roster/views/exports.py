"""The roster as a file."""

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from contracts.roster.entries.forms import EntrySearchForm
from contracts.roster.exports import export_rows, record_export
from contracts.roster.selectors import issues_codes
from contracts.roster.uploads.access import roster_page
from core.common import clock
from core.common.http import streamed_sheet
from core.common.tables import sheet_pieces
from core.staff.access import StaffRequest
from core.staff.permissions import StaffPermission
from tenants.context import rebound, require_contract
from tenants.models import Contract


@require_POST
@roster_page(StaffPermission.ROSTER_IMPORT)
def export(request: StaffRequest, contract: Contract) -> HttpResponse:
    """Give the entries that fit as a file. It holds the program's numbers, as the roster does."""
    registration, at = require_contract().document.registration, clock.now()
    form = EntrySearchForm(request.POST, has_codes=issues_codes(registration))
    chosen = form.chosen()
    record_export(chosen, by=request.user.id, at=at)
    pieces = rebound(sheet_pieces(export_rows(chosen, at=at)))
    return streamed_sheet(f"{contract.slug}-roster-{at:%Y-%m-%d}.csv", pieces)
