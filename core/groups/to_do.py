"""What needs doing, for the home page: counts that come with the statement that reads it anyway.

Each count is a list of (contract, number), made once for the whole statement and not for each row.
Counts of contracts that the session has not entered are left out (design decision 7).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, JSONObject

from core.accounts.models import InactivityWarning
from core.groups.access import providers_of
from core.groups.models import JoinRequest, Membership, ProviderStatus, RecoveryRequest, Role
from core.groups.permissions import Permission
from core.groups.reach import invitations_within
from core.groups.reviewing.rules import rules_of
from core.groups.reviewing.terms import waiting_notices
from core.groups.states import LIVE_RECOVERIES, JoinState
from tenants.context import ActiveContract


@dataclass(frozen=True)
class ToDo:
    """One thing that needs doing: a sentence, and the page where it is done."""

    sentence: str
    page: str
    label: str
    is_urgent: bool = False


@dataclass(frozen=True)
class _Kind:
    one: str
    many: str
    page: str
    label: str
    is_urgent: bool = False


_KINDS: Final[Mapping[str, _Kind]] = {
    "recoveries": _Kind(
        "Somebody asks to become Provider Group Admin, because no administrator can be reached.",
        "{n} people ask to become Provider Group Admin, because no administrator can be reached.",
        "setup:requests",
        "Look and object",
        is_urgent=True,
    ),
    "joining": _Kind(
        "One person asks to join your providers.",
        "{n} people ask to join your providers.",
        "setup:requests",
        "Decide",
    ),
    "alone": _Kind(
        "You are the only Provider Group Admin. Name a second one, so that nobody is locked out "
        "when you are away.",
        "You are the only Provider Group Admin of {n} groups. Name a second one in each, so that "
        "nobody is locked out when you are away.",
        "setup:users",
        "Manage Users",
    ),
    "reviews": _Kind(
        "One role waits for you to confirm that the person still needs it.",
        "{n} roles wait for you to confirm that the people still need them.",
        "setup:access_review",
        "Access review",
    ),
    "unused": _Kind(
        "One user has been warned that the account closes because nobody uses it.",
        "{n} users have been warned that their accounts close because nobody uses them.",
        "setup:users",
        "Manage Users",
    ),
    "invited": _Kind(
        "One invitation has not been accepted yet.",
        "{n} invitations have not been accepted yet.",
        "setup:invitations",
        "Look at them",
    ),
    "own": _Kind(
        "Your request to join a provider waits for its administrators.",
        "{n} requests of yours to join a provider wait for administrators.",
        "own_requests",
        "Your requests",
    ),
}
"""In the order in which the page shows them."""


def counts_for(user_id: UUID) -> dict[str, ArraySubquery]:
    """Return the counts as annotations `todo_<kind>` of a statement, by the account's key."""
    seen = providers_of(user_id, Permission.USERS_VIEW)
    deciding = providers_of(user_id, Permission.REQUESTS_DECIDE)
    own = Membership.objects.filter(user=user_id, role=Role.GROUP_ADMIN, until__isnull=True)
    administered = own.values("group")
    found: dict[str, QuerySet[Any]] = {
        "recoveries": RecoveryRequest.objects.filter(
            state__in=LIVE_RECOVERIES, provider__in=seen, provider__group__in=administered
        ),
        "joining": JoinRequest.objects.filter(JoinRequest.WAITING, provider__in=deciding),
        "alone": own.filter(
            ~Exists(_other_admins(user_id)), group__providers__status=ProviderStatus.ACTIVE
        ),
        "reviews": waiting_notices(
            user_id, providers_of(user_id, Permission.ACCESS_REVIEW), administered
        ),
        "unused": _warned(user_id, providers_of(user_id, Permission.ACCOUNTS_MANAGE), administered),
        "invited": invitations_within(providers_of(user_id, Permission.USERS_INVITE), administered),
        "own": JoinRequest.objects.filter(user=user_id, state=JoinState.OPEN),
    }
    return {
        f"todo_{name}": ArraySubquery(
            by_contract(rows, *_COUNTED.get(name, ("provider__contract", "pk")))
        )
        for name, rows in found.items()
    }


_COUNTED: Final = {
    "alone": ("group__providers__contract", "group"),
    "unused": ("worked_in", "user"),
    "invited": ("contract", "pk"),
    "reviews": ("contract", "membership"),
}
"""Where the contract of a row stands and what is counted, other than rows of a provider."""


def to_do(row: Any, entered: Collection[ActiveContract]) -> list[ToDo]:
    """Return what needs doing in the contracts of the page, from any row of the statement."""
    return say(numbers_of(row, entered))


def numbers_of(row: Any, entered: Collection[ActiveContract]) -> dict[str, int]:
    """Return how much there is of each kind in some contracts, from any row of the statement."""
    here = {str(one.id) for one in entered}
    reminding = {str(one.id) for one in entered if one.document.groups.single_admin_reminder}
    reviewing = {str(one.id) for one in entered if rules_of(one)}
    counting = {"alone": reminding, "reviews": reviewing}
    numbers = {
        name: [
            one["n"]
            for one in getattr(row, f"todo_{name}")
            # One's own requests are about contracts that one has not entered yet.
            if name == "own" or one["where"] in counting.get(name, here)
        ]
        for name in _KINDS
    }
    # The same group or user may stand in several contracts: never more than there are.
    return {
        name: max(counted, default=0) if name in {"alone", "unused"} else sum(counted)
        for name, counted in numbers.items()
    }


def to_do_without_providers(user_id: UUID) -> list[ToDo]:
    """Return what somebody waits for who works nowhere yet (one query)."""
    waiting = JoinRequest.objects.filter(user=user_id, state=JoinState.OPEN)
    return say({"own": waiting.count()})


def say(numbers: Mapping[str, int]) -> list[ToDo]:
    """Return numbers of the kinds in sentences, the most urgent first."""
    return [
        ToDo(
            kind.one if number == 1 else kind.many.format(n=number),
            kind.page,
            kind.label,
            kind.is_urgent,
        )
        for name, kind in _KINDS.items()
        if (number := numbers.get(name, 0))
    ]


def by_contract(rows: QuerySet[Any], where: str, what: str) -> QuerySet[Any]:
    """Return how many of something there are in each contract, as (where, n)."""
    counted = rows.order_by().values(where=F(where)).annotate(n=Count(what, distinct=True))
    found: QuerySet[Any] = counted.values(found=JSONObject(where="where", n="n"))
    return found


def _other_admins(user_id: UUID) -> QuerySet[Membership]:
    others = Membership.objects.filter(
        group=OuterRef("group"), role=Role.GROUP_ADMIN, until__isnull=True, user__is_active=True
    )
    return others.exclude(user=user_id)


def _warned(user_id: UUID, managed: QuerySet[Any], administered: QuerySet[Any]) -> QuerySet[Any]:
    """Return the memberships of managed users who were warned and have not been here since."""
    last_here = Coalesce(OuterRef("user__last_used_at"), OuterRef("user__created_at"))
    warned = InactivityWarning.objects.filter(user=OuterRef("user"), since=last_here)
    return held_in_contracts(user_id, managed, administered).filter(Exists(warned))


def held_in_contracts(
    user_id: UUID, managed: QuerySet[Any], administered: QuerySet[Any]
) -> QuerySet[Any]:
    """Return the roles of other, active users within reach, each in its contracts (`worked_in`)."""
    held = Membership.objects.filter(
        Membership.OWN,
        Q(provider__in=managed) | Q(group__in=administered),
        user__is_active=True,
    ).exclude(user=user_id)
    return held.annotate(worked_in=Coalesce("provider__contract", "group__providers__contract"))
