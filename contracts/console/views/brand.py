"""The page of a draft's brand: its fields, a logo by upload, a preview of what is typed."""

from collections.abc import Sequence
from typing import Final

from django.http import HttpResponse

from contracts.console.drafts.access import access_draft
from contracts.console.sections.brand import BRAND, FILE
from contracts.console.sections.checking import check
from contracts.console.sections.nodes import Typed
from contracts.console.sections.pages import Shown
from contracts.console.services.logos import take_logo
from contracts.console.views.sections import (
    SEEN,
    keep_section,
    open_section,
    save_typed,
    section_page,
)
from core.accounts.typed_forms import keeps_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_or_post
from core.staff.access import StaffRequest, staff_page
from core.staff.permissions import StaffPermission
from tenants.logos.encoding import LARGEST_UPLOAD

_AT: Final = f"{BRAND}-logo"
_SHOW: Final = "show"
_REMOVE: Final = "remove-logo"


@get_or_post
@keeps_typed(keep_section)
@staff_page(StaffPermission.CONTRACTS_CONFIGURE)
def draft_brand(request: StaffRequest, slug: str) -> HttpResponse:
    """Show the brand of one's own draft as it is or as it is typed, and save it."""
    draft = access_draft(request.staff, slug)
    if request.method != "POST":
        return open_section(request, draft, BRAND)
    typed, refused = _with_upload(request, dict(request.POST.lists()))
    pressed = request.POST.get("do", "")
    if pressed == _REMOVE:
        typed = _with_logo(typed)
    if refused or pressed in {_SHOW, _REMOVE}:
        problems = [*refused, *check(BRAND, typed).problems]
        return section_page(
            request, draft, BRAND, Shown(typed, request.POST.get(SEEN, ""), problems)
        )
    return save_typed(request, draft, BRAND, typed)


def _with_upload(request: StaffRequest, typed: Typed) -> tuple[Typed, Sequence[tuple[str, str]]]:
    """Take an uploaded logo in: what was typed names it then. Returns what is wrong with it, too.

    It is stored at once, so that it needs not be chosen again after another field is mended; until
    a draft that names it is saved it is one of those that go some days later.
    """
    file = request.FILES.get(FILE)
    if file is None:
        return typed, ()
    try:
        logo = take_logo(content=file.read(LARGEST_UPLOAD + 1), by=request.user.id, at=clock.now())
    except DomainError as error:
        return typed, [(_AT, error.sentence)]
    return _with_logo(typed, logo.digest, str(logo.width), str(logo.height)), ()


def _with_logo(typed: Typed, *said: str) -> Typed:
    """Return what was typed with another logo, or with none."""
    digest, width, height = ([one] for one in said) if said else ([], [], [])
    return {**typed, _AT: digest, f"{_AT}_width": width, f"{_AT}_height": height}
