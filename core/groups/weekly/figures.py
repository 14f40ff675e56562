"""What the weekly mail counts: what Home lists as needing doing, and who is new or not used."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from core.accounts.models import User
from core.accounts.policies import contracts_of
from core.groups.access import providers_of
from core.groups.models import Membership, Role
from core.groups.permissions import Permission
from core.groups.to_do import by_contract, counts_for, held_in_contracts, numbers_of, say

WEEK: Final = timedelta(days=7)
IDLE: Final = timedelta(days=21)
"""Own figure: nobody is away from work for so long and forgotten, and no account is closed yet."""
_FROM_HOME: Final = ("recoveries", "joining", "reviews", "unused", "invited")
_NEW: Final = (
    "One person has begun to work for your providers this week.",
    "{n} people have begun to work for your providers this week.",
)
_IDLE: Final = (
    "One user has not been here for three weeks or longer.",
    "{n} users have not been here for three weeks or longer.",
)


@dataclass(frozen=True)
class WeekFigures:
    """The numbers of one admin. They name nobody, no provider, and no contract."""

    waiting: Mapping[str, int]
    new: int
    idle: int

    @property
    def lines(self) -> list[str]:
        """Return the sentences of the mail; none when there is nothing to say."""
        found = [one.sentence for one in say(self.waiting)]
        for number, (one, many) in ((self.new, _NEW), (self.idle, _IDLE)):
            if number:
                found.append(one if number == 1 else many.format(n=number))
        return found


def week_figures(user: User, *, at: datetime) -> WeekFigures:
    """Return the numbers of the week that ends now, within somebody's reach (two queries)."""
    contracts = contracts_of(user.id)
    keys = {str(one.id) for one in contracts}
    row: Any = User.objects.annotate(
        **counts_for(user.id),
        week_new=ArraySubquery(by_contract(_new(user, at), "worked_in", "user")),
        week_idle=ArraySubquery(by_contract(_idle(user, at), "worked_in", "user")),
    ).get(pk=user.pk)
    numbers = numbers_of(row, contracts)
    return WeekFigures(
        waiting={name: numbers[name] for name in _FROM_HOME},
        new=_most(row.week_new, keys),
        idle=_most(row.week_idle, keys),
    )


def _most(counted: list[dict[str, Any]], keys: set[str]) -> int:
    """Return the largest of the contracts' numbers: the same person may work in several."""
    return max((one["n"] for one in counted if one["where"] in keys), default=0)


def _within(user: User) -> QuerySet[Any]:
    # What the page says on which the mail is switched on: who came, and who was here when.
    managed = providers_of(user.id, Permission.ACTIVITY_VIEW)
    own = Membership.objects.filter(user=user, role=Role.GROUP_ADMIN, until__isnull=True)
    return held_in_contracts(user.id, managed, own.values("group"))


def _new(user: User, at: datetime) -> QuerySet[Any]:
    """Return the roles that began this week, of people who had none in the group before."""
    since = at - WEEK
    group = OuterRef("held_in")
    before = Membership.objects.filter(
        Q(group=group) | Q(provider__group=group), user=OuterRef("user"), since__lte=since
    )
    held_in = Coalesce("group_id", "provider__group_id")
    roles: QuerySet[Any] = _within(user).annotate(held_in=held_in)
    return roles.filter(~Exists(before), since__gt=since)


def _idle(user: User, at: datetime) -> QuerySet[Any]:
    last_here = Coalesce("user__last_used_at", "user__created_at")
    roles: QuerySet[Any] = _within(user).annotate(last_here=last_here)
    return roles.filter(last_here__lt=at - IDLE)
