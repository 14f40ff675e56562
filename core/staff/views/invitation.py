"""The pages behind the link of a staff invitation."""

from collections.abc import Mapping
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.access import SignedInRequest, signed_in
from core.accounts.policies import find_contract
from core.accounts.views.sign_in import NEXT_KEY
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post
from core.mfa.registering.journey import enter_mfa_registration
from core.staff.access import portal_only
from core.staff.forms import InviteeForm
from core.staff.models import StaffInvitation
from core.staff.selectors import find_followed_invitation, inviter_of
from core.staff.services.invitations import (
    InvitationOverError,
    accept_invitation,
    follow_invitation,
    name_invitee,
)

_KEY = "staff_invitation"


@get_or_post
@portal_only
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button; pressing it uses the link.

    GET looks nothing up: mail scanners follow links.
    """
    if request.method != "POST":
        return render(request, "staff/invitation.html")
    followed = follow_invitation(token=token, at=clock.now())
    if followed is None:
        # Another address than the token's: it stands in no log of refused requests.
        return HttpResponseRedirect(reverse("staff:invitation_ended"))
    request.session[_KEY] = str(followed.invitation.id)
    request.session[NEXT_KEY] = reverse("staff:home")
    target = "staff:invitation_accept" if followed.has_account else "staff:invitation_name"
    return HttpResponseRedirect(reverse(target))


@get_only
@portal_only
def invitation_ended(request: HttpRequest) -> HttpResponse:
    """Say that a link is used, expired, replaced or unknown, all alike."""
    return render(request, "staff/invitation_ended.html")


@get_or_post
@portal_only
def invitation_name(request: HttpRequest) -> HttpResponse:
    """Ask for name and username, then go on to the choice of a factor."""
    held = _held(request)
    if held is None:
        return HttpResponseRedirect(reverse("staff:invitation_ended"))
    known = {name: getattr(held, name) for name in ("first_name", "last_name", "username")}
    form = InviteeForm(request.POST or None, initial=known)
    if request.method == "POST" and form.is_valid():
        try:
            registration = name_invitee(invitation_id=held.id, at=clock.now(), **form.cleaned_data)
        except InvitationOverError:
            return HttpResponseRedirect(reverse("staff:invitation_ended"))
        return enter_mfa_registration(request, registration)
    return _page(request, "name", held, {"form": form})


@get_or_post
@portal_only
@signed_in
def invitation_accept(request: SignedInRequest) -> HttpResponse:
    """Let the signed-in owner of the invited address accept."""
    held = _held(request)
    if held is None:
        return HttpResponseRedirect(reverse("staff:invitation_ended"))
    refusal = ""
    if request.method == "POST":
        try:
            accept_invitation(invitation_id=held.id, user=request.user, at=clock.now())
        except DomainError as error:
            refusal = error.sentence
        else:
            del request.session[_KEY]
            return HttpResponseRedirect(reverse("staff:home"))
    return _page(request, "accept", held, {"refusal": refusal})


def _page(
    request: HttpRequest, name: str, held: StaffInvitation, context: Mapping[str, object]
) -> HttpResponse:
    """Draw a page behind a used link, which says to what one is invited and by whom."""
    contract = find_contract(held.contract_id) if held.contract_id else None
    what = {"invitation": held, "inviter": inviter_of(held), "contract": contract}
    return render(request, f"staff/invitation_{name}.html", {**what, **context})


def _held(request: HttpRequest) -> StaffInvitation | None:
    """Return the invitation whose link this browser used."""
    key = request.session.get(_KEY)
    return find_followed_invitation(UUID(key)) if key else None
