"""The outbox pages: a mailbox and a telephone on the screen. Local portals only."""

import json
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from core.common.clock import now
from core.common.http import get_only, get_or_post
from core.notifications import local_calls
from core.notifications.local_mailbox import (
    MOST_SHOWN,
    clear_mailbox,
    list_messages,
    list_people,
    open_mailbox,
)
from core.notifications.models import LocalMessage

_KEYPAD: Final = (
    ("1", ""), ("2", "ABC"), ("3", "DEF"), ("4", "GHI"), ("5", "JKL"), ("6", "MNO"),
    ("7", "PQRS"), ("8", "TUV"), ("9", "WXYZ"), ("*", ""), ("0", ""), ("#", ""),
)  # fmt: skip
# A mail is a page of its own with its own styles; nothing in it may run, and nothing but the
# logo load.
_MAIL_POLICY: Final = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_UNCHANGED: Final = 204


@get_only
def outbox(request: HttpRequest) -> HttpResponse:
    """Show what was delivered, newest first, to everyone or to the person in `?to=`."""
    return render(request, "outbox/outbox.html", {**_mailbox(request), "people": list_people()})


@get_only
def messages(request: HttpRequest) -> HttpResponse:
    """Answer the page's question whether there is anything new: the list, or 204 if not."""
    context = _mailbox(request)
    if request.GET.get("seen") == context["mailbox"].version:
        return HttpResponse(status=_UNCHANGED)
    return render(request, "outbox/messages.html", context)


@get_only
def mail(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Show a mail as its HTML was sent."""
    message = get_object_or_404(LocalMessage.objects.exclude(html=""), id=message_id)
    return HttpResponse(message.html, headers={"Content-Security-Policy": _MAIL_POLICY})


@get_only
def outbox_json(request: HttpRequest) -> JsonResponse:
    """Return what was delivered to `?to=` (or to all) as a list, newest first."""
    found = list_messages(to=request.GET.get("to", "").replace("\x00", ""))[: 2 * MOST_SHOWN]
    return JsonResponse([_as_json(message) for message in found], safe=False)


@get_or_post
def clear(request: HttpRequest) -> HttpResponse:
    """Forget what is shown: everything, or what went to the person in `to`; GET changes nothing."""
    if request.method == "POST":
        clear_mailbox(to=_asked(request, "to"))
    return redirect("outbox:outbox")


@csrf_exempt
@get_or_post
def keys(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Press keys in a call: `{"digits": "#"}` as JSON, or the simulator's buttons.

    JSON needs no token: no other site's page can send that type without asking first. GET leads
    to the outbox, whose page has the buttons.
    """
    if request.method != "POST":
        return redirect("outbox:outbox")
    get_object_or_404(LocalMessage, id=message_id, channel="voice")
    if request.content_type == "application/json":
        return _keys_from_json(request, message_id)
    return _keys_from_form(request, message_id)


def _keys_from_json(request: HttpRequest, message_id: UUID) -> JsonResponse:
    try:
        digits = json.loads(request.body)["digits"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return JsonResponse({"error": 'Send {"digits": "..."}.'}, status=400)
    accepted = local_calls.enter_digits(call_id=message_id, digits=str(digits), at=now())
    return JsonResponse({"accepted": accepted})


@csrf_protect
def _keys_from_form(request: HttpRequest, message_id: UUID) -> HttpResponse:
    action = request.POST.get("action", "")
    if action == "answer":
        local_calls.answer_call(call_id=message_id)
    elif action == "hang_up":
        local_calls.hang_up(call_id=message_id)
    elif "key" in request.POST:
        local_calls.press_key(call_id=message_id, key=request.POST["key"], at=now())
    else:
        digits = request.POST.get("digits", "").strip()
        local_calls.enter_digits(call_id=message_id, digits=digits, at=now())
    if request.headers.get("HX-Request"):
        # The button that had the focus is gone once the call is answered.
        context = {**_mailbox(request), "answered": action == "answer"}
        return render(request, "outbox/messages.html", context)
    return redirect(_page(request.POST.get("to", "")))


def _mailbox(request: HttpRequest) -> dict[str, Any]:
    to, words = _asked(request, "to"), _asked(request, "find")
    wanted = {name: value for name, value in (("to", to), ("find", words)) if value}
    return {
        "to": to,
        "find": words,
        "query": urlencode(wanted),
        "mailbox": open_mailbox(to=to, words=words, at=now()),
        "keypad": _KEYPAD,
    }


def _asked(request: HttpRequest, name: str) -> str:
    return str(request.POST.get(name, request.GET.get(name, ""))).replace("\x00", "").strip()


def _page(to: str) -> str:
    query = urlencode({"to": to}) if to else ""
    return f"{reverse('outbox:outbox')}{'?' if query else ''}{query}"


def _as_json(message: LocalMessage) -> dict[str, str]:
    return {
        "id": str(message.id),
        "channel": message.channel,
        "to": message.to,
        "subject": message.subject,
        "body": message.text,
        "code": message.code,
        "link": message.link,
        "created_at": message.created_at.isoformat(),
        "sent_at": message.sent_at.isoformat(),
    }
