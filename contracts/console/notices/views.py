"""Notices of a contract: the list, a new one, changing one, ending one."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from contracts.console.notices.forms import NoticeForm
from contracts.console.notices.listing import list_notices
from contracts.console.services.notices import end_notice, publish_notice, replace_notice
from core.accounts.selectors import names_of
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post, row_or_404
from core.staff.access import StaffRequest, staff_page
from core.staff.contract_access import access_contract, holds
from core.staff.contract_pages import contract_page
from core.staff.permissions import StaffPermission
from tenants.brand_sheet import sheet_digest
from tenants.configuration.document import BrandSection
from tenants.configuration.revisions import document_of, zone_of
from tenants.models import Contract, ContractNotice

_VIEW, _PUBLISH = StaffPermission.CONTRACTS_VIEW, StaffPermission.NOTICES_PUBLISH
_KEPT = fields_named(
    *("text", "level", "link_label", "link_url"),
    *("starts_on", "starts_time", "ends_on", "ends_time"),
)


@get_only
@staff_page(_VIEW)
def notices(request: StaffRequest, slug: str) -> HttpResponse:
    """List what is on the contract's pages now, what will be, and what was."""
    found = access_contract(request.staff, slug)
    document = document_of(found.revision)
    lists = list_notices(found, document, at=clock.now())
    rows = (*lists.current, *lists.coming, *lists.past)
    context = {
        "lists": lists,
        "names": names_of(who for row in rows for who in (row.published_by, row.ended_by)),
        "may_publish": holds(request.staff, _PUBLISH, found),
        "zone": zone_of(document),
    }
    return contract_page(request, "console/notices/list.html", found, "notices", context)


@get_or_post
@keeps_typed(_KEPT)
@staff_page(_PUBLISH)
def new(request: StaffRequest, slug: str) -> HttpResponse:
    """Write a notice, look at it, publish it."""
    return _write(request, access_contract(request.staff, slug, _PUBLISH), None)


@get_or_post
@keeps_typed(_KEPT)
@staff_page(_PUBLISH)
def edit(request: StaffRequest, slug: str, notice_id: UUID) -> HttpResponse:
    """Change a notice that is on the pages or will be; one that is over is shown in the list."""
    found = access_contract(request.staff, slug, _PUBLISH)
    notice = row_or_404(found.notices.all(), notice_id)
    if request.method != "POST" and (notice.ended_at or notice.until_at <= clock.now()):
        messages.warning(request, "This notice is over, or was changed meanwhile.")
        return _to_list(slug)
    return _write(request, found, notice)


@staff_page(_PUBLISH)
@require_POST
def end(request: StaffRequest, slug: str, notice_id: UUID) -> HttpResponse:
    """Take a notice off the pages now."""
    found = access_contract(request.staff, slug, _PUBLISH)
    notice = row_or_404(found.notices.all(), notice_id)
    if end_notice(notice=notice, by=request.user.id, at=clock.now()):
        messages.success(request, "The notice is ended.")
    else:
        messages.warning(request, "It was over or changed meanwhile.")
    return _to_list(slug)


def _write(request: StaffRequest, found: Contract, present: ContractNotice | None) -> HttpResponse:
    document, typed = document_of(found.revision), take_typed(request)
    form = NoticeForm(
        request.POST or None,
        zone=zone_of(document),
        at=clock.now(),
        present=present,
        typed=typed,
    )
    preview = None
    if request.method == "POST" and form.is_valid():
        if "preview" in request.POST:
            preview = form.banner()
        elif _publish(request, found, form, present):
            return _to_list(found.slug)
    context = {
        "form": form,
        "present": present,
        "preview": preview,
        "brand": document.brand if document else None,
        "brand_css_url": _sheet(found.slug, document.brand) if document else "",
        "typed_is_back": bool(typed),
    }
    return contract_page(request, "console/notices/write.html", found, "notices", context)


def _publish(
    request: StaffRequest, found: Contract, form: NoticeForm, present: ContractNotice | None
) -> bool:
    """Publish it, or say at the form why not."""
    banner, by, at = form.banner(), request.user.id, clock.now()
    try:
        if present is None:
            key = form.form_key()
            publish_notice(contract_id=found.pk, key=key, banner=banner, by=by, at=at)
        else:
            replace_notice(notice=present, banner=banner, by=by, at=at)
    except DomainError as error:
        form.add_error(None, error.sentence)
        return False
    messages.success(request, "The notice is published.")
    return True


def _sheet(slug: str, brand: BrandSection) -> str:
    """Return the address of the contract's sheet on the portal host, where staff are."""
    return f"/{slug}" + reverse("tenants:brand_css", args=[sheet_digest(brand)])


def _to_list(slug: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("notices:list", args=[slug]))
