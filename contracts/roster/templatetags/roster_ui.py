"""Tags of the pages of rosters."""

from collections.abc import Mapping
from uuid import UUID

from django import template

register = template.Library()


@register.simple_tag
def done_by(account: UUID | None, names: Mapping[UUID, str]) -> str:
    """Return who did something; what no account did came by the command line."""
    if account is None:
        return "by the command line"
    return f"by {names.get(account, 'somebody whose account is gone')}"
