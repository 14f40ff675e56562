"""The live answer beside the field for a username."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.accounts.services.usernames import ask_username
from core.common import clock


def answer_username(request: HttpRequest, *, asked_by: UUID) -> HttpResponse:
    """Answer, while a form is filled in, whether the username in it is free.

    Called by the pages of journeys that have passed identifier and code, and of admins, whose key
    `asked_by` is: what they ask is counted by it.
    """
    answer = ask_username(
        asked_by=asked_by, username=request.GET.get("username", ""), at=clock.now()
    )
    return render(request, "accounts/parts/username_answer.html", {"answer": answer})
