"""What the pages of MFA registration have in common: who may open them, and where they lead."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import wraps
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.signing_in.allauth_wrapper import SignInAttempt, pending_page, sign_in_proven
from core.accounts.views.sign_in import take_next
from core.common import clock
from core.common.errors import DomainError
from core.common.http import client_redirect
from core.common.ids import uuid7
from core.mfa.models import STRONGER, Channel, MfaRegistration
from core.mfa.registering.journey import (
    find_own_registration,
    leave_mfa_registration,
    pending_path,
)
from core.mfa.registering.sources import SourceDescription, SourceGoneError
from core.mfa.registering.states import Step, may_visit, pending_step
from core.mfa.selectors import ChallengeView, challenge_state
from core.mfa.services.completing import complete_mfa_registration
from core.mfa.services.registrations import (
    WrongStepError,
    code_owner,
    describe,
)
from tenants.in_hand import contract_key_of

STEPS = {
    "": ["Login method", "E-mail address", "Password", "Proof of the method"],
    "phone": ["Login method", "E-mail address", "Password", "Phone"],
    "email": ["Login method", "E-mail address", "Password"],
    "totp": ["Login method", "E-mail address", "Password", "Authenticator app"],
    "passkey": ["Login method", "E-mail address", "Password", "Passkey"],
}
# Own figure: longer than the last step ever takes, where the machine is busy.
_PRESSED_TWICE = timedelta(seconds=30)
StepView = Callable[[HttpRequest, MfaRegistration, SourceDescription], HttpResponse]


def registration_page(step: Step) -> Callable[[StepView], Callable[[HttpRequest], HttpResponse]]:
    """Open a page for the registration of this browser, or lead to the pending step.

    What the address bar says never skips a step; without a registration the page says how to
    take it up again.
    """

    def decorate(view: StepView) -> Callable[[HttpRequest], HttpResponse]:
        @wraps(view)
        def page(request: HttpRequest) -> HttpResponse:
            registration = find_own_registration(request)
            if registration is None:
                return _nothing_pending(request)
            if registration.completed_at is not None:
                return _after_completion(request, registration)
            try:
                return _open_page(request, registration, step, view)
            except WrongStepError:
                return to_pending(MfaRegistration.objects.get(pk=registration.pk))
            except SourceGoneError:
                completed = find_own_registration(request)
                if completed is not None and completed.completed_at is not None:
                    return _after_completion(request, completed)
                leave_mfa_registration(request)
                return _nothing_pending(request)

        return page

    return decorate


def _open_page(
    request: HttpRequest, registration: MfaRegistration, step: Step, view: StepView
) -> HttpResponse:
    if pending_step(registration) is Step.COMPLETE:
        # All is proven, and the last transaction did not come to its end: again.
        return finish_registration(request, registration, at=clock.now())
    if not may_visit(registration, step):
        return to_pending(registration)
    return view(request, registration, describe(registration))


def to_pending(registration: MfaRegistration) -> HttpResponse:
    """Lead to the page of the pending step; when none is, to the last one of the method."""
    return HttpResponseRedirect(pending_path(registration))


def finish_registration(
    request: HttpRequest, registration: MfaRegistration, *, at: datetime
) -> HttpResponse:
    """Complete the registration and sign the person in; a refusal is a page with the contact."""
    try:
        user = complete_mfa_registration(registration_id=registration.id, at=at)
    except (WrongStepError, SourceGoneError):
        raise
    except DomainError as refusal:
        return render(request, "mfa/not_completed.html", {"sentence": refusal.sentence})
    registration = MfaRegistration.objects.select_related("phone_challenge").get(pk=registration.pk)
    attempt = SignInAttempt(
        option=registration.method,
        binding=str(uuid7()),
        contract=contract_key_of(request),
        proven=_proven(registration),
    )
    leave_mfa_registration(request)
    return client_redirect(
        request,
        sign_in_proven(request, user, attempt=attempt, redirect_url=_after(request, attempt)),
    )


def _after(request: HttpRequest, attempt: SignInAttempt) -> str:
    """Return where the person goes: past the recovery codes, where the factor needs spares."""
    wanted = take_next(request)
    if attempt.option not in STRONGER:
        return wanted
    return reverse("mfa:factor_recovery") + "?" + urlencode({"next": wanted})


def registration_challenge(
    registration: MfaRegistration, description: SourceDescription, step: Step
) -> ChallengeView | None:
    """Return the state of the step's code, None before one was asked for."""
    key = registration.email_challenge_id if step is Step.EMAIL else registration.phone_challenge_id
    if key is None:
        return None
    return challenge_state(
        challenge_id=key,
        binding=registration.id,
        owner=code_owner(registration, description),
        at=clock.now(),
    )


def step_page(
    request: HttpRequest,
    name: str,
    registration: MfaRegistration,
    context: Mapping[str, object],
    *,
    current: int,
    status: int = 200,
) -> HttpResponse:
    """Render the page of a step under the step indicator."""
    shared = {
        "registration": registration,
        "steps": STEPS[registration.method],
        "current": current,
    }
    return render(request, f"mfa/{name}.html", {**shared, **context}, status=status)


def _proven(registration: MfaRegistration) -> list[str]:
    channels = [Channel.EMAIL.value]
    if registration.method == "phone" and registration.phone_challenge is not None:
        channels.append(registration.phone_challenge.channel)
    if registration.method in STRONGER:
        channels.append(registration.method)
    return channels


def _nothing_pending(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return HttpResponseRedirect(reverse("home"))
    if pending := pending_page(request):
        return HttpResponseRedirect(pending)
    return render(request, "mfa/nothing_pending.html", status=410)


def _after_completion(request: HttpRequest, registration: MfaRegistration) -> HttpResponse:
    """Answer a browser whose registration is complete.

    Whoever presses the last button twice sends the second request in the session of the first,
    which has not ended yet, and sees the answer to the second alone: it is that of the first.
    Later the session tells of nothing but a page that stayed open.
    """
    at = clock.now()
    if request.user.is_authenticated:
        leave_mfa_registration(request)
        return HttpResponseRedirect(reverse("home"))
    if registration.completed_at and at - registration.completed_at < _PRESSED_TWICE:
        return finish_registration(request, registration, at=at)
    leave_mfa_registration(request)
    return HttpResponseRedirect(reverse("login_options"))
