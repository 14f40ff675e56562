"""The outbox: what waits, what did not arrive, one message, and trying again."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages as said
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from contracts.console.operations.access import (
    access_message,
    access_message_to_retry,
    may_retry,
    outbox_scope,
)
from contracts.console.operations.forms import NarrowingForm, RetryManyForm, kind_words
from contracts.console.operations.message_facts import facts_of_message, narrowing_query
from contracts.console.selectors import contract_names
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.audit.models import AuditEvent
from core.common import clock
from core.common.http import get_only, get_or_post
from core.notifications.kinds import kind_names
from core.notifications.models import OutboxMessage
from core.notifications.outbox_facts import (
    OutboxScope,
    is_code,
    list_messages,
    outbox_groups,
    retryable,
)
from core.notifications.services.retrying import MOST_AT_ONCE, retry_message, retry_messages
from core.notifications.states import MessageStatus
from core.staff.access import StaffRequest, staff_page
from core.staff.forms import ReasonForm
from core.staff.permissions import StaffPermission
from tenants.models import Contract

PER_PAGE: Final = 25
_NARROWED: Final = ("state", "channel", "contract", "kind")
_VIEW, _ACT = StaffPermission.OUTBOX_VIEW, StaffPermission.OPERATIONS_ACT


@get_only
@staff_page(_VIEW)
def outbox(request: StaffRequest) -> HttpResponse:
    """Show how many messages wait or did not arrive, by state, channel, contract and kind."""
    groups = outbox_groups(outbox_scope(request.staff))
    names = contract_names(group.contract_id for group in groups)
    rows = [
        (
            group,
            kind_words(group.kind),
            names.get(group.contract_id, "No contract"),
            narrowing_query(group),
        )
        for group in groups
    ]
    return _page(request, "outbox", {"rows": rows, "now": clock.now()})


@get_only
@staff_page(_VIEW)
def message_list(request: StaffRequest) -> HttpResponse:
    """List messages, newest first, narrowed to what was chosen."""
    scope = outbox_scope(request.staff)
    form = _narrowing_form(request, scope)
    form.is_valid()
    found = list_messages(scope, form.narrowing()).select_related("contract")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page", ""))
    chosen = {name: request.GET[name] for name in _NARROWED if request.GET.get(name)}
    context = {
        "form": form,
        "page": page,
        "rows": [facts_of_message(one) for one in page],
        "query": f"{urlencode(chosen)}&" if chosen else "",
        "retryable": found.filter(retryable(at=clock.now())).count()
        if request.staff.may(_ACT)
        else 0,
    }
    return _page(request, "messages", context)


@get_only
@staff_page(_VIEW)
def message(request: StaffRequest, message_id: UUID) -> HttpResponse:
    """Show one message: to whom, how often tried, what went wrong. Never its text."""
    found = access_message(request.staff, message_id)
    history = AuditEvent.objects.filter(subject_type="outbox_message", subject_id=found.id)
    context = {
        "facts": facts_of_message(found),
        "history": history.order_by("at", "id"),
        "is_code": is_code(found),
        "may_retry": may_retry(request.staff, found.contract_id) and _is_retryable(found),
        "is_unsettled": found.status in {MessageStatus.FAILED, MessageStatus.UNKNOWN},
    }
    return _page(request, "message", context)


@get_or_post
@keeps_typed(fields_named("reason"))
@staff_page(_ACT)
def retry(request: StaffRequest, message_id: UUID) -> HttpResponse:
    """Ask why, then have one message tried again now."""
    found = access_message_to_retry(request.staff, message_id)
    back = reverse("operations:message", args=[found.id])
    if not _is_retryable(found):
        return HttpResponseRedirect(back)  # where it says what became of it
    typed = take_typed(request)
    form = ReasonForm(request.POST or None, initial=typed)
    if request.method == "POST" and form.is_valid():
        done = retry_message(
            message_id=found.id,
            reason=form.cleaned_data["reason"],
            by=request.user.id,
            at=clock.now(),
        )
        words = "The message is tried again now." if done else "Somebody else was faster."
        said.success(request, words)
        return HttpResponseRedirect(back)
    context = {"form": form, "facts": facts_of_message(found), "typed_is_back": bool(typed)}
    return _page(request, "retry", context)


@get_or_post
@keeps_typed(fields_named("reason", *_NARROWED))
@staff_page(_ACT)
def retry_many(request: StaffRequest) -> HttpResponse:
    """Ask why, then have the links and notices that a list showed tried again."""
    scope = outbox_scope(request.staff)
    narrowing_form = _narrowing_form(request, scope)
    listed = reverse("operations:messages")
    if not narrowing_form.is_valid():
        return HttpResponseRedirect(listed)
    typed = take_typed(request)
    narrowing = narrowing_form.narrowing()
    found = _may_act_on(request, list_messages(scope, narrowing)).filter(retryable(at=clock.now()))
    chosen = {name: narrowing_form.cleaned_data[name] for name in _NARROWED}
    form = RetryManyForm(request.POST or None, initial={**chosen, **typed}, **_choices(scope))
    if request.method == "POST" and form.is_valid():
        done = retry_messages(
            messages=found,
            contract_id=narrowing.contract_id,
            reason=form.cleaned_data["reason"],
            by=request.user.id,
            at=clock.now(),
        )
        said.success(request, f"Tried again: {done} message{'' if done == 1 else 's'}.")
        return HttpResponseRedirect(reverse("operations:outbox"))
    context = {
        "form": form,
        "number": min(found.count(), MOST_AT_ONCE),
        "most": MOST_AT_ONCE,
        "chosen": _words_of(narrowing_form),
        "back_url": f"{listed}?{urlencode(chosen)}",
        "typed_is_back": bool(typed),
    }
    return _page(request, "retry_many", context)


def _may_act_on(request: StaffRequest, found: QuerySet[OutboxMessage]) -> QuerySet[OutboxMessage]:
    return request.staff.scope(_ACT).narrow(found)


def _is_retryable(found: OutboxMessage) -> bool:
    return OutboxMessage.objects.filter(retryable(at=clock.now()), pk=found.pk).exists()


def _narrowing_form(request: StaffRequest, scope: OutboxScope) -> NarrowingForm:
    sent = request.POST if request.method == "POST" else request.GET
    return NarrowingForm(sent, **_choices(scope))


def _choices(scope: OutboxScope) -> dict[str, Any]:
    found = Contract.objects.order_by("name")
    seen = found if scope.everywhere else found.filter(pk__in=scope.contracts)
    return {"contracts": seen.values_list("pk", "name"), "kinds": kind_names()}


def _words_of(form: NarrowingForm) -> list[str]:
    """Return what was chosen, as the choices call it."""
    choices = {name: dict(form.fields[name].choices) for name in _NARROWED}  # type: ignore[attr-defined]
    return [choices[name][form.cleaned_data[name]] for name in _NARROWED if form.cleaned_data[name]]


def _page(request: StaffRequest, name: str, context: Mapping[str, object]) -> HttpResponse:
    given = {"nav_here": "operations", "page_here": "outbox"}
    return render(request, f"operations/{name}.html", {**given, **context})
