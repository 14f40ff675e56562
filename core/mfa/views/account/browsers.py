"""My account: the browsers that sign in by themselves."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.accounts.access import SignedInRequest, before_entry, signed_in
from core.accounts.views.sign_in import LOGIN_OPTIONS
from core.common import clock
from core.common.http import get_only
from core.mfa.services.browsers import (
    forget_all_browsers,
    forget_own_browser,
    list_known_browsers,
)


@get_only
@signed_in
@before_entry
def browsers(request: SignedInRequest) -> HttpResponse:
    """List the remembered browsers: by which option, on which host, since when and until when."""
    found = [
        (browser, LOGIN_OPTIONS[browser.option])
        for browser in list_known_browsers(request.user, at=clock.now())
    ]
    return render(
        request, "accounts/my_account/browsers.html", {"browsers": found, "nav_here": "account"}
    )


@require_POST
@signed_in
@before_entry
def forget_one(request: SignedInRequest, browser_id: UUID) -> HttpResponse:
    """Forget one remembered browser."""
    forgotten = forget_own_browser(user_id=request.user.id, browser_id=browser_id, at=clock.now())
    told = "That browser is forgotten." if forgotten else "That browser was forgotten already."
    messages.success(request, told)
    return HttpResponseRedirect(reverse("mfa:account_browsers"))


@require_POST
@signed_in
@before_entry
def forget_all(request: SignedInRequest) -> HttpResponse:
    """Forget every remembered browser of the account."""
    user_id = request.user.id
    forget_all_browsers(user_id=user_id, reason="forgotten_by_owner", by=user_id, at=clock.now())
    messages.success(request, "All remembered browsers are forgotten.")
    return HttpResponseRedirect(reverse("mfa:account_browsers"))
