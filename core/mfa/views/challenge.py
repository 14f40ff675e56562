"""The second factor at sign-in: a text, a call, or an e-mail."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from core.accounts.allauth_wrapper import PortalStage, drop_sign_in, find_stage, note_method
from core.accounts.policies import effective_policy
from core.accounts.views.sign_in import contract_key_of
from core.common import clock
from core.common.masking import mask_phone
from core.mfa.codes import Owner, OwnerKind, Purpose
from core.mfa.forms import CodeForm
from core.mfa.models import Channel
from core.mfa.policies import sign_in_rules
from core.mfa.selectors import ChallengeView, challenge_state, find_phone
from core.mfa.services.challenges import (
    StartRefusal,
    Verdict,
    VerifyResult,
    start_challenge,
    use_answered_call,
    verify_challenge,
)
from core.mfa.stages import ChallengeStage
from core.mfa.views.calls import STOP_ASKING, call_fragment
from core.mfa.views.shared import client_redirect, why_not_sent, why_not_verified

Context = dict[str, object]


@require_http_methods(["GET", "POST"])
def challenge(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor of the login option, and go on when it is proven."""
    stage = _own_stage(request)
    if stage is None:
        return _elsewhere(request)
    if stage.user.is_locked(clock.now()):
        return _locked(request)
    destination = _destination(stage)
    if destination is None:
        return render(request, "mfa/no_phone.html")
    actions = {"send": _send, "verify": _verify, "continue": _continue, "cancel": _cancel}
    action = actions.get(request.POST.get("action", ""))
    if action is None:
        return _page(request, stage, destination, {})
    return action(request, stage, destination)


@require_GET
def challenge_call_state(request: HttpRequest) -> HttpResponse:
    """Answer the page's own question whether the call was confirmed (htmx)."""
    stage = _own_stage(request)
    if stage is None:
        return HttpResponse(status=STOP_ASKING)
    return call_fragment(
        request, _state(stage), poll="mfa:challenge_call_state", answer="mfa:challenge"
    )


def _send(request: HttpRequest, stage: PortalStage, destination: str) -> HttpResponse:
    channel = _channel(request, stage)
    started = start_challenge(
        owner=_owner(stage),
        purpose=Purpose.SIGN_IN,
        channel=channel,
        destination=destination,
        contract_id=UUID(stage.attempt.contract) if stage.attempt.contract else None,
        binding=UUID(stage.attempt.binding),
        rules=sign_in_rules(effective_policy(stage.user.id), channel),
        at=clock.now(),
    )
    if started.challenge is not None:
        attempt = stage.attempt
        attempt.challenge = str(started.challenge.id)
        stage.keep(attempt)
        return HttpResponseRedirect(reverse("mfa:challenge"))
    if started.refusal is StartRefusal.LOCKED:
        return _locked(request)
    return _page(request, stage, destination, why_not_sent(started))


def _verify(request: HttpRequest, stage: PortalStage, destination: str) -> HttpResponse:
    form = CodeForm(request.POST)
    if not form.is_valid() or not stage.attempt.challenge:
        return _page(request, stage, destination, {"form": form})
    result = verify_challenge(
        challenge_id=UUID(stage.attempt.challenge),
        binding=UUID(stage.attempt.binding),
        code=form.cleaned_data["code"],
        at=clock.now(),
    )
    if result.verdict is Verdict.LOCKED:
        return _locked(request)
    if not result.is_ok:
        form.add_error("code", why_not_verified(result))
        return _page(request, stage, destination, {"form": form})
    if stage.attempt.option == "phone":
        return _finish(request, stage, Channel.SMS.value)
    attempt = stage.attempt
    attempt.verified = True
    stage.keep(attempt)
    return HttpResponseRedirect(reverse("mfa:challenge"))


def _continue(request: HttpRequest, stage: PortalStage, destination: str) -> HttpResponse:
    if stage.attempt.verified:
        return _finish(request, stage, Channel.EMAIL.value)
    if not stage.attempt.challenge:
        return _page(request, stage, destination, {})
    result: VerifyResult = use_answered_call(
        challenge_id=UUID(stage.attempt.challenge),
        binding=UUID(stage.attempt.binding),
        at=clock.now(),
    )
    if result.is_ok:
        return _finish(request, stage, Channel.VOICE.value)
    return _page(request, stage, destination, {"call_pending": True})


def _cancel(request: HttpRequest, stage: PortalStage, destination: str) -> HttpResponse:
    return stage.abort()


def _finish(request: HttpRequest, stage: PortalStage, channel: str) -> HttpResponse:
    note_method(request, stage.user, channel)
    return client_redirect(request, stage.finish())


def _page(
    request: HttpRequest, stage: PortalStage, destination: str, extra: Context
) -> HttpResponse:
    is_phone = stage.attempt.option == "phone"
    context: Context = {
        "form": CodeForm(),
        "challenge": None if stage.attempt.verified else _state(stage),
        "verified": stage.attempt.verified,
        "destination": mask_phone(destination) if is_phone else destination,
        "poll": "mfa:challenge_call_state",
        "answer": "mfa:challenge",
        **extra,
    }
    template = "mfa/challenge_phone.html" if is_phone else "mfa/challenge_email.html"
    return render(request, template, context)


def _state(stage: PortalStage) -> ChallengeView | None:
    if not stage.attempt.challenge:
        return None
    return challenge_state(
        challenge_id=UUID(stage.attempt.challenge),
        binding=UUID(stage.attempt.binding),
        owner=_owner(stage),
        at=clock.now(),
    )


def _own_stage(request: HttpRequest) -> PortalStage | None:
    """Return the sign-in of this browser when it began in the contract in hand."""
    if request.user.is_authenticated:
        return None
    stage = find_stage(request, ChallengeStage.key)
    if stage is None or stage.attempt.contract != contract_key_of(request):
        return None
    return stage if stage.user.is_active else None


def _elsewhere(request: HttpRequest) -> HttpResponse:
    """Lead on who is signed in already (a second click); start again who is not."""
    target = "home" if request.user.is_authenticated else "login_options"
    return client_redirect(request, HttpResponseRedirect(reverse(target)))


def _locked(request: HttpRequest) -> HttpResponse:
    drop_sign_in(request)
    return render(request, "mfa/locked.html")


def _owner(stage: PortalStage) -> Owner:
    return Owner(OwnerKind.ACCOUNT, stage.user.id)


def _destination(stage: PortalStage) -> str | None:
    return find_phone(stage.user.id) if stage.attempt.option == "phone" else stage.user.email


def _channel(request: HttpRequest, stage: PortalStage) -> str:
    if stage.attempt.option == "email":
        return Channel.EMAIL.value
    wants_call = request.POST.get("channel") == Channel.VOICE
    return Channel.VOICE.value if wants_call else Channel.SMS.value
