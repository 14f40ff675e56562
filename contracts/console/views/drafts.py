"""The pages of one's own draft: how far it has come, the whole of it as TOML, discarding it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from contracts.console.drafts.access import access_draft, find_draft
from contracts.console.drafts.beginnings import begin_with_published
from contracts.console.drafts.content import from_toml
from contracts.console.drafts.forms import TomlForm
from contracts.console.drafts.pages import draft_page, toml_of
from contracts.console.drafts.readiness import readiness_of
from contracts.console.models import Draft
from contracts.console.publications.access import list_open_publications
from contracts.console.publications.rights import find_contract
from contracts.console.services.drafts import (
    DraftExistsError,
    OtherSlugError,
    StaleDraftError,
    create_draft,
    discard_draft,
    save_draft,
)
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.http import get_only, get_or_post
from core.staff.access import StaffRequest, staff_page
from core.staff.contract_access import access_contract
from core.staff.contract_pages import contract_page
from core.staff.permissions import StaffPermission
from tenants.configuration.diff import Change, difference_of_values
from tenants.configuration.loading import DocumentErrors, Problem, parse_contract
from tenants.models import Contract

_CONFIGURE = StaffPermission.CONTRACTS_CONFIGURE
_FILE = "draft.toml"


@get_or_post
@staff_page(_CONFIGURE)
def draft(request: StaffRequest, slug: str) -> HttpResponse:
    """Show how far one's own draft has come; without one, offer to begin it, and do so."""
    published = Contract.objects.filter(slug=slug).exists()
    if published and (request.method == "POST" or find_draft(request.staff, slug) is None):
        return _begin(request, access_contract(request.staff, slug, _CONFIGURE))
    found = access_draft(request.staff, slug)
    contract = find_contract(slug)
    present = contract.revision if contract else None
    context = {
        "readiness": readiness_of(found, request.staff, at=clock.now()),
        "present": present,
        "waiting": list_open_publications(request.staff, slug),
        "is_behind": (present.number if present else None) != found.base_number,
    }
    return draft_page(request, "console/drafts/draft.html", found, context)


def _begin(request: StaffRequest, contract: Contract) -> HttpResponse:
    if request.method != "POST":
        return contract_page(request, "console/drafts/none.html", contract, "draft", {})
    at = clock.now()
    with suppress(DraftExistsError):  # pressed twice: it is there
        create_draft(
            slug=contract.slug,
            author=request.user.id,
            base=contract.revision.number if contract.revision else None,
            document=begin_with_published(contract, at=at),
            at=at,
        )
    return HttpResponseRedirect(reverse("console:draft", args=[contract.slug]))


@dataclass(frozen=True)
class _Tried:
    """What became of saving a text: what is wrong with it, and what was saved meanwhile."""

    problems: Sequence[Problem] = ()
    is_saved: bool = False
    meanwhile: Sequence[Change] = ()


@get_or_post
@keeps_typed(fields_named("toml", "version", "note"))
@staff_page(_CONFIGURE)
def draft_toml(request: StaffRequest, slug: str) -> HttpResponse:
    """Show one's own draft as TOML and save it, also while it has mistakes."""
    found, typed = access_draft(request.staff, slug), take_typed(request)
    initial = {"toml": toml_of(found), "version": found.version, "note": found.note, **typed}
    form, tried = TomlForm(request.POST or None, initial=initial), _Tried()
    if request.method == "POST" and form.is_valid():
        tried = _save(found, form)
        if tried.is_saved and not tried.problems:
            messages.success(request, "Saved.")
            return HttpResponseRedirect(reverse("console:draft", args=[slug]))
    context = {"form": form, "tried": tried, "typed_is_back": bool(typed)}
    return draft_page(request, "console/drafts/toml.html", found, context)


def _save(found: Draft, form: TomlForm) -> _Tried:
    """Save what can be kept, and find what is wrong with it, by lines of what was typed."""
    text = form.cleaned_data["toml"]
    document: dict[str, Any] = {}
    try:
        document = from_toml(text, file=_FILE)
        saved = save_draft(
            draft=found,
            document=document,
            version=form.cleaned_data["version"],
            by=found.author_id,
            note=form.cleaned_data["note"],
            at=clock.now(),
        )
    except DocumentErrors as error:
        return _Tried(error.problems)
    except OtherSlugError as error:
        form.add_error("toml", error.sentence)
        return _Tried()
    except StaleDraftError as error:
        form.add_error(None, error.sentence)
        return _Tried(meanwhile=_meanwhile(found, form, document))
    form.renew_version(saved.version)
    try:
        parse_contract(text, file=_FILE)
    except DocumentErrors as error:
        return _Tried(error.problems, is_saved=True)
    return _Tried(is_saved=True)


def _meanwhile(found: Draft, form: TomlForm, document: dict[str, Any]) -> Sequence[Change]:
    """Let the form be about what is saved by now; returns what saving it would change of that."""
    present = Draft.objects.filter(pk=found.pk).first()
    if present is None:
        return ()
    form.renew_version(present.version)
    return difference_of_values(present.document, document)


@get_only
@staff_page(_CONFIGURE)
def draft_download(request: StaffRequest, slug: str) -> HttpResponse:
    """Return one's own draft as a TOML file."""
    found = access_draft(request.staff, slug)
    return HttpResponse(
        toml_of(found),
        content_type="application/toml",
        headers={"Content-Disposition": f'attachment; filename="{slug}-draft.toml"'},
    )


@get_or_post
@staff_page(_CONFIGURE)
def draft_discard(request: StaffRequest, slug: str) -> HttpResponse:
    """Ask whether one's own draft is to go, and delete it."""
    found = access_draft(request.staff, slug)
    if request.method != "POST":
        return draft_page(request, "console/drafts/discard.html", found, {})
    discard_draft(draft=found, by=request.user.id, at=clock.now())
    messages.success(request, "The draft is discarded.")
    if find_contract(slug) is None:
        return HttpResponseRedirect(reverse("console:contracts"))
    return HttpResponseRedirect(reverse("console:contract", args=[slug]))
