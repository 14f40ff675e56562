"""The request as the views see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails


class PortalRequest(HttpRequest):
    """A request that went through the portal's middleware.

    `contract` is a `tenants.context.ActiveContract` or None on the portal host; it is typed
    loosely here because this package imports nothing of ours.
    """

    contract: Any
    htmx: HtmxDetails
