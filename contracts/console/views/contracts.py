"""Contracts for staff: the list, one contract, its history, a revision, rolling back."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from contracts.console.access import access_revision
from contracts.console.drafts.access import list_drafts, may_provision
from contracts.console.effects.pages import plan_shown
from contracts.console.forms import RollBackForm
from contracts.console.publications.access import list_open_publications
from contracts.console.publications.rights import needs_approval
from contracts.console.selectors import (
    PER_PAGE,
    contract_row,
    contract_rows,
    find_contracts,
)
from contracts.console.services.publications import Wish, plan_publication
from contracts.console.services.rolling_back import roll_back, rollback_note
from contracts.console.tasks import check_new_hosts
from core.accounts.selectors import names_of
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post
from core.groups.forms import SetupSearchForm
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.staff.access import StaffRequest, staff_page
from core.staff.contract_access import access_contract, holds, list_contracts
from core.staff.contract_pages import contract_page
from core.staff.permissions import StaffPermission
from tenants.configuration.diff import difference
from tenants.configuration.exporting import to_toml
from tenants.configuration.refusals import PublishedMeanwhileError
from tenants.configuration.revisions import document_of, is_in_force, read_contract_revision
from tenants.models import ContractRevision

_VIEW, _PUBLISH = StaffPermission.CONTRACTS_VIEW, StaffPermission.CONTRACTS_PUBLISH


@get_only
@staff_page(_VIEW)
def contracts(request: StaffRequest) -> HttpResponse:
    """List the contracts that one may see, with what is the matter with each."""
    form = SetupSearchForm(request.GET)
    found = find_contracts(list_contracts(request.staff), form.words())
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page", ""))
    rows = contract_rows(page, at=clock.now())
    context = {
        "nav_here": "contracts",
        "form": form,
        "page": page,
        "rows": rows,
        "may_begin": may_provision(request.staff),
        "drafts": list_drafts(request.staff),
        "waiting": list_open_publications(request.staff),
    }
    return render(request, "console/contracts.html", context)


@get_only
@staff_page(_VIEW)
def contract(request: StaffRequest, slug: str) -> HttpResponse:
    """Show one contract: what it is, and what is the matter with it."""
    found = access_contract(request.staff, slug)
    row = contract_row(list_contracts(request.staff), found, at=clock.now())
    context = {
        "row": row,
        "document": document_of(found.revision),
        "waiting": list_open_publications(request.staff, slug),
    }
    return contract_page(request, "console/overview.html", found, "overview", context)


@get_only
@staff_page(_VIEW)
def history(request: StaffRequest, slug: str) -> HttpResponse:
    """Show what was published when, by whom and why, newest first."""
    found = access_contract(request.staff, slug)
    revisions = Paginator(found.revisions.order_by("-number"), PER_PAGE)
    page = revisions.get_page(request.GET.get("page", ""))
    context = {"page": page, "names": names_of(one.published_by for one in page)}
    return contract_page(request, "console/history.html", found, "history", context)


@get_only
@staff_page(_VIEW)
def revision(request: StaffRequest, slug: str, number: int) -> HttpResponse:
    """Show what a revision changed, field by field."""
    found = access_revision(request.staff, slug, number)
    before = found.contract.revisions.filter(number__lt=number).order_by("-number").first()
    document = document_of(found)
    context = {
        "revision": found,
        "before": before,
        "changes": difference(document_of(before), document) if document else (),
        "is_readable": document is not None,
        "is_present": found.pk == found.contract.revision_id,
        "is_in_force": is_in_force(found),
        "names": names_of([found.published_by]),
        "may_roll_back": holds(request.staff, _PUBLISH, found.contract),
    }
    return contract_page(request, "console/revision.html", found.contract, "history", context)


@get_only
@staff_page(_VIEW)
def revision_toml(request: StaffRequest, slug: str, number: int) -> HttpResponse:
    """Return a revision's document as TOML, to keep or to publish elsewhere."""
    document = document_of(access_revision(request.staff, slug, number))
    if document is None:
        raise Http404
    name = f"{slug}-{number}.toml"
    return HttpResponse(
        to_toml(document),
        content_type="application/toml",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@get_or_post
@keeps_typed(fields_named("reason"))
@staff_page(_PUBLISH)
def rollback(request: StaffRequest, slug: str, number: int) -> HttpResponse:
    """Show what rolling back would change and whom it touches; with a reason, do it."""
    found, at = access_revision(request.staff, slug, number, _PUBLISH), clock.now()
    back_to = reverse("console:revision", args=[slug, number])
    document = document_of(found)
    if document is None or is_in_force(found):
        return HttpResponseRedirect(back_to)  # where it says so
    if not is_fresh(request, request.staff.user, at=at):
        return to_confirmation(request)
    typed = take_typed(request)
    present = found.contract.revision.number if found.contract.revision else 0
    form = RollBackForm(request.POST or None, initial={**typed, "base": present})
    if request.method == "POST" and form.is_valid():
        response = _roll_back(request, found, form)
        if response is not None:
            return response
    context = {
        "revision": found,
        "asks": needs_approval(request.staff, found.contract),
        **plan_shown(request.staff, document, at=at),
        "form": form,
        "typed_is_back": bool(typed),
    }
    return contract_page(request, "console/rollback.html", found.contract, "history", context)


def _roll_back(
    request: StaffRequest, found: ContractRevision, form: RollBackForm
) -> HttpResponse | None:
    """Do it, or ask for it where a second person approves; else say at the form why not."""
    try:
        if needs_approval(request.staff, found.contract):
            return _ask_to_roll_back(request, found, form)
        roll_back(
            revision=found,
            base=form.cleaned_data["base"],
            by=request.user.id,
            reason=form.cleaned_data["reason"],
            at=clock.now(),
        )
    except PublishedMeanwhileError as error:
        form.add_error(None, f"{error.sentence} Below is what rolling back would change by now.")
        form.renew_base(error.published)
        return None
    except DomainError as error:
        form.add_error(None, error.sentence)
        return None
    check_new_hosts(found.contract.slug)
    messages.success(request, f"Revision {found.number} is published again.")
    return HttpResponseRedirect(reverse("console:history", args=[found.contract.slug]))


def _ask_to_roll_back(
    request: StaffRequest, found: ContractRevision, form: RollBackForm
) -> HttpResponse:
    """Ask somebody else to approve it. Raises what `plan_publication` does."""
    made = plan_publication(
        wish=Wish(
            document=read_contract_revision(found),
            base=form.cleaned_data["base"],
            note=rollback_note(found, form.cleaned_data["reason"])[:300],
            needs_approval=True,
        ),
        author=request.staff.user,
        at=clock.now(),
    )
    return HttpResponseRedirect(reverse("console:publication", args=[found.contract.slug, made.id]))
