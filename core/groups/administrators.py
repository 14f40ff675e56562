"""Who is my administrator? For everybody, of the providers that they work for."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from core.accounts.models import User
from core.groups.access import list_own_providers
from core.groups.models import Membership, Provider, Role
from core.groups.permissions import Permission
from core.groups.reach import Reach
from core.groups.roles import holding

_MOST = 200


@dataclass(frozen=True)
class Administered:
    """A provider, and the roles of those who manage its users."""

    provider: Provider
    contract_name: str
    admins: Sequence[Membership]


@dataclass(frozen=True)
class OfficeAdministered:
    """An office that the person works for, and the roles of its admins."""

    name: str
    admins: Sequence[Membership]


def administrators_of(reach: Reach) -> list[Administered]:
    """Return the providers of a person with their admins (two queries).

    Admins whose account is closed are left out: asking them helps nobody. So are providers that the
    person works for by an access grant: there the admins of the own office are asked.
    """
    names = {contract.id: contract.name for contract in reach.contracts}
    own = list_own_providers(reach.actor).filter(contract_id__in=names)
    providers = list(own.order_by("name", "id")[:_MOST])
    admins = list(
        Membership.objects.filter(
            Q(provider__in=providers) | Q(group__in={one.group_id for one in providers}),
            holding(Permission.ROLES_MANAGE),
            until__isnull=True,
            user__is_active=True,
        )
        .select_related("user", "provider")
        .order_by("user__last_name", "user__first_name")
    )
    return [
        Administered(
            provider,
            names[provider.contract_id],
            [
                one
                for one in admins
                if one.provider_id == provider.id or one.group_id == provider.group_id
            ],
        )
        for provider in providers
    ]


def office_administrators_of(actor: User) -> list[OfficeAdministered]:
    """Return the offices of a person, each with its admins: whom they ask (one query)."""
    own = Membership.objects.filter(Membership.OWN, user=actor)
    admins = Membership.objects.filter(
        Membership.OWN,
        group__in=own.values("group"),
        group__office__closed_at__isnull=True,
        group__office__isnull=False,
        role=Role.GROUP_ADMIN,
        user__is_active=True,
    )
    found: dict[UUID, list[Membership]] = {}
    by_name = ("group__name", "group", "user__last_name", "user__first_name")
    for one in admins.select_related("user", "group").order_by(*by_name):
        found.setdefault(one.within, []).append(one)
    return [OfficeAdministered(str(rows[0].group), rows) for rows in found.values()]
