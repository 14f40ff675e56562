"""The page behind a link that begins the MFA registration of an account."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.common import clock
from core.common.http import get_only, get_or_post
from core.mfa.registering.journey import enter_mfa_registration
from core.mfa.services.registration_links import follow_account_link
from tenants.in_hand import contract_of


@get_or_post
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button; pressing it uses the link.

    GET looks nothing up: mail scanners follow links, and the page is the same for every token.
    """
    if request.method != "POST":
        return render(request, "mfa/link.html")
    registration = follow_account_link(contract=contract_of(request), token=token, at=clock.now())
    if registration is None:
        # Another address than the token's: it stands in no log of refused requests.
        return HttpResponseRedirect(reverse("mfa:link_ended"))
    return enter_mfa_registration(request, registration)


@get_only
def link_ended(request: HttpRequest) -> HttpResponse:
    """Say that a link is used, expired, replaced or unknown, all alike, and what to do now."""
    return render(request, "mfa/link_ended.html")
