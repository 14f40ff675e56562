"""The page behind the link in the mail, and Reset for when it went wrong."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from contracts.registration.forms.following import ResetForm
from contracts.registration.services.links import follow_link, request_link
from contracts.registration.views.shared import posted, remote_address
from core.common import clock
from core.common.http import get_only, get_or_post
from core.mfa.registering.journey import enter_mfa_registration
from core.notifications.selectors import delivery_is_late
from tenants.in_hand import contract_of, path_in


@get_or_post
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button; pressing it uses the link.

    GET looks nothing up: mail scanners follow links, and the page is the same for every token.
    """
    if request.method != "POST":
        return render(request, "mfa/link.html")
    contract = contract_of(request)
    followed = follow_link(contract=contract, token=token, at=clock.now()) if contract else None
    if followed is None or contract is None:
        # Another address than the token's: it stands in no log of refused requests.
        return HttpResponseRedirect(reverse("registration:link_ended"))
    if followed.mfa_registration is None:
        target = path_in(
            contract, request, "registration:add_claimed", pending_id=followed.pending.id
        )
        return HttpResponseRedirect(target)
    return enter_mfa_registration(request, followed.mfa_registration)


@get_only
def link_ended(request: HttpRequest) -> HttpResponse:
    """Say that a link is used, expired, replaced or unknown, all alike, and what to do now."""
    return render(request, "registration/link_ended.html")


@get_or_post
def reset(request: HttpRequest) -> HttpResponse:
    """Mail a new link to whoever a username belongs to; the answer is always the same.

    For registrants, for people who were invited or came from an earlier portal, and for accounts
    whose registration was reset.
    """
    form = ResetForm(posted(request))
    if request.method != "POST" or not form.is_valid():
        return render(request, "registration/reset.html", {"form": form})
    at = clock.now()
    contract = contract_of(request)
    allowance = request_link(
        username=form.cleaned_data["username"],
        address=remote_address(),
        contract_id=contract.id if contract else None,
        at=at,
    )
    context = {
        "form": form,
        "sent": allowance.allowed,
        "retry_at": allowance.retry_at,
        "late": delivery_is_late(at=at),
    }
    status = 200 if allowance.allowed else 429
    return render(request, "registration/reset.html", context, status=status)
