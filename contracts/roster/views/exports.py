"""The roster as a file."""

from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.timezone import localtime

from contracts.roster.entries.forms import EntrySearchForm
from contracts.roster.exports import export_rows, record_export
from contracts.roster.selectors import issues_codes
from contracts.roster.uploads.access import roster_page
from contracts.roster.views.shared import entries_page
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.http import get_or_post, streamed_sheet
from core.common.tables import sheet_pieces
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.staff.access import StaffRequest
from core.staff.permissions import StaffPermission
from tenants.context import rebound, require_contract
from tenants.models import Contract


@get_or_post
@keeps_typed(fields_named("q", "city", "standing", "code", "off"))
@roster_page(StaffPermission.ROSTER_IMPORT)
def export(request: StaffRequest, contract: Contract) -> HttpResponse:
    """Give the entries that fit as a file. It holds the program's numbers, as the roster does."""
    at = clock.now()
    if request.method != "POST":  # back from a confirmation: the button is there
        listed = reverse("roster:entries", args=[contract.slug])
        return HttpResponseRedirect(f"{listed}?{urlencode(take_typed(request))}")
    has_codes = issues_codes(require_contract().document.registration)
    form = EntrySearchForm(request.POST, has_codes=has_codes)
    if not form.is_valid():
        return entries_page(request, contract, form, at=at)
    if not is_fresh(request, request.user, at=at):
        return to_confirmation(request)
    chosen = form.chosen()
    record_export(chosen, by=request.user.id, at=at)
    pieces = rebound(sheet_pieces(export_rows(chosen, at=at)))
    return streamed_sheet(f"{contract.slug}-roster-{localtime(at):%Y-%m-%d}.csv", pieces)
