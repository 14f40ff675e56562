"""The figures of a contract as they are now. Each is one statement over whole tables.

What is in the contract's schema is read with the contract in hand (`contract_context`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Lower

from contracts.registration.models import PendingRegistration
from contracts.registration.states import LIVE
from contracts.roster.models import RosterEntry
from core.accounts.models import User
from core.groups.models import Membership, Provider, ProviderStatus
from core.groups.roles import role_name
from core.mfa.models import Factor, FactorKind
from core.notifications.models import OutboxMessage, SuppressedAddress
from core.notifications.states import Channel, MessageStatus
from tenants.context import require_contract

RECENT: Final = timedelta(days=30)
"""As long as the outbox keeps a message that has left."""
_BUCKETS: Final = (
    ("Within 7 days", 7),
    ("8 to 30 days ago", 30),
    ("31 to 90 days ago", 90),
    ("91 to 365 days ago", 365),
)
_REGISTERED: Final = f"""EXISTS (
    SELECT FROM {Provider._meta.db_table} p WHERE p.roster_entry_id = e.id
       AND p.contract_id = %(contract)s AND p.status = %(active)s)"""
_BEGUN: Final = f"""EXISTS (
    SELECT FROM {PendingRegistration._meta.db_table} r WHERE r.roster_entry_id = e.id
       AND r.contract_id = %(contract)s AND r.state = ANY(%(live)s))"""
_PRESENT: Final = f"(SELECT count(*) FROM {RosterEntry._meta.db_table} e WHERE e.removed_at IS NULL"  # noqa: S608
# In WHERE, an EXISTS becomes one join of whole tables; in a list of results it is asked row by row.
_ROSTER: Final = (
    f"SELECT {_PRESENT}), {_PRESENT} AND {_REGISTERED}),"
    f" {_PRESENT} AND {_BEGUN} AND NOT {_REGISTERED})"
)


@dataclass(frozen=True)
class RosterFigures:
    """The entries of the present roster, each counted once."""

    entries: int
    registered: int
    begun: int

    @property
    def never(self) -> int:
        """Return how many entries nobody has begun to register."""
        return self.entries - self.registered - self.begun


@dataclass(frozen=True)
class Share:
    """How many of the users something is true of."""

    label: str
    number: int


@dataclass(frozen=True)
class PeopleFigures:
    """The users of a contract: active accounts that hold a role there. One may have several."""

    users: int
    roles: Sequence[Share]
    factors: Sequence[Share]
    last_used: Sequence[Share]
    unreachable: int
    bounced: int


def count_roster() -> RosterFigures:
    """Count the roster of the contract in hand.

    By one statement, so that all three numbers are of one moment, and without loading a row.
    """
    values: dict[str, Any] = {
        "contract": require_contract().id,
        "live": list(LIVE),
        "active": ProviderStatus.ACTIVE.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ROSTER, values)
        return RosterFigures(*cursor.fetchone())


def count_people(contract_id: UUID, *, at: datetime) -> PeopleFigures:
    """Count the users of a contract, by what they are (five statements)."""
    users = users_of(contract_id)
    used = users.aggregate(total=Count("pk"), **_buckets(at))
    return PeopleFigures(
        users=used["total"],
        roles=_by_role(contract_id),
        factors=_by_factor(users, used["total"]),
        last_used=[
            *(Share(label, used[f"within_{days}"]) for label, days in _BUCKETS),
            Share("Longer ago", used["longer"]),
            Share("Never", used["never"]),
        ],
        unreachable=count_unreachable(contract_id),
        bounced=_bounced(contract_id, at=at),
    )


def users_of(contract_id: UUID) -> QuerySet[User]:
    """Return the active accounts that hold a role at a provider of a contract."""
    return User.objects.filter(is_active=True, pk__in=_held_in(contract_id).values("user"))


def count_unreachable(contract_id: UUID) -> int:
    """Count the users whose address gets no notices, because mail came back or was unwanted."""
    suppressed = SuppressedAddress.objects.filter(lifted_at=None).values("address")
    return users_of(contract_id).annotate(small=Lower("email")).filter(small__in=suppressed).count()


def _held_in(contract_id: UUID) -> QuerySet[Membership]:
    """Return the roles that hold now: at the contract's providers, or for a group of theirs."""
    active = Provider.objects.filter(contract_id=contract_id, status=ProviderStatus.ACTIVE)
    at_providers = Q(provider__in=active.values("pk")) | Q(group__in=active.values("group"))
    return Membership.objects.filter(Membership.HELD, at_providers)


def _by_role(contract_id: UUID) -> list[Share]:
    held = _held_in(contract_id).filter(user__is_active=True)
    rows = held.order_by().values_list("role").annotate(n=Count("user", distinct=True))
    shares = [Share(role_name(role, contract_id), number) for role, number in rows]
    return sorted(shares, key=lambda share: (-share.number, share.label))


def _by_factor(users: QuerySet[User], total: int) -> list[Share]:
    proven = Factor.objects.filter(user__in=users.values("pk"))
    rows = dict(proven.order_by().values_list("kind").annotate(n=Count("user", distinct=True)))
    with_one = proven.aggregate(n=Count("user", distinct=True))["n"]
    shares = [Share(str(kind.label), rows.get(kind.value, 0)) for kind in FactorKind]
    return [*shares, Share("None yet", total - with_one)]


def _buckets(at: datetime) -> dict[str, Count]:
    found, newer = {}, Q()
    for _label, days in _BUCKETS:
        within = Q(last_used_at__gt=at - timedelta(days=days))
        found[f"within_{days}"] = Count("pk", filter=within & newer)
        newer = Q(last_used_at__lte=at - timedelta(days=days))
    return {
        **found,
        "longer": Count("pk", filter=newer),
        "never": Count("pk", filter=Q(last_used_at=None)),
    }


def _bounced(contract_id: UUID, *, at: datetime) -> int:
    """Count the mails of the last 30 days that came back."""
    return OutboxMessage.objects.filter(
        contract_id=contract_id,
        channel=Channel.EMAIL,
        status=MessageStatus.BOUNCED,
        created_at__gt=at - RECENT,
    ).count()
