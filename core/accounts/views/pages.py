"""Pages that help people who cannot sign in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.accounts.policies import offered_options
from core.common.http import get_only
from tenants.in_hand import contract_of


@get_only
def mfa_help(request: HttpRequest) -> HttpResponse:
    """List what can go wrong at sign-in, each with what to do."""
    return render(
        request, "accounts/mfa_help.html", {"options": offered_options(contract_of(request))}
    )
