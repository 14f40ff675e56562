"""The pages behind the link of an invitation."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.access import SignedInRequest, before_entry, signed_in
from core.accounts.views.sign_in import NEXT_KEY
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post
from core.groups.invitation_facts import names_in
from core.groups.models import Invitation
from core.groups.services.accepting import accept_invitation
from core.groups.services.invitations import find_linked_invitation, follow_invitation
from core.mfa.registering.journey import enter_mfa_registration
from tenants.in_hand import contract_of

_KEY = "invitation"


@get_or_post
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Say whose invitation it is, and show a button; pressing it uses the link.

    GET changes nothing: mail scanners follow links. It says no more than the mail that carries the
    link, and of a link that does not work nothing. The link works on the pages of the contract that
    invited; that of an office on the portal host.
    """
    contract = contract_of(request)
    if request.method != "POST":
        held = find_linked_invitation(contract=contract, token=token, at=clock.now())
        context = {"invitation": held, "offices": names_in(held) if held else []}
        return render(request, "groups/invitation_link.html", context)
    followed = follow_invitation(contract=contract, token=token, at=clock.now())
    if followed is None:
        # Another address than the token's: it stands in no log of refused requests.
        return HttpResponseRedirect(reverse("invitation_ended"))
    if followed.mfa_registration is not None:
        return enter_mfa_registration(request, followed.mfa_registration)
    request.session[_KEY] = str(followed.invitation.follow_id)
    request.session[NEXT_KEY] = reverse("invitation_accept")
    return HttpResponseRedirect(reverse("invitation_accept"))


@get_only
def invitation_ended(request: HttpRequest) -> HttpResponse:
    """Say that a link is used, expired, replaced or unknown, all alike, and what to do now."""
    return render(request, "mfa/link_ended.html")


@get_or_post
@signed_in
@before_entry
def invitation_accept(request: SignedInRequest) -> HttpResponse:
    """Let the signed-in owner of the invited address accept."""
    held = _held(request)
    if held is None:
        return HttpResponseRedirect(reverse("invitation_ended"))
    refusal = ""
    if request.method == "POST":
        try:
            accept_invitation(invitation_id=held.id, user=request.user, at=clock.now())
        except DomainError as error:
            refusal = error.sentence
        else:
            del request.session[_KEY]
            return HttpResponseRedirect(reverse("home"))
    context = {"invitation": held, "offices": names_in(held), "refusal": refusal}
    return render(request, "groups/invitation_accept.html", context)


def _held(request: HttpRequest) -> Invitation | None:
    """Return the open invitation whose link this browser used; a newer link ends that."""
    key = request.session.get(_KEY)
    found = Invitation.objects.filter(Invitation.OPEN)
    return found.filter(follow_id=UUID(key)).first() if key else None
