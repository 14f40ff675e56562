"""The users of an admin as a sheet: roles, when they were here last, and how they sign in.

Within reach alone, as in Setup. Rows are read a few hundred at a time, while the file goes out.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import OuterRef

from core.audit.recording import record
from core.groups.models import Membership
from core.groups.permissions import Permission
from core.groups.reach import Reach, list_reached_memberships, list_reached_providers
from core.groups.reviewing.terms import with_confirmers
from core.groups.roles import role_name
from core.mfa.models import Factor, FactorKind

_BATCH: Final = 500
_HEADER: Final = (
    "name",
    "username",
    "e-mail",
    "role",
    "provider",
    "number",
    "program",
    "last here",
    "signs in with",
    "account",
    "confirmed",
    "confirmed by",
    "third party",
)


def user_rows(reach: Reach) -> Iterator[Sequence[object]]:
    """Yield the header and one row for each role of each user, by the key of the role."""
    yield _HEADER
    names = {contract.id: contract.name for contract in reach.contracts}
    kinds = Factor.objects.filter(user=OuterRef("user")).order_by("kind").values("kind")
    found = with_confirmers(
        list_reached_memberships(reach, Permission.USERS_EXPORT), reach.contract_ids
    )
    found = found.annotate(kinds=ArraySubquery(kinds)).order_by("id")
    last: UUID | None = None
    while batch := list((found.filter(id__gt=last) if last else found)[:_BATCH]):
        yield from (_row(held, names) for held in batch)
        last = batch[-1].id
    yield from _third_parties(reach, names)


def _third_parties(reach: Reach, names: dict[UUID, str]) -> Iterator[Sequence[object]]:
    """Yield the people of offices who work by an access grant: their name, and no address."""
    managed = list_reached_providers(reach, Permission.USERS_EXPORT)
    held = Membership.objects.filter(Membership.HELD, grant__isnull=False, provider__in=managed)
    for one in held.select_related("user", "provider", "grant__office__group").order_by("id"):
        assert one.provider is not None  # noqa: S101 (membership_by_grant_is_at_a_provider)
        assert one.grant is not None  # noqa: S101 (the filter)
        yield (
            one.user.get_full_name(),
            "",
            "",
            role_name(one.role, one.provider.contract_id),
            one.provider.name,
            one.provider.identifier,
            names.get(one.provider.contract_id, ""),
            _day(one.user.last_used_at),
            "",
            "active" if one.user.is_active else "closed",
            "",
            "",
            one.grant.office.name,
        )


def _row(held: Any, names: dict[UUID, str]) -> Sequence[object]:
    user, provider = held.user, held.provider
    return (
        user.get_full_name(),
        user.username,
        user.email,
        role_name(held.role, held.contract_id),
        provider.name if provider else f"All of {held.group.name}",
        provider.identifier if provider else "",
        names.get(provider.contract_id, "") if provider else "",
        _day(user.last_used_at),
        ", ".join(FactorKind(kind).label for kind in held.kinds),
        "active" if user.is_active else "closed",
        _day(held.confirmed_at or held.since),
        held.confirmer,
        "",
    )


def _day(moment: datetime | None) -> str:
    return moment.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%d %H:%M UTC") if moment else "never"


@transaction.atomic
def record_export(reach: Reach, *, by: UUID, at: datetime) -> None:
    """Record `users.exported`: who took the list away, how many roles, of which programs."""
    record(
        "users.exported",
        actor_id=by,
        subject=("account", by),
        data={
            "roles": list_reached_memberships(reach, Permission.USERS_EXPORT).count(),
            "contracts": [str(key) for key in reach.contract_ids],
        },
        at=at,
    )
