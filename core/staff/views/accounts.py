"""Find an account, look at it, and act on it with a reason."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.models import User
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.staff.access import StaffRequest, staff_page
from core.staff.account_access import access_account
from core.staff.account_facts import AccountFacts, events_of_account, facts_of_account, seen_entries
from core.staff.acting import require_right
from core.staff.acts import ACTS, Act, offered_acts
from core.staff.forms import ReasonForm, SearchForm
from core.staff.lookups import remember_lookup, was_looked_up
from core.staff.people import UnfinishedRegistration, unfinished_registrations
from core.staff.permissions import StaffPermission
from core.staff.resting import waits_for_service
from core.staff.services.desk import resend_registration_link
from core.staff.services.finding import find_people
from tenants import registry
from tenants.context import ActiveContract

PER_PAGE: Final = 50


@get_or_post
@keeps_typed(fields_named("by", "value", "contract", "reason"))
@staff_page(StaffPermission.USERS_VIEW)
def find(request: StaffRequest) -> HttpResponse:
    """Look somebody up by something exact, with a reason."""
    typed = take_typed(request)
    form = SearchForm(request.POST or None, initial=typed, contracts=_contracts(request))
    context: dict[str, object] = {
        "form": form,
        "again": "again" in request.GET,
        "typed_is_back": bool(typed),
    }
    if request.method == "POST" and form.is_valid():
        at = clock.now()
        found = find_people(
            staff=request.staff, search=form.search(), reason=form.cleaned_data["reason"], at=at
        )
        keys = [user.id for user in found.accounts] + [one.id for one in found.registrations]
        remember_lookup(request, keys, at=at)
        context["found"] = found
        context["is_empty"] = not keys
    return _page(request, "find", context)


@get_only
@staff_page(StaffPermission.USERS_VIEW)
def account(request: StaffRequest, account_id: UUID) -> HttpResponse:
    """Show the state of an account that was looked up in this session."""
    facts = _load(request, account_id)
    if facts is None:
        return _look_up_first()
    context = {
        "facts": facts,
        "acts": offered_acts(request.staff, facts),
        "is_self": facts.user.id == request.staff.user.id,
        "is_staff": facts.user.is_staff_member,
    }
    return _page(request, "account", context)


@get_only
@staff_page(StaffPermission.USERS_VIEW)
def history(request: StaffRequest, account_id: UUID) -> HttpResponse:
    """Show everything that was recorded of an account that was looked up in this session."""
    facts = _load(request, account_id)
    if facts is None:
        return _look_up_first()
    events = Paginator(events_of_account(request.staff, account_id), PER_PAGE)
    page = events.get_page(request.GET.get("page", ""))
    context = {"facts": facts, "page": page, "entries": seen_entries(request.staff, page)}
    return _page(request, "account_history", context)


@get_or_post
@keeps_typed(fields_named("reason"))
@staff_page(StaffPermission.USERS_VIEW)
def act_on(request: StaffRequest, account_id: UUID, name: str) -> HttpResponse:
    """Ask for the reason of an act, then do it."""
    act = ACTS.get(name)
    facts = _load(request, account_id)
    if act is None:
        raise Http404
    if facts is None:
        return _look_up_first()
    _require(request, act, facts)
    if not act.fits(facts):
        # Somebody else was faster, or the page is old: the account as it is now says so.
        return _back_to(facts.user)
    if act.changes and not is_fresh(request, request.staff.user, at=clock.now()):
        return to_confirmation(request)
    typed = take_typed(request)
    form = ReasonForm(request.POST or None, initial=typed)
    if request.method == "POST" and form.is_valid():
        try:
            act.carry_out(
                user_id=account_id,
                reason=form.cleaned_data["reason"],
                by=request.staff.user.id,
                at=clock.now(),
            )
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, act.done)
            return _back_to(facts.user)
    context = {"form": form, "act": act, "facts": facts, "typed_is_back": bool(typed)}
    return _page(request, "act", context)


@get_or_post
@keeps_typed(fields_named("reason"))
@staff_page(StaffPermission.REGISTRATIONS_VIEW)
@waits_for_service
def registration(request: StaffRequest, registration_id: UUID) -> HttpResponse:
    """Show a registration that has made no account yet, and send its link anew."""
    at = clock.now()
    found = _unfinished(request, registration_id)
    if not was_looked_up(request, registration_id, at=at):
        return _look_up_first()
    may_resend = request.staff.scope(StaffPermission.USERS_RESEND).covers(found.contract_id)
    typed = take_typed(request)
    form = ReasonForm(request.POST or None, initial=typed)
    if request.method == "POST":
        right = StaffPermission.USERS_RESEND
        require_right(request.staff, right, held=may_resend, contract_id=found.contract_id)
    if request.method == "POST" and form.is_valid():
        try:
            resend_registration_link(
                registration_id=found.id,
                contract_id=found.contract_id,
                reason=form.cleaned_data["reason"],
                by=request.staff.user.id,
                at=at,
            )
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "The link is on its way to the address that was registered.")
            return HttpResponseRedirect(reverse("staff:registration", args=[found.id]))
    context = {
        "form": form,
        "found": found,
        "contract": registry.get_contract_by_id(found.contract_id),
        "may_resend": may_resend,
        "typed_is_back": bool(typed),
    }
    return _page(request, "registration", context)


def _contracts(request: StaffRequest) -> Sequence[ActiveContract]:
    return request.staff.scope(StaffPermission.USERS_VIEW).in_service()


def _load(request: StaffRequest, account_id: UUID) -> AccountFacts | None:
    """Return an account in scope; None when nobody looked it up. Http404 out of scope."""
    at = clock.now()
    user = access_account(request.staff, account_id)
    if not was_looked_up(request, account_id, at=at):
        return None
    return facts_of_account(request.staff, user, at=at)


def _require(request: StaffRequest, act: Act, facts: AccountFacts) -> None:
    held = act.allowed_to(request.staff, facts)
    right = act.right_for(facts) if held else act.permission
    require_right(request.staff, right, held=held, about=facts.user.id)


def _unfinished(request: StaffRequest, registration_id: UUID) -> UnfinishedRegistration:
    registrations = unfinished_registrations()
    found = registrations.get(registration_id, at=clock.now()) if registrations else None
    scope = request.staff.scope(StaffPermission.REGISTRATIONS_VIEW)
    if found is None or not scope.covers(found.contract_id):
        raise Http404
    return found


def _look_up_first() -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('staff:find')}?again")


def _back_to(user: User) -> HttpResponse:
    return HttpResponseRedirect(reverse("staff:account", args=[user.id]))


def _page(request: StaffRequest, name: str, context: dict[str, object]) -> HttpResponse:
    return render(request, f"staff/{name}.html", {"nav_here": "accounts", **context})
