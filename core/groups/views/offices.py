"""The pages of an office's admins: its code, its people, and for whom it works."""

from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.accounts.access import SignedInRequest, signed_in
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post
from core.groups.grant_days import is_living, last_day_of
from core.groups.models import Invitation, Office
from core.groups.office_codes import in_blocks
from core.groups.office_forms import AssignForm
from core.groups.offices import (
    access_assignment,
    access_office,
    access_office_grant,
    contract_name,
    grant_rows,
    list_assignable,
    list_assigned,
    list_offices,
    list_people,
)
from core.groups.roles import terms_of
from core.groups.services.access_grants import end_access_as_office
from core.groups.services.assignments import assign_people, end_assignment_as_office
from core.groups.services.offices import close_office, replace_code
from core.groups.third_parties import any_lets_in
from core.groups.views.office_entering import (
    ask_before_grant,
    to_enter_for_office,
    wait_for_entry,
)
from core.groups.views.shared import act_and_return, done, refused
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.staff.access import portal_only


@get_only
@portal_only
@signed_in
def offices(request: SignedInRequest) -> HttpResponse:
    """Lead to the one office of the person, or list several."""
    own = list(list_offices(request.user))
    if len(own) == 1:
        return HttpResponseRedirect(reverse("offices:office", args=[own[0].id]))
    return office_render(request, "offices", {"offices": own, "can_register": any_lets_in()})


@get_only
@portal_only
@signed_in
def office(request: SignedInRequest, office_id: UUID) -> HttpResponse:
    """Show an office: what it gives away, for whom it works, and who works there."""
    found = access_office(request.user, office_id)
    rows = grant_rows(found, at=clock.now())
    reached = {row.grant.provider.contract_id for row in rows}
    to_enter = to_enter_for_office(request, reached, back_to=request.path)
    closed = {one.contract.id for one in to_enter}
    context = {
        "office": found,
        "code": in_blocks(found.code),
        "rows": [row for row in rows if row.grant.provider.contract_id not in closed],
        "to_enter": to_enter,
        "people": list_people(found, without=closed),
        "invitations": _invitations(found),
    }
    return office_render(request, "office", context)


@require_POST
@portal_only
@signed_in
def code(request: SignedInRequest, office_id: UUID) -> HttpResponse:
    """Give the office another code; the one before is dead."""
    found = access_office(request.user, office_id)
    back_to = reverse("offices:office", args=[found.id])
    told = "The office has a new code. The one before finds nobody any more; present access stays."
    act = partial(
        replace_code,
        office_id=found.id,
        seen=request.POST.get("seen", ""),
        by=request.user.id,
        at=clock.now(),
    )
    return act_and_return(request, act, told, back_to=back_to)


@get_or_post
@portal_only
@signed_in
def close(request: SignedInRequest, office_id: UUID) -> HttpResponse:
    """Close an office, on a page that says what ends with it."""
    found, at = access_office(request.user, office_id), clock.now()
    waits = wait_for_entry(request, found)
    if waits:
        return waits
    if not is_fresh(request, request.user, at=at):
        return to_confirmation(request)
    if request.method != "POST":
        rows, people = grant_rows(found, at=at), list_people(found).count()
        return office_render(request, "close", {"office": found, "rows": rows, "people": people})
    act = partial(close_office, office_id=found.id, by=request.user.id, at=at)
    return act_and_return(
        request, act, f"{found.name} was closed.", back_to=reverse("home"), otherwise=request.path
    )


@get_or_post
@portal_only
@signed_in
def grant(request: SignedInRequest, grant_id: UUID) -> HttpResponse:
    """Show access to one provider; choose who of the office works by it."""
    found = access_office_grant(request.user, grant_id)
    asked = ask_before_grant(request, found)
    if asked:
        return asked
    form = AssignForm(request.POST or None, people=list_assignable(found))
    if request.method == "POST" and form.is_valid():
        try:
            made = assign_people(
                grant_id=found.id, user_ids=form.chosen(), by=request.user.id, at=clock.now()
            )
        except DomainError as error:
            return refused(request, error, back_to=request.path)
        told = f"{len(made)} of your people can work for {found.provider.name} now."
        return done(request, told, back_to=request.path)
    context = {
        "office": found.office,
        "grant": found,
        "role": terms_of(found.role, found.provider.contract_id),
        "is_living": is_living(found, at=clock.now()),
        "last_day": last_day_of(found),
        "contract_name": contract_name(found),
        "assigned": list_assigned(found),
        "form": form,
    }
    return office_render(request, "grant", context)


@get_or_post
@portal_only
@signed_in
def grant_end(request: SignedInRequest, grant_id: UUID) -> HttpResponse:
    """End access to a provider, after a page that says what that means."""
    found = access_office_grant(request.user, grant_id)
    asked = ask_before_grant(request, found)
    if asked:
        return asked
    if request.method != "POST":
        context = {
            "office": found.office,
            "grant": found,
            "contract_name": contract_name(found),
            "people": list_assigned(found).count(),
        }
        return office_render(request, "grant_end", context)
    back_to = reverse("offices:office", args=[found.office_id])
    act = partial(end_access_as_office, grant_id=found.id, by=request.user.id, at=clock.now())
    return act_and_return(
        request, act, f"Your access to {found.provider.name} has ended.", back_to=back_to
    )


@require_POST
@portal_only
@signed_in
def assignment_end(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """Take one of the office's people out of a provider."""
    held = access_assignment(request.user, membership_id)
    asked = ask_before_grant(request, held.grant) if held.grant else None
    if asked:
        return asked
    back_to = reverse("offices:grant", args=[held.grant_id])
    try:
        end_assignment_as_office(membership_id=held.id, by=request.user.id, at=clock.now())
    except DomainError as error:
        return refused(request, error, back_to=back_to)
    return done(
        request, f"{held.user.get_full_name()} does not work there any more.", back_to=back_to
    )


def office_render(request: SignedInRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    """Render a page of an office."""
    return render(request, f"groups/office/{name}.html", {"nav_here": "office", **context})


def _invitations(found: Office) -> Any:
    return Invitation.objects.filter(Invitation.OPEN, group=found.group_id).order_by("-invited_at")
