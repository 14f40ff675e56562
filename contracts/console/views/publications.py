"""Publishing a draft, and what waits to be published: for approval, its time, a worker."""

from collections.abc import Mapping
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from contracts.console.drafts.access import access_draft
from contracts.console.drafts.pages import draft_page, slug_page
from contracts.console.drafts.readiness import Readiness, readiness_of
from contracts.console.effects.pages import effects_shown, plan_shown
from contracts.console.forms import DecideForm, PublishForm
from contracts.console.models import Draft, PlannedPublication
from contracts.console.publications.access import access_publication
from contracts.console.publications.facts import document_planned, facts_of
from contracts.console.publications.rights import (
    find_contract,
    may_publish,
    needs_approval,
    require_publishing,
)
from contracts.console.services.carrying_out import ask_to_go_on
from contracts.console.services.publications import (
    Wish,
    approve_publication,
    decline_publication,
    plan_publication,
    withdraw_publication,
)
from contracts.console.tasks import carry_out_publication
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.notifications.tasks import tell_workers
from core.staff.access import StaffRequest, staff_page
from core.staff.permissions import StaffPermission
from tenants.configuration.refusals import PublishedMeanwhileError

_VIEW, _PUBLISH = StaffPermission.CONTRACTS_VIEW, StaffPermission.CONTRACTS_PUBLISH
_CONFIGURE = StaffPermission.CONTRACTS_CONFIGURE


@get_or_post
@keeps_typed(fields_named("when", "due_on", "due_time", "reason"))
@staff_page(_CONFIGURE)
def review(request: StaffRequest, slug: str) -> HttpResponse:
    """Show what publishing one's own draft would change; with a reason, publish or ask for it."""
    draft, at = access_draft(request.staff, slug), clock.now()
    readiness = readiness_of(draft, request.staff, at=at)
    if readiness.document is None:
        return HttpResponseRedirect(reverse("console:draft", args=[slug]))  # what to mend is there
    contract = find_contract(slug)
    asks = needs_approval(request.staff, contract)
    if not asks:
        require_publishing(request.staff, contract)  # it is published by whoever asks for it
    if not is_fresh(request, request.staff.user, at=at):
        return to_confirmation(request)
    typed = take_typed(request)
    initial = {**typed, "base": draft.base_number or 0, "version": draft.version}
    initial.setdefault("reason", draft.note)
    form = PublishForm(
        request.POST or None,
        initial=initial,
        zone=readiness.document.contract.time_zone,
        at=at,
    )
    if request.method == "POST" and form.is_valid():
        response = _publish(request, draft, readiness, form)
        if response is not None:
            return response
    context = {
        "readiness": readiness,
        "plan": readiness.plan,
        "form": form,
        "asks": asks,
        "present": contract.revision if contract else None,
        "is_behind": _is_behind(readiness, draft),
        "typed_is_back": bool(typed),
        **effects_shown(request.staff, readiness.document, at=at),
    }
    return draft_page(request, "console/drafts/review.html", draft, context)


def _publish(
    request: StaffRequest, draft: Draft, readiness: Readiness, form: PublishForm
) -> HttpResponse | None:
    """Write the publication down and tell a worker, or say at the form why not."""
    asked = form.cleaned_data
    if asked["version"] != draft.version or readiness.document is None:
        form.add_error(None, "The draft was changed meanwhile. Look at what it would change now.")
        form.renew(base=draft.base_number, version=draft.version)
        return None
    wish = Wish(
        document=readiness.document,
        base=draft.base_number,
        note=asked["reason"],
        due_at=asked["due_at"],
        needs_approval=needs_approval(request.staff, find_contract(draft.slug)),
    )
    try:
        made = plan_publication(wish=wish, author=request.staff.user, at=clock.now())
    except PublishedMeanwhileError as error:
        form.add_error(None, f"{error.sentence} Carry your draft over first.")
        return None
    except DomainError as error:
        form.add_error(None, error.sentence)
        return None
    tell_workers(carry_out_publication, str(made.id))
    return _to(made)


@get_only
@staff_page(_VIEW)
def publication(request: StaffRequest, slug: str, publication_id: UUID) -> HttpResponse:
    """Show what waits or waited to be published, how far it is, and what one can do about it."""
    found = access_publication(request.staff, slug, publication_id)
    return _page(request, "publication", found, {})


@get_only
@staff_page(_VIEW)
def progress(request: StaffRequest, slug: str, publication_id: UUID) -> HttpResponse:
    """Answer how far it is, for the page that waits."""
    found = access_publication(request.staff, slug, publication_id)
    context = {"facts": facts_of(found, request.staff, at=clock.now()), "publication": found}
    return render(request, "console/parts/publication_progress.html", context)


@get_or_post
@keeps_typed(fields_named("decision", "reason"))
@staff_page(_PUBLISH)
def decide(request: StaffRequest, slug: str, publication_id: UUID) -> HttpResponse:
    """Show what somebody else wants published; with a reason, approve or decline it."""
    found, at = access_publication(request.staff, slug, publication_id, _PUBLISH), clock.now()
    facts = facts_of(found, request.staff, at=at)
    if not facts.may_decide:
        return _to(found)  # where it says how it stands
    if facts.is_behind and request.POST.get("decision") == "approve":
        return HttpResponseRedirect(request.path)  # where it says that it cannot be
    require_publishing(request.staff, find_contract(slug))
    if not is_fresh(request, request.staff.user, at=at):
        return to_confirmation(request)
    typed = take_typed(request)
    form = DecideForm(request.POST or None, initial=typed or None, is_behind=facts.is_behind)
    if request.method == "POST" and form.is_valid() and _decide(request, found, form):
        return _to(found)
    document = document_planned(found)
    touched = plan_shown(request.staff, document, at=at) if document else {}
    return _page(request, "decide", found, {"form": form, "typed_is_back": bool(typed), **touched})


def _decide(request: StaffRequest, found: PlannedPublication, form: DecideForm) -> bool:
    approves = form.cleaned_data["decision"] == "approve"
    act = approve_publication if approves else decline_publication
    try:
        act(
            publication=found,
            by=request.user.id,
            reason=form.cleaned_data["reason"],
            at=clock.now(),
        )
    except DomainError as error:
        form.add_error(None, error.sentence)
        return False
    if approves:
        tell_workers(carry_out_publication, str(found.id))
    return True


@staff_page(_CONFIGURE)
@require_POST
def withdraw(request: StaffRequest, slug: str, publication_id: UUID) -> HttpResponse:
    """Take back what one has asked for oneself, or what waits where one may publish."""
    found = access_publication(request.staff, slug, publication_id, _CONFIGURE)
    if not facts_of(found, request.staff, at=clock.now()).is_theirs_to_withdraw:
        raise Http404
    if found.author_id != request.user.id:
        require_publishing(request.staff, find_contract(slug))
    try:
        withdraw_publication(publication=found, by=request.user.id, at=clock.now())
    except DomainError as error:
        messages.warning(request, error.sentence)
    else:
        messages.success(request, "The publication is withdrawn. Nothing was published.")
    return _to(found)


@get_or_post
@staff_page(_PUBLISH)
def go_on(request: StaffRequest, slug: str, publication_id: UUID) -> HttpResponse:
    """Have a publication taken up again whose worker was lost."""
    found, at = access_publication(request.staff, slug, publication_id, _PUBLISH), clock.now()
    contract = find_contract(slug)
    if not may_publish(request.staff, contract):
        raise Http404
    require_publishing(request.staff, contract)
    if request.method != "POST":
        return _to(found)  # back from a confirmation: the button is there
    if not is_fresh(request, request.staff.user, at=at):
        return to_confirmation(request)
    if ask_to_go_on(publication_id=found.id, by=request.user.id, at=at):
        tell_workers(carry_out_publication, str(found.id))
    else:
        messages.warning(request, "Its worker is not lost. Wait until it is done.")
    return _to(found)


def _is_behind(readiness: Readiness, draft: Draft) -> bool:
    return readiness.plan is not None and readiness.plan.base != draft.base_number


def _page(
    request: StaffRequest, name: str, found: PlannedPublication, more: Mapping[str, object]
) -> HttpResponse:
    context = {
        "publication": found,
        "facts": facts_of(found, request.staff, at=clock.now()),
        **more,
    }
    template = f"console/{name}.html"
    called = found.document["contract"]["name"]
    return slug_page(request, template, found.slug, called, context)


def _to(found: PlannedPublication) -> HttpResponse:
    return HttpResponseRedirect(reverse("console:publication", args=[found.slug, found.id]))
