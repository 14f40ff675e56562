"""Forgot password: address, code, the account's own factor, new password."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from core.accounts.models import User
from core.accounts.passwords.hashers import HashingBusyError
from core.accounts.passwords.rules import describe_rules
from core.accounts.policies import effective_policy, password_rules
from core.accounts.services.passwords import WeakPasswordError
from core.accounts.signing_in.allauth_wrapper import SignInAttempt, sign_in_proven
from core.accounts.views.sign_in import take_next
from core.common import clock
from core.common.context import current_context
from core.common.http import get_only, get_or_post
from core.common.ids import uuid7
from core.mfa.forms import CodeForm, ForgotForm, PasswordForm, PresentPasswordForm
from core.mfa.policies import METHOD_OF_CHANNEL
from core.mfa.proving.proofs import ProofUrls
from core.mfa.resets.journey import (
    PAGES,
    enter_reset,
    find_own_reset,
    leave_reset,
    own_reset_id,
)
from core.mfa.resets.states import ResetStep
from core.mfa.selectors import ChallengeView, challenge_state
from core.mfa.services.challenges import Verdict
from core.mfa.services.resets import (
    ResetOverError,
    ResetRun,
    WrongResetStepError,
    begin_reset,
    find_just_completed,
    finish_reset,
    prove_present_password,
    send_reset_code,
    verify_reset_code,
)
from core.mfa.services.resets.runs import asker_of
from core.mfa.views.proving import proof_call_state, proof_page
from core.mfa.views.refusals import why_not_sent, why_not_verified
from core.mfa.views.reset_holder import ResetHolder, over, tries_used_up
from tenants.in_hand import brand_of, contract_key_of, contract_of

URLS = ProofUrls(page="mfa:reset_proof", call="mfa:reset_call_state")
HOLDER = ResetHolder()
RunView = Callable[[HttpRequest, ResetRun], HttpResponse]


@get_or_post
def forgot(request: HttpRequest) -> HttpResponse:
    """Ask for the address and send a code to it; the answer is the same for every address."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(reverse("home"))
    form = ForgotForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "mfa/reset_email.html", {"form": form})
    contract = contract_of(request)
    begun = begin_reset(
        email=form.cleaned_data["email"],
        contract_id=contract.id if contract else None,
        address=current_context().remote_address,
        replaces=own_reset_id(request),
        at=clock.now(),
    )
    if begun.reset is None:
        context = {"form": form, "retry_at": begun.retry_at}
        return render(request, "mfa/reset_email.html", context, status=429)
    enter_reset(request, begun.reset)
    return HttpResponseRedirect(reverse("mfa:reset_code"))


def reset_page(*steps: ResetStep) -> Callable[[RunView], Callable[[HttpRequest], HttpResponse]]:
    """Open a page for the run of this browser when its step is pending, or lead to the step.

    What the address bar says never skips a step; a run that has ended says how to begin again.
    """

    def decorate(view: RunView) -> Callable[[HttpRequest], HttpResponse]:
        @wraps(view)
        def page(request: HttpRequest) -> HttpResponse:
            if request.user.is_authenticated:
                return HttpResponseRedirect(reverse("home"))
            run = find_own_reset(request, at=clock.now())
            if run is None:
                return _after_the_end(request)
            if steps and run.step not in steps:
                return HttpResponseRedirect(reverse(PAGES[run.step]))
            try:
                return view(request, run)
            except ResetOverError:
                return _after_the_end(request)
            except WrongResetStepError:
                # Another tab was faster.
                return HttpResponseRedirect(reverse("mfa:reset_code"))

        return page

    return decorate


@get_or_post
@reset_page()
def reset_code(request: HttpRequest, run: ResetRun) -> HttpResponse:
    """Take the code of the mail; once it was right, say so and lead on."""
    if run.step is not ResetStep.CODE:
        context = {"email": run.reset.email, "next": reverse(PAGES[run.step])}
        return render(request, "mfa/reset_verified.html", context)
    match request.POST.get("action", ""):
        case "send":
            started = send_reset_code(reset_id=run.reset.id, at=clock.now())
            if started.challenge is not None:
                return HttpResponseRedirect(reverse("mfa:reset_code"))
            return _code_page(request, run, why_not_sent(started))
        case "verify":
            return _verify_code(request, run)
    return _code_page(request, run, {})


def _verify_code(request: HttpRequest, run: ResetRun) -> HttpResponse:
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _code_page(request, run, {"form": form})
    result = verify_reset_code(
        reset_id=run.reset.id, code=form.cleaned_data["code"], at=clock.now()
    )
    if not result.is_ok:
        form.add_error("code", why_not_verified(result))
        return _code_page(request, run, {"form": form})
    request.session.cycle_key()
    return HttpResponseRedirect(reverse("mfa:reset_code"))


def _code_page(request: HttpRequest, run: ResetRun, extra: dict[str, object]) -> HttpResponse:
    context = {
        "form": CodeForm(),
        "challenge": _challenge_of(run),
        "email": run.reset.email,
        "expires_at": run.reset.expires_at,
    }
    return render(request, "mfa/reset_code.html", {**context, **extra})


def _challenge_of(run: ResetRun) -> ChallengeView | None:
    reset = run.reset
    if reset.email_challenge_id is None:
        return None
    return challenge_state(
        challenge_id=reset.email_challenge_id,
        binding=reset.id,
        owner=asker_of(reset),
        at=clock.now(),
    )


@get_or_post
def reset_proof(request: HttpRequest) -> HttpResponse:
    """Ask for the account's own factor."""
    try:
        return proof_page(request, HOLDER, URLS)
    except (ResetOverError, WrongResetStepError):
        return HOLDER.elsewhere(request)


@get_only
def reset_call_state(request: HttpRequest) -> HttpResponse:
    """Answer the page's own question whether the call was confirmed (htmx)."""
    return proof_call_state(request, HOLDER, URLS)


@sensitive_post_parameters("password")
@get_or_post
@reset_page(ResetStep.PRESENT_PASSWORD)
def reset_present(request: HttpRequest, run: ResetRun) -> HttpResponse:
    """Ask for the present password of a shut account that has no factor but its address."""
    form = PresentPasswordForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            result = prove_present_password(
                reset_id=run.reset.id, password=form.cleaned_data["password"], at=clock.now()
            )
        except HashingBusyError as busy:
            form.add_error(None, busy.sentence)
            status = 503
        else:
            if result.is_ok:
                request.session.cycle_key()
                return HttpResponseRedirect(reverse("mfa:reset_password"))
            if result.verdict is not Verdict.WRONG or not result.attempts_left:
                return tries_used_up(request)
            form.add_error("password", _wrong_password(result.attempts_left))
    context = {"form": form, "is_dormant": run.user.is_dormant}
    return render(request, "mfa/reset_present.html", context, status=status)


def _wrong_password(left: int) -> str:
    tries = "1 more try" if left == 1 else f"{left} more tries"
    return f"This is not the present password. You have {tries}."


@sensitive_post_parameters("password", "confirmation")
@get_or_post
@reset_page(ResetStep.NEW_PASSWORD)
def reset_password(request: HttpRequest, run: ResetRun) -> HttpResponse:
    """Take the new password, and sign the person in."""
    rules = password_rules(effective_policy(run.user.id))
    form = PasswordForm(request.POST or None, rules=rules)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            return _finish(request, run, form.cleaned_data["password"])
        except WeakPasswordError as refusal:
            for problem in refusal.problems:
                form.add_error("password", problem)
        except HashingBusyError as busy:
            form.add_error(None, busy.sentence)
            status = 503
    context = {"form": form, "rules": describe_rules(rules), "email": run.user.email}
    return render(request, "mfa/reset_password.html", context, status=status)


def _finish(request: HttpRequest, run: ResetRun, password: str) -> HttpResponse:
    user = finish_reset(
        reset_id=run.reset.id, password=password, brand=brand_of(request), at=clock.now()
    )
    return _sign_in(request, user, run.reset.factor_method)


def _after_the_end(request: HttpRequest) -> HttpResponse:
    """Say that the run has ended; a last button pressed twice is answered like the first time."""
    reset_id = own_reset_id(request)
    reset = find_just_completed(reset_id, at=clock.now()) if reset_id else None
    contract = contract_of(request)
    if reset is None or reset.account is None:
        return over(request)
    if reset.contract_id != (contract.id if contract else None):
        return over(request)
    return _sign_in(request, reset.account, reset.factor_method)


def _sign_in(request: HttpRequest, user: User, method: str) -> HttpResponse:
    leave_reset(request)
    attempt = SignInAttempt(
        option=METHOD_OF_CHANNEL.get(method, method) or "email",
        binding=str(uuid7()),
        contract=contract_key_of(request),
        proven=["email", method] if method else ["email"],
    )
    return sign_in_proven(request, user, attempt=attempt, redirect_url=take_next(request))
