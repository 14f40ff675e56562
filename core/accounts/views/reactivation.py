"""Open one's own account again after nobody used it."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.policies import policy_for
from core.accounts.services.inactivity import reopen_own_account
from core.accounts.signing_in.allauth_wrapper import drop_sign_in, find_stage, pending_page
from core.accounts.signing_in.stages import ReactivationStage
from core.common import clock
from core.common.http import get_or_post


@get_or_post
def reactivate(request: HttpRequest) -> HttpResponse:
    """Say that the account is closed and why, and open it at the press of a button.

    Only who has just proven password and factor comes here; the sign-in then goes on.
    """
    stage = find_stage(request, ReactivationStage.key)
    if stage is None:
        pending = pending_page(request, besides=ReactivationStage.key)
        target = reverse("home" if request.user.is_authenticated else "login_options")
        return HttpResponseRedirect(pending or target)
    if request.method != "POST":
        context = {"days": policy_for(stage.user).accounts.inactivity_days}
        return render(request, "accounts/reactivate.html", context)
    if request.POST.get("action") != "open":
        drop_sign_in(request)
        return HttpResponseRedirect(reverse("login_options"))
    attempt = stage.attempt
    user = reopen_own_account(
        user_id=stage.user.id, security_epoch=attempt.security_epoch, at=clock.now()
    )
    if user is None:
        drop_sign_in(request)
        return HttpResponseRedirect(reverse("mfa_help"))
    stage.login.user = user
    attempt.security_epoch = user.security_epoch
    stage.keep(attempt)
    return stage.finish()
