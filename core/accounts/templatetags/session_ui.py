"""The warning before a session ends, on every page of somebody signed in."""

from django import template
from django.template.context import RequestContext
from django.template.loader import get_template

from core.accounts.sessions.lifecycle import time_left
from core.common import clock

register = template.Library()


@register.simple_tag(takes_context=True)
def session_warning(context: RequestContext) -> str:
    """Return the warning; nothing for somebody who is not signed in."""
    request = context.get("request")
    left = time_left(request, at=clock.now()) if request is not None else None
    if left is None:
        return ""
    warning = get_template("components/session_warning.html")
    return warning.render({"left": left, "csrf_token": context.get("csrf_token")})
