"""The warning before a session ends, on every page of somebody signed in."""

from typing import Any

from django import template
from django.template.context import RequestContext

from core.accounts.sessions.lifecycle import time_left
from core.common import clock

register = template.Library()


@register.inclusion_tag("components/session_warning.html", takes_context=True)
def session_warning(context: RequestContext) -> dict[str, Any]:
    """Return what the warning shows; nothing for somebody who is not signed in."""
    request = context.get("request")
    left = time_left(request, at=clock.now()) if request is not None else None
    return {"left": left, "request": request, "csrf_token": context.get("csrf_token")}
