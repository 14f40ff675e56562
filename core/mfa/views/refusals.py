"""What the pages say where a code is not sent, not accepted, or nothing is evaluated any more."""

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.accounts.models import User
from core.accounts.services.sign_in import record_session_end
from core.common import clock
from core.mfa.services.challenges import StartRefusal, StartResult, Verdict, VerifyResult


def why_not_sent(started: StartResult) -> dict[str, object]:
    """Return the sentence for a code that is not sent, and when the next is possible."""
    sentences = {
        StartRefusal.TOO_SOON: "We just sent a code. Please wait a moment before you send another.",
        StartRefusal.ATTEMPTS_USED: (
            "There were too many wrong codes. For the time being we send no new one."
        ),
        StartRefusal.LOCKED: "This account is locked.",
    }
    sentence = sentences[started.refusal] if started.refusal else ""
    return {"not_sent": sentence, "retry_at": started.retry_at}


def why_not_verified(result: VerifyResult) -> str:
    """Return the sentence for a code that was not accepted."""
    if result.verdict is Verdict.WRONG and result.attempts_left:
        tries = "1 more try" if result.attempts_left == 1 else f"{result.attempts_left} more tries"
        return f"This code is not right. You have {tries}."
    if result.verdict is Verdict.EXPIRED:
        return "This code has run out or was replaced by a newer one. Send a new code."
    return "There were too many wrong codes."


def locked_out(request: HttpRequest) -> HttpResponse:
    """End the session of whoever has used up the tries, and say that the account is locked."""
    if isinstance(request.user, User):
        record_session_end(account_id=request.user.id, reason="locked", at=clock.now())
    logout(request)
    return render(request, "mfa/locked.html")
