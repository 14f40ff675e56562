"""The page of one section of a draft: its fields, what they would be otherwise, and saving them."""

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from contracts.console.drafts.access import access_draft
from contracts.console.drafts.content import sections
from contracts.console.drafts.pages import draft_page
from contracts.console.models import Draft
from contracts.console.sections.brand import BRAND
from contracts.console.sections.checking import check
from contracts.console.sections.nodes import Typed
from contracts.console.sections.pages import Shown, section_after, section_context, section_url
from contracts.console.sections.reading import section_node
from contracts.console.sections.rows import act_on_rows, full_lists, with_waiver
from contracts.console.sections.saving import mark_of, save_section
from contracts.console.sections.words import section_label
from contracts.console.services.drafts import OtherSlugError, StaleDraftError
from core.accounts.typed_forms import keeps_typed, take_typed
from core.common import clock
from core.common.http import get_or_post
from core.staff.access import StaffRequest, staff_page
from core.staff.permissions import StaffPermission
from tenants.configuration.diff import difference_of_values

SEEN: Final = "seen"
"""The input that tells which state of the section the form is about."""
_TYPED: Final = "typed"
_TEMPLATE: Final = "console/sections/section.html"
_TEMPLATES: Final = {BRAND: "console/sections/brand.html"}
"""Sections whose page shows more than their form."""
_NOT_TYPED: Final = {"csrfmiddlewaretoken"}


def keep_section(request: HttpRequest) -> Mapping[str, str]:
    """Keep all that was typed, as one text."""
    lists = {name: given for name, given in request.POST.lists() if name not in _NOT_TYPED}
    return {_TYPED: json.dumps(lists)}


@get_or_post
@keeps_typed(keep_section)
@staff_page(StaffPermission.CONTRACTS_CONFIGURE)
def draft_section(request: StaffRequest, slug: str, section: str) -> HttpResponse:
    """Show a section of one's own draft, act on the rows of its lists, and save it."""
    draft = access_draft(request.staff, slug)
    if section not in sections():
        raise Http404
    if request.method == "POST":
        typed = dict(request.POST.lists())
        acted = act_on_rows(section, typed, request.POST.get("do", ""))
        if acted is None:
            return save_typed(request, draft, section, typed)
        full = full_lists(section, typed, request.POST.get("do", ""))
        return section_page(request, draft, section, Shown(acted, request.POST.get(SEEN, ""), full))
    return open_section(request, draft, section)


def open_section(request: StaffRequest, draft: Draft, section: str) -> HttpResponse:
    """Answer with a section as it is saved, or as it was typed before a session ended."""
    if back := take_typed(request):
        typed = json.loads(back[_TYPED])
        shown = Shown(typed, "".join(typed.get(SEEN, ())), typed_is_back=True)
    else:
        typed = dict(section_node(section).typed(draft.document.get(section), section))
        waived = with_waiver(section, typed, request.GET.get("rule", ""))
        shown = Shown(waived, mark_of(draft, section), full_lists(section, waived))
    return section_page(request, draft, section, shown)


def save_typed(request: StaffRequest, draft: Draft, section: str, typed: Typed) -> HttpResponse:
    """Save what was typed and go on, or answer with what hinders it."""
    seen = request.POST.get(SEEN, "")
    checked = check(section, typed)
    if problems := full_lists(section, typed) or checked.problems:
        return section_page(request, draft, section, Shown(typed, seen, problems))
    try:
        save_section(
            draft=draft,
            section=section,
            value=checked.value,
            seen=seen,
            by=request.user.id,
            at=clock.now(),
        )
    except OtherSlugError as error:
        problems = [("contract-slug", error.sentence)]
        return section_page(request, draft, section, Shown(typed, seen, problems))
    except StaleDraftError:
        present = access_draft(request.staff, draft.slug)
        shown = _stale(present, section, typed, checked.value)
        return section_page(request, present, section, shown)
    messages.success(request, f"{section_label(section)}: saved.")
    return HttpResponseRedirect(_onward(draft, section, request.POST.get("do", "")))


def _stale(draft: Draft, section: str, typed: Typed, value: Any) -> Shown:
    """Keep what was typed; show what saving it after all would change."""
    saved = {section: draft.document.get(section)}
    found = difference_of_values(saved, {section: value})
    return Shown(typed, mark_of(draft, section), is_stale=True, meanwhile=found)


def _onward(draft: Draft, section: str, pressed: str) -> str:
    verb, _, rule = pressed.partition(" ")
    if verb == "waive":
        return f"{section_url(draft, 'waivers')}?{urlencode({'rule': rule})}"
    return section_url(draft, None if verb == "close" else section_after(section))


def section_page(request: StaffRequest, draft: Draft, section: str, shown: Shown) -> HttpResponse:
    """Answer with the page of a section."""
    context = section_context(draft, section, shown)
    return draft_page(request, _TEMPLATES.get(section, _TEMPLATE), draft, context)
