"""Reads of provider groups and providers."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from core.accounts.models import User
from core.common.identifiers import normalize
from core.groups.models import (
    LIVE_STATUSES,
    Membership,
    Provider,
    ProviderGroup,
    ProviderStatus,
    Role,
)
from core.groups.permissions import Permission
from core.groups.roles import holding
from tenants import registry


def unit_is_registered(*, contract_id: UUID, unit_key: str) -> bool:
    """Tell whether a unit (identifier or location) has an active provider in a contract.

    For registration alone, which never tells the answer to a person.
    """
    return list_registered(contract_id=contract_id, unit_key=unit_key).exists()


def list_registered(*, contract_id: UUID, unit_key: str) -> QuerySet[Provider]:
    """Return the provider of a unit, a suspended one, too; for registration alone."""
    return Provider.objects.filter(
        contract_id=contract_id, unit_key=unit_key, status__in=LIVE_STATUSES
    )


def administers_in(user_id: UUID, contract_id: UUID) -> bool:
    """Tell whether an account sees Setup for any active provider of a contract.

    What a contract asks of admins it asks of whoever sees the people of a provider, by any role.
    """
    held = Membership.objects.filter(holding(Permission.USERS_VIEW), user_id=user_id)
    return _reaches(held, contract_id)


def administering(contract_id: UUID) -> Exists:
    """Return the same as a part of a statement about many accounts."""
    held = Membership.objects.filter(
        Membership.HELD, holding(Permission.USERS_VIEW), user=OuterRef("pk")
    )
    active = Q(contract_id=contract_id, status=ProviderStatus.ACTIVE)
    providers = Provider.objects.filter(active)
    own = Q(provider__in=providers) | Q(group__in=providers.values("group"))
    return Exists(held.filter(own))


def list_memberships_at(provider: Provider) -> QuerySet[Membership]:
    """Return the roles that reach a provider now: at it, or for its whole group."""
    return Membership.objects.filter(
        Membership.HELD, Q(provider=provider) | Q(group_id=provider.group_id)
    )


def list_own_memberships_at(provider: Provider) -> QuerySet[Membership]:
    """Return those of them that the provider's admins gave, and no access grant."""
    return list_memberships_at(provider).filter(grant__isnull=True)


def list_admins_of(providers: QuerySet[Provider], permission: Permission) -> QuerySet[User]:
    """Return the active accounts that hold a permission for any of these providers."""
    held = Membership.objects.filter(
        Q(provider__in=providers) | Q(group__in=providers.values("group")),
        holding(permission),
        until__isnull=True,
    )
    return User.objects.filter(pk__in=held.values("user"), is_active=True).order_by("id")


def list_group_admins(group_id: UUID) -> QuerySet[Membership]:
    """Return the roles of a group's Provider Group Admins, those of closed accounts among them."""
    return Membership.objects.filter(group_id=group_id, role=Role.GROUP_ADMIN, until__isnull=True)


def works_in(user_id: UUID, contract_id: UUID) -> bool:
    """Tell whether an account has a membership for an active provider of a contract."""
    return _reaches(Membership.objects.filter(user_id=user_id), contract_id)


def _reaches(memberships: QuerySet[Membership], contract_id: UUID) -> bool:
    held = memberships.filter(Membership.HELD)
    of_contract = Q(contract_id=contract_id, status=ProviderStatus.ACTIVE)
    reached = Q(memberships__in=held) | Q(group__memberships__in=held)
    return Provider.objects.filter(of_contract & reached).exists()


def accounts_of_identifier(contract_id: UUID, identifier: str) -> list[UUID]:
    """Return the accounts that work for the providers with an identifier in a contract.

    For the pages of staff (core.staff.people); ended providers are left out.
    """
    providers = Provider.objects.filter(
        contract_id=contract_id, identifier=normalize(identifier), status=ProviderStatus.ACTIVE
    )
    reached = Q(provider__in=providers) | Q(group__providers__in=providers)
    held = Membership.objects.filter(Membership.HELD, reached)
    return list(held.values_list("user_id", flat=True).distinct())


def contracts_of_group(group_id: UUID) -> list[UUID]:
    """Return the contracts in which a group has active providers."""
    providers = Provider.objects.filter(group_id=group_id, status=ProviderStatus.ACTIVE)
    return list(providers.values_list("contract_id", flat=True).distinct())


def contracts_worked_in(user_id: UUID) -> list[UUID]:
    """Return the contracts in which an account has a role for an active provider."""
    held = Membership.objects.filter(Membership.HELD, user_id=user_id)
    reached = Q(pk__in=held.values("provider")) | Q(group__in=held.values("group"))
    providers = Provider.objects.filter(reached, status=ProviderStatus.ACTIVE)
    return list(providers.values_list("contract_id", flat=True).distinct())


def with_words(providers: QuerySet[Provider], words: Iterable[str]) -> QuerySet[Provider]:
    """Narrow providers to those whose name, number, place or contract has every word."""
    for word in words:
        number = normalize(word)
        providers = providers.filter(
            Q(name__icontains=word)
            | Q(city__icontains=word)
            | Q(address_1__icontains=word)
            | Q(contract_id__in=_contracts_named(word))
            | (Q(identifier__startswith=number) if number else Q())
        )
    return providers


def _contracts_named(word: str) -> list[UUID]:
    """Return the contracts that a word may mean; they are in memory."""
    return [one.id for one in registry.list_contracts() if word.lower() in one.name.lower()]


class AdminGroup(NamedTuple):
    """A group that somebody administers, and how many providers it has."""

    group: ProviderGroup
    providers: int


def list_admin_groups(user_id: UUID) -> list[AdminGroup]:
    """Return the groups that an account administers, the oldest first; no offices."""
    active = Count("providers", filter=Q(providers__status=ProviderStatus.ACTIVE))
    groups = _admin_groups(user_id).annotate(size=active)
    return [AdminGroup(group, group.size) for group in groups]


def find_admin_group(user_id: UUID) -> ProviderGroup | None:
    """Return the group that an account administers; of several the oldest."""
    return _admin_groups(user_id).first()


def _admin_groups(user_id: UUID) -> QuerySet[ProviderGroup]:
    held = Membership.objects.filter(
        user_id=user_id, role=Role.GROUP_ADMIN, until__isnull=True, group=OuterRef("pk")
    )
    groups = ProviderGroup.objects.filter(Exists(held), office__isnull=True)
    return groups.order_by("created_at", "id")
