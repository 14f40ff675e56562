"""The request as the views see it, and which methods they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.views.decorators.http import require_http_methods, require_safe

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails


class PortalRequest(HttpRequest):
    """A request that went through the portal's middleware.

    `contract` is a `tenants.context.ActiveContract` or None on the portal host; it is typed
    loosely here because this package imports nothing of ours.
    """

    contract: Any
    htmx: HtmxDetails


get_only = require_safe
get_or_post = require_http_methods(["GET", "HEAD", "POST"])
"""Every page that answers GET answers HEAD as well (RFC 9110, 9.1): link checkers and mail scanners
ask with it, and a page that takes a form changes something on POST alone."""
