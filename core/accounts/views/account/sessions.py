"""My account: where one is signed in, and out again from here."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.accounts.access import SignedInRequest, before_entry, signed_in
from core.accounts.services.own_sessions import end_other_sessions, end_own_session
from core.accounts.sessions.lifecycle import sign_in_of
from core.accounts.sessions.own import list_own_sessions
from core.common import clock
from core.common.http import get_only


@get_only
@signed_in
@before_entry
def sessions(request: SignedInRequest) -> HttpResponse:
    """List the browsers that are signed in now, this one first."""
    found = list_own_sessions(request.user, this=sign_in_of(request), at=clock.now())
    context = {"sessions": found, "nav_here": "account"}
    return render(request, "accounts/my_account/sessions.html", context)


@require_POST
@signed_in
@before_entry
def end_one(request: SignedInRequest, sign_in: UUID) -> HttpResponse:
    """End another session of the account; this one ends by Sign out."""
    if sign_in == sign_in_of(request):
        return HttpResponseRedirect(reverse("account_sessions"))
    if end_own_session(user_id=request.user.id, sign_in=sign_in, at=clock.now()):
        messages.success(request, "That browser is signed out.")
    else:
        messages.info(request, "That browser was signed out already.")
    return HttpResponseRedirect(reverse("account_sessions"))


@require_POST
@signed_in
@before_entry
def end_others(request: SignedInRequest) -> HttpResponse:
    """End every session of the account but this one."""
    keep = sign_in_of(request)
    if keep is not None:
        ended = end_other_sessions(user_id=request.user.id, keep=keep, at=clock.now())
        told = "All other browsers are signed out." if ended else "No other browser was signed in."
        messages.success(request, told)
    return HttpResponseRedirect(reverse("account_sessions"))
