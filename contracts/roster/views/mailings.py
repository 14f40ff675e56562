"""Codes, letters and reminders: asked for, looked at while they are made, taken once."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localtime

from contracts.roster.entries.finding import EntryFilter, access_entry, find_entries
from contracts.roster.mailings.content import shown_codes
from contracts.roster.mailings.forms import MailingAskForm, RevokeForm
from contracts.roster.mailings.states import MailingAct, MailingForm, MailingState
from contracts.roster.models import Mailing, RosterEntry
from contracts.roster.selectors import issues_codes
from contracts.roster.services.codes import revoke_codes
from contracts.roster.services.mailing_work import work_on_mailing
from contracts.roster.services.mailings import (
    MailingMeanwhileError,
    begin_mailing,
    newest_codes,
    take_mailing,
)
from contracts.roster.tasks import make_mailing
from contracts.roster.uploads.access import roster_page
from contracts.roster.views.shared import roster_render
from core.accounts.selectors import names_of
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post, row_or_404
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.notifications.tasks import tell_workers
from core.staff.access import StaffRequest
from core.staff.contract_access import holds
from core.staff.permissions import StaffPermission
from tenants.context import require_contract
from tenants.models import Contract

_VIEW, _ISSUE = StaffPermission.ROSTER_VIEW, StaffPermission.CODES_ISSUE
_KEPT = fields_named("q", "city", "standing", "code", "form", "reason")
_TYPES = {
    MailingForm.LETTERS: ("application/pdf", "letters", "pdf"),
    MailingForm.SHEET: ("text/csv; charset=utf-8", "letters", "csv"),
}


@get_only
@roster_page(_VIEW)
def mailings(request: StaffRequest, contract: Contract) -> HttpResponse:
    """List what was made last, and offer to make more."""
    made = list(Mailing.objects.order_by("-asked_at", "-id")[:50])
    context = {
        "made": made,
        "names": names_of(one.asked_by for one in made),
        "has_codes": _has_codes(),
        "may_issue": holds(request.staff, _ISSUE, contract),
    }
    return roster_render(request, "mailings", contract, context)


@get_or_post
@keeps_typed(_KEPT)
@roster_page(_ISSUE)
def mailing_new(request: StaffRequest, contract: Contract, act: str) -> HttpResponse:
    """Ask for codes or reminders for the entries that a filter finds."""
    return _ask(request, contract, _act(act), None)


@get_or_post
@keeps_typed(_KEPT)
@roster_page(_ISSUE)
def entry_mailing(
    request: StaffRequest, contract: Contract, entry_id: UUID, act: str
) -> HttpResponse:
    """Ask for a code or a reminder for one entry."""
    return _ask(request, contract, _act(act), access_entry(entry_id))


@get_only
@roster_page(_VIEW)
def mailing(request: StaffRequest, contract: Contract, mailing_id: UUID) -> HttpResponse:
    """Show how far it is; who asked for it takes it here."""
    return roster_render(request, "mailing", contract, _shown(request, mailing_id))


@get_only
@roster_page(_VIEW)
def progress(request: StaffRequest, contract: Contract, mailing_id: UUID) -> HttpResponse:
    """Answer how far it is, for the page that waits."""
    context = {"contract": contract, **_shown(request, mailing_id)}
    return render(request, "roster/parts/mailing_progress.html", context)


@get_or_post
@roster_page(_ISSUE)
def take(request: StaffRequest, contract: Contract, mailing_id: UUID) -> HttpResponse:
    """Hand it over, once: as a file, or on a page that is shown this one time."""
    found = row_or_404(Mailing.objects.filter(asked_by=request.user.id), mailing_id)
    here = reverse("roster:mailing", args=[contract.slug, found.id])
    if request.method != "POST":
        return HttpResponseRedirect(here)  # back from a confirmation: the button is there
    if not is_fresh(request, request.user, at=clock.now()):
        return to_confirmation(request)
    try:
        content = take_mailing(mailing_id=found.id, by=request.user.id, at=clock.now())
    except DomainError as error:
        messages.warning(request, error.sentence)
        return HttpResponseRedirect(here)
    if found.form == MailingForm.SCREEN:
        context = {"mailing": found, "codes": shown_codes(content)}
        return roster_render(request, "mailing_codes", contract, context)
    kind, name, ending = _TYPES[MailingForm(found.form)]
    answer = HttpResponse(content, content_type=kind)
    day = f"{localtime(found.asked_at):%Y-%m-%d}"
    answer.headers["Content-Disposition"] = (
        f'attachment; filename="{contract.slug}-{name}-{day}.{ending}"'
    )
    return answer


@get_or_post
@keeps_typed(_KEPT)
@roster_page(_ISSUE)
def revoke(request: StaffRequest, contract: Contract) -> HttpResponse:
    """Ask whose codes end and why, and end them."""
    return _revoke(request, contract, None)


@get_or_post
@keeps_typed(_KEPT)
@roster_page(_ISSUE)
def entry_revoke(request: StaffRequest, contract: Contract, entry_id: UUID) -> HttpResponse:
    """Ask why the codes of one entry end, and end them."""
    return _revoke(request, contract, access_entry(entry_id))


def _ask(
    request: StaffRequest, contract: Contract, act: MailingAct, entry: RosterEntry | None
) -> HttpResponse:
    if act == MailingAct.ISSUE and not _has_codes():
        raise Http404
    at = clock.now()
    if not is_fresh(request, request.user, at=at):
        return to_confirmation(request)
    typed = take_typed(request)
    form = MailingAskForm(
        request.POST or None,
        initial=typed or _narrowed(request),
        act=act,
        seen=newest_codes(),
        entry=entry.id if entry else None,
        has_codes=_has_codes(),
    )
    if request.method == "POST" and form.is_valid() and (made := _begin(request, form)):
        return HttpResponseRedirect(reverse("roster:mailing", args=[contract.slug, made.id]))
    context = {"act": act, "entry": entry, "form": form, "typed_is_back": bool(typed)}
    return roster_render(request, "mailing_new", contract, context)


def _begin(request: StaffRequest, form: MailingAskForm) -> Mailing | None:
    """Begin it, or say at the form why not. One for a single entry is made at once."""
    at = clock.now()
    try:
        made = begin_mailing(asked=form.asked(), by=request.user.id, at=at)
    except MailingMeanwhileError as error:
        form.renew(newest_codes())
        form.add_error(None, error.sentence)
        return None
    except DomainError as error:
        form.add_error(None, error.sentence)
        return None
    if made.total > 1:
        tell_workers(make_mailing, str(made.id))
    else:
        while work_on_mailing(mailing_id=made.id, at=at):
            continue
    return made


def _revoke(request: StaffRequest, contract: Contract, entry: RosterEntry | None) -> HttpResponse:
    if not _has_codes():
        raise Http404
    at = clock.now()
    if not is_fresh(request, request.user, at=at):
        return to_confirmation(request)
    typed = take_typed(request)
    form = RevokeForm(
        request.POST or None,
        initial=typed or _narrowed(request),
        entry=entry.id if entry else None,
        has_codes=True,
    )
    if request.method == "POST" and form.is_valid():
        ended = revoke_codes(
            entries=find_entries(form.chosen(), at=at),
            reason=form.cleaned_data["reason"],
            by=request.user.id,
            at=at,
        )
        messages.success(request, f"{ended:,} code{'' if ended == 1 else 's'} revoked.")
        return HttpResponseRedirect(_back(contract, entry))
    context = {"entry": entry, "form": form, "typed_is_back": bool(typed)}
    return roster_render(request, "codes_revoke", contract, context)


def _back(contract: Contract, entry: RosterEntry | None) -> str:
    if entry is None:
        return reverse("roster:mailings", args=[contract.slug])
    return reverse("roster:entry", args=[contract.slug, entry.id])


def _shown(request: StaffRequest, mailing_id: UUID) -> dict[str, object]:
    found = row_or_404(Mailing.objects.all(), mailing_id)
    return {
        "mailing": found,
        "is_working": found.state == MailingState.WORKING,
        "may_take": found.state == MailingState.READY and found.asked_by == request.user.id,
        "names": names_of([found.asked_by]),
    }


def _act(name: str) -> MailingAct:
    try:
        return MailingAct(name)
    except ValueError as error:
        raise Http404 from error


def _narrowed(request: StaffRequest) -> dict[str, str]:
    """Return what a link to the form narrows it to."""
    return {name: request.GET[name] for name in EntryFilter().__dict__ if name in request.GET}


def _has_codes() -> bool:
    return issues_codes(require_contract().document.registration)
