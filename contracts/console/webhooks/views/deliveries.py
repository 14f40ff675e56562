"""Deliveries of an endpoint, and one of them: what was sent, and what came back."""

import json
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse

from contracts.console.webhooks.forms import NarrowingForm
from contracts.console.webhooks.views.endpoints import page
from core.common.http import get_only
from core.staff.access import StaffRequest, staff_page
from core.staff.permissions import StaffPermission
from core.webhooks.access import (
    access_delivery,
    access_endpoint,
    may_manage,
    may_read_body,
)
from core.webhooks.models import WebhookDelivery
from core.webhooks.payloads import EventMissingError, body_of
from core.webhooks.selectors import list_attempts, list_deliveries
from core.webhooks.sending import request_headers
from core.webhooks.states import OPEN

PER_PAGE: Final = 25
_NARROWED: Final = ("state", "event")
_MOST_SHOWN: Final = 20_000
_VIEW: Final = StaffPermission.WEBHOOKS_VIEW


@get_only
@staff_page(_VIEW)
def delivery_list(request: StaffRequest, endpoint_id: UUID) -> HttpResponse:
    """List the deliveries of an endpoint, newest first, narrowed to what was chosen."""
    endpoint = access_endpoint(request.staff, endpoint_id)
    form = NarrowingForm(request.GET, endpoint=endpoint)
    form.is_valid()
    found = list_deliveries(endpoint, form.narrowing())
    chosen = {name: request.GET[name] for name in _NARROWED if request.GET.get(name)}
    context = {
        "endpoint": endpoint,
        "form": form,
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page", "")),
        "query": f"{urlencode(chosen)}&" if chosen else "",
    }
    return page(request, "deliveries", context)


@get_only
@staff_page(_VIEW)
def delivery(request: StaffRequest, endpoint_id: UUID, message_id: UUID) -> HttpResponse:
    """Show one delivery with its attempts, what is sent, and what was answered."""
    found = access_delivery(request.staff, endpoint_id, message_id)
    endpoint = found.endpoint
    may_read = may_read_body(request.staff, found)
    context = {
        "endpoint": endpoint,
        "delivery": found,
        "attempts": list_attempts(found),
        "headers": request_headers(found).items(),
        "may_read": may_read,
        "body": _shown(found) if may_read else "",
        "may_replay": may_manage(request.staff, endpoint) and found.state not in OPEN,
    }
    return page(request, "delivery", context)


def _shown(found: WebhookDelivery) -> str:
    """Return the body for people: one event with a line for each field, a batch as it is."""
    try:
        text = body_of(found).decode()
    except EventMissingError:
        return ""
    if found.event_id is not None:
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}\n…"
