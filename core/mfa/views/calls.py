"""The part of a page that waits for an answered call."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.mfa.selectors import ChallengeView


def call_fragment(
    request: HttpRequest, challenge: ChallengeView | None, *, poll: str, answer: str
) -> HttpResponse:
    """Render where a call stands; once it is answered the fragment goes on by itself.

    `poll` is the address that asks again, `answer` that of the page which goes on.
    """
    return render(
        request,
        "mfa/call_state.html",
        {"challenge": challenge, "poll": poll, "answer": answer},
    )
