"""When the weekly mail is made: on Monday morning, where the admin works."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tenants import registry
from tenants.context import ActiveContract

_FROM: Final = timedelta(hours=6)
_UNTIL: Final = timedelta(days=2)
"""Own figure: a scheduler that stood still catches up until Tuesday night."""


def week_due(at: datetime, time_zone: str) -> date | None:
    """Return the Monday whose mail is due at a moment; None at any other time.

    By the clock on the wall, whatever was done to it on Sunday night.
    """
    local = at.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)
    monday = local.date() - timedelta(days=local.weekday())
    passed = local - datetime.combine(monday, datetime.min.time())
    return monday if _FROM <= passed < _UNTIL else None


def zone_for(contracts: Iterable[ActiveContract]) -> str:
    """Return the time zone of an admin: of their contracts the first by name."""
    first = min(contracts, key=lambda one: one.name, default=None)
    if first is None:
        return registry.get_deployment().deployment.time_zone
    return first.document.contract.time_zone
