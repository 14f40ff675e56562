"""The banner of elevated rights, on every page of a session that holds them."""

from django import template
from django.template.context import RequestContext
from django.template.loader import get_template

from core.accounts.models import User
from core.common import clock
from core.staff.elevation import elevation_of
from core.staff.scope import StaffActor, find_staff
from tenants.routing import absolute_reverse

register = template.Library()


@register.simple_tag(takes_context=True)
def elevation_banner(context: RequestContext) -> str:
    """Return the banner; nothing for a session without elevated rights (no query for most)."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if request is None or not isinstance(user, User) or not user.is_staff_member:
        return ""
    at = clock.now()
    staff: StaffActor | None = getattr(request, "staff", None) or find_staff(user, at=at)
    if staff is None:
        return ""
    elevation = staff.elevation or elevation_of(request, staff, at=at)
    if elevation is None:
        return ""
    banner = get_template("staff/parts/elevation_banner.html")
    return banner.render(
        {
            "elevation": elevation,
            "end_url": absolute_reverse("staff:give_up", contract=None),
            "csrf_token": context.get("csrf_token"),
        }
    )
