"""Take a request in hand and give it back, and what the page of a request shows of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.common import clock
from core.common.errors import DomainError
from core.common.http import row_or_404
from core.staff.access import StaffRequest, staff_page
from core.staff.acting import require_right_in
from core.staff.models import RequestInHand, RequestLetter
from core.staff.request_queue.listing import find_hand
from core.staff.request_queue.sources import RequestSource, find_source
from core.staff.services.request_letters import LetterText, history_of
from core.staff.services.requests_in_hand import (
    QueuedRequest,
    give_back_request,
    refuse_in_other_hands,
    take_request,
)


@dataclass(frozen=True)
class Hand:
    """Who works on a request, and what was written about it, for `staff/parts/in_hand.html`."""

    held: RequestInHand | None
    is_mine: bool
    may_take: bool
    take_url: str
    give_back_url: str
    write_url: str
    """Where one writes to the address on file; empty where this kind has none."""
    history: Sequence[tuple[RequestLetter, LetterText]]
    """What was written, the oldest first."""


def hand_of(request: StaffRequest, kind: str, request_id: UUID, *, may_take: bool) -> Hand:
    """Return who works on a request. `may_take`: it waits, and the reader could decide it."""
    held = find_hand(kind, request_id)
    source = find_source(kind)
    writes = may_take and source is not None and source.on_file is not None
    return Hand(
        held=held,
        is_mine=held is not None and held.taken_by_id == request.staff.user.id,
        may_take=may_take,
        take_url=reverse("staff:request_take", args=[kind, request_id]),
        give_back_url=reverse("staff:request_give_back", args=[kind, request_id]),
        write_url=reverse("staff:request_write", args=[kind, request_id]) if writes else "",
        history=history_of(kind, request_id),
    )


def decide_in_hand(
    request: StaffRequest,
    decided: QueuedRequest,
    decide: Callable[[], str],
    *,
    page: str,
    then: str = "",
) -> HttpResponse:
    """Decide a request that nobody else has in hand, and lead on `then`, else back to its `page`.

    Called by views that have asked for the right. `decide` returns what came of it, in a sentence;
    what it refuses, a DomainError, is said on the page. Nobody has the request in hand afterwards.
    """
    by = request.staff.user
    try:
        refuse_in_other_hands(kind=decided.kind, request_id=decided.id, by=by.id)
        said = decide()
    except DomainError as error:
        messages.error(request, error.sentence)
        return HttpResponseRedirect(page)
    give_back_request(request=decided, by=by, at=clock.now())
    messages.success(request, said)
    return HttpResponseRedirect(then or page)


@require_POST
@staff_page()
def take(request: StaffRequest, kind: str, request_id: UUID) -> HttpResponse:
    """Take a request in hand. Who may decide it may; out of scope is 404."""
    asked, url = _load(request, kind, request_id)
    try:
        take_request(
            request=asked,
            seen_with=_key(request.POST.get("seen_with", "")),
            by=request.staff.user,
            at=clock.now(),
        )
    except DomainError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, "You have this request in hand.")
    return HttpResponseRedirect(url)


@require_POST
@staff_page()
def give_back(request: StaffRequest, kind: str, request_id: UUID) -> HttpResponse:
    """Give a request back to the queue."""
    asked, _url = _load(request, kind, request_id)
    give_back_request(request=asked, by=request.staff.user, at=clock.now())
    messages.success(request, "The request is back in the queue.")
    return HttpResponseRedirect(reverse("staff:requests"))


def load_to_decide(request: StaffRequest, kind: str, request_id: UUID) -> tuple[RequestSource, Any]:
    """Return a request that waits, and that one may decide.

    Raises Http404 out of scope, and RecordedRefusal in scope without the right.
    """
    source = find_source(kind)
    if source is None:
        raise Http404
    row = row_or_404(source.list_waiting(request.staff.scope(source.view)), request_id)
    require_right_in(request.staff, source.decide, source.contract_of(row))
    return source, row


def _load(request: StaffRequest, kind: str, request_id: UUID) -> tuple[QueuedRequest, str]:
    source, row = load_to_decide(request, kind, request_id)
    return QueuedRequest(kind, row.pk, source.contract_of(row)), source.show(row).url


def _key(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None
