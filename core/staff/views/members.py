"""Who holds a staff role, who is invited to one; invite, withdraw, end."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import RecordedRefusal, get_only, get_or_post, row_or_404
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.staff.access import StaffRequest, staff_page
from core.staff.forms import AppointForm, ReasonForm
from core.staff.models import StaffInvitation, StaffMember
from core.staff.permissions import StaffPermission
from core.staff.selectors import list_open_invitations, list_staff
from core.staff.services.appointing import (
    appoint,
    dismiss,
    may_manage,
    note_refused,
    withdraw,
)
from tenants import registry

_SEE, _MANAGE = StaffPermission.STAFF_VIEW, StaffPermission.STAFF_MANAGE


@get_only
@staff_page(_SEE)
def members(request: StaffRequest) -> HttpResponse:
    """List the roles that hold now and the open invitations, as far as one may see them."""
    scope, staff = request.staff.scope(_SEE), request.staff
    held = scope.narrow(list_staff(at=clock.now())).select_related("user")
    names = _names()
    context = {
        "held": [(one, _where(one.contract_id, names), _may_end(request, one)) for one in held],
        "invited": [
            (one, _where(one.contract_id, names), may_manage(staff, one.contract_id))
            for one in scope.narrow(list_open_invitations())
        ],
        "may_invite": staff.may(_MANAGE),
    }
    return _page(request, "members", context)


@get_or_post
@keeps_typed(fields_named("email", "role", "contract", "last_day", "reason"))
@staff_page(_MANAGE)
def invite(request: StaffRequest) -> HttpResponse:
    """Mail an invitation to a role; with a fresh sign-in and a reason."""
    if not _is_fresh(request):
        return to_confirmation(request)
    typed = take_typed(request)
    scope = request.staff.scope(_MANAGE)
    form = AppointForm(request.POST or None, initial=typed, scope=scope)
    if request.method == "POST" and form.is_valid():
        try:
            appoint(
                staff=request.staff,
                appointment=form.appointment(),
                reason=form.cleaned_data["reason"],
                at=clock.now(),
            )
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "The invitation is on its way.")
            return HttpResponseRedirect(reverse("staff:members"))
    return _page(request, "member_invite", {"form": form, "typed_is_back": bool(typed)})


@get_or_post
@keeps_typed(fields_named("reason"))
@staff_page(_MANAGE)
def end_role(request: StaffRequest, member_id: UUID) -> HttpResponse:
    """Ask why, then end a role."""
    seen = request.staff.scope(_SEE).narrow(list_staff(at=clock.now()))
    member = row_or_404(seen.select_related("user"), member_id)
    return _with_reason(
        request,
        what=member,
        words=(f"End the role of {member.user.get_full_name()}", "The role has ended."),
    )


@get_or_post
@keeps_typed(fields_named("reason"))
@staff_page(_MANAGE)
def withdraw_invitation(request: StaffRequest, invitation_id: UUID) -> HttpResponse:
    """Ask why, then take an invitation back."""
    seen = request.staff.scope(_SEE).narrow(list_open_invitations())
    invitation = row_or_404(seen, invitation_id)
    return _with_reason(
        request,
        what=invitation,
        words=(f"Withdraw the invitation of {invitation.email}", "The invitation is withdrawn."),
    )


def _with_reason(
    request: StaffRequest, *, what: StaffMember | StaffInvitation, words: tuple[str, str]
) -> HttpResponse:
    if not may_manage(request.staff, what.contract_id):
        note_refused(request.staff, what.contract_id, at=clock.now())
        raise RecordedRefusal
    if not _is_fresh(request):
        return to_confirmation(request)
    typed = take_typed(request)
    form = ReasonForm(request.POST or None, initial=typed)
    if request.method == "POST" and form.is_valid():
        try:
            done = _carry_out(request, what, form.cleaned_data["reason"])
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, words[1] if done else "Somebody else was faster.")
            return HttpResponseRedirect(reverse("staff:members"))
    context = {
        "form": form,
        "heading": words[0],
        "what": what,
        "where": _where(what.contract_id, _names()),
        "typed_is_back": bool(typed),
    }
    return _page(request, "member_act", context)


def _carry_out(request: StaffRequest, what: StaffMember | StaffInvitation, reason: str) -> bool:
    at = clock.now()
    if isinstance(what, StaffMember):
        return dismiss(staff=request.staff, member=what, reason=reason, at=at)
    return withdraw(staff=request.staff, invitation=what, reason=reason, at=at)


def _may_end(request: StaffRequest, member: StaffMember) -> bool:
    own, by_claims = member.user_id == request.staff.user.id, bool(member.issuer)
    return not own and not by_claims and may_manage(request.staff, member.contract_id)


def _is_fresh(request: StaffRequest) -> bool:
    return is_fresh(request, request.staff.user, at=clock.now())


def _names() -> dict[UUID, str]:
    return {contract.id: contract.name for contract in registry.list_contracts()}


def _where(contract_id: UUID | None, names: dict[UUID, str]) -> str:
    if contract_id is None:
        return "whole deployment"
    return names.get(contract_id, "a program that is out of service")


def _page(request: StaffRequest, name: str, context: dict[str, object]) -> HttpResponse:
    return render(request, f"staff/{name}.html", {"nav_here": "members", **context})
