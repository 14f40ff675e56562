"""What was imported, what each import changed, and going back."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from contracts.roster.services.history import begin_way_back, find_import, list_imports
from contracts.roster.tasks import work_on_upload
from contracts.roster.uploads.access import roster_page
from contracts.roster.uploads.differences import (
    PER_PAGE,
    change_rows,
    count_kinds,
    list_changes,
)
from contracts.roster.views.shared import roster_render
from core.accounts.selectors import names_of
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only
from core.notifications.tasks import tell_workers
from core.staff.access import StaffRequest
from core.staff.contract_access import holds
from core.staff.permissions import StaffPermission
from tenants.models import Contract

_VIEW, _IMPORT = StaffPermission.ROSTER_VIEW, StaffPermission.ROSTER_IMPORT


@get_only
@roster_page(_VIEW)
def imports(request: StaffRequest, contract: Contract) -> HttpResponse:
    """List what was imported when, by whom and why, the newest first."""
    page = Paginator(list_imports(), PER_PAGE).get_page(request.GET.get("page", ""))
    context = {"page": page, "names": names_of(one.read_by for one in page)}
    return roster_render(request, "imports", contract, context)


@get_only
@roster_page(_VIEW)
def import_(request: StaffRequest, contract: Contract, import_id: UUID) -> HttpResponse:
    """Show what an import changed, entry by entry, with the way back to before it."""
    found, kind = find_import(import_id), request.GET.get("kind", "")
    if found is None:
        raise Http404
    key = found.changes or found.id
    page = Paginator(list_changes(key, kind), PER_PAGE).get_page(request.GET.get("page", ""))
    context = {
        "imported": found,
        "names": names_of([found.read_by]),
        "kinds": count_kinds(key),
        "kind": kind,
        "page": page,
        "rows": list(change_rows(page)),
        "query": f"kind={kind}&" if kind.isalpha() else "",
        "may_import": holds(request.staff, _IMPORT, contract),
    }
    return roster_render(request, "import", contract, context)


@require_POST
@roster_page(_IMPORT)
def back(request: StaffRequest, contract: Contract, import_id: UUID) -> HttpResponse:
    """Have it worked out what going back to before an import would change; nothing changes yet."""
    try:
        upload = begin_way_back(import_id=import_id, by=request.user.id, at=clock.now())
    except DomainError as error:
        messages.warning(request, error.sentence)
        return HttpResponseRedirect(reverse("roster:imports", args=[contract.slug]))
    tell_workers(work_on_upload, str(upload.id))
    return HttpResponseRedirect(reverse("roster:upload", args=[contract.slug, upload.id]))
