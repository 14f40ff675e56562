"""Pages that help people who cannot sign in."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.columns import keep_column
from core.accounts.policies import offered_options
from core.common.http import get_only, get_or_post
from tenants.in_hand import contract_of


@get_only
def mfa_help(request: HttpRequest) -> HttpResponse:
    """List what can go wrong at sign-in, each with what to do."""
    return render(
        request, "accounts/mfa_help.html", {"options": offered_options(contract_of(request))}
    )


@get_or_post
def employee_login(request: HttpRequest) -> HttpResponse:
    """Say that no company identity provider is connected, and whom to ask.

    The employees' LOGIN is a POST that keeps or forgets the choice of column (Remember Me) first.
    """
    if request.method == "POST":
        response = HttpResponseRedirect(reverse("employee_login"))
        keep_column(response, kept="remember_column" in request.POST)
        return response
    return render(request, "accounts/employee_login.html")
