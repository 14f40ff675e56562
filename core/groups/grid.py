"""Setup: users and providers in one table, with the role of each user at each provider."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Q

from core.accounts.models import User
from core.groups.access import list_memberships
from core.groups.models import Membership, Provider
from core.groups.permissions import Permission
from core.groups.policies import roles_in_place, roles_reaching, roles_to_give
from core.groups.reach import Reach
from core.groups.roles import GROUP_ADMIN, RoleTerms, terms_of
from core.groups.setup import find_providers, find_users, no_more_than, page_of

COLUMNS: Final = 6
"""Own figure: what stands beside each other on a screen of 1280 pixels."""
_RIGHT: Final = Permission.ROLES_MANAGE


@dataclass(frozen=True)
class Cell:
    """The role of a user at a provider, and what the admin may make of it."""

    user: User
    provider: Provider
    role: RoleTerms | None
    choices: tuple[RoleTerms, ...]
    """The roles to choose from; none where the admin may not change this one."""

    @property
    def key(self) -> str:
        """Return what the form calls the cell."""
        return f"{self.user.id}:{self.provider.id}"


@dataclass(frozen=True)
class Grid:
    """What the page shows: some users below each other, some providers beside each other."""

    users: Page[User]
    providers: Page[Provider]
    rows: Sequence[tuple[User, Sequence[Cell]]]


def build_grid(
    reach: Reach,
    *,
    user_words: Iterable[str],
    provider_words: Iterable[str],
    page: str,
    columns: str,
) -> Grid:
    """Return the part of the grid that was asked for (six queries, whatever its size)."""
    users = page_of(find_users(reach, user_words, _RIGHT).filter(is_active=True), page)
    found = Paginator(find_providers(reach, provider_words, _RIGHT), COLUMNS)
    providers = found.get_page(columns)
    roles = _roles(list(users), list(providers))
    own = list(list_memberships(reach.actor))
    choices = {one.id: _choices(own, one) for one in providers}
    return Grid(
        users=users,
        providers=providers,
        rows=[
            (
                user,
                [
                    _cell(user, provider, roles.get((user.id, provider.id)), choices[provider.id])
                    for provider in providers
                ],
            )
            for user in users
        ],
    )


def _cell(
    user: User, provider: Provider, role: RoleTerms | None, choices: tuple[RoleTerms, ...]
) -> Cell:
    is_leaving = provider.suspends_at is not None
    if role is None:
        return Cell(user, provider, role, () if is_leaving else choices)
    here = roles_in_place(role, choices) if role != GROUP_ADMIN else ()
    return Cell(user, provider, role, no_more_than(role, here) if is_leaving else here)


def _choices(own: Iterable[Membership], provider: Provider) -> tuple[RoleTerms, ...]:
    """Return the roles at single providers that an admin may give at one."""
    reaching = roles_reaching(own, group_id=provider.group_id, provider_id=provider.id)
    offered = roles_to_give(reaching, _RIGHT, contract_id=provider.contract_id)
    return tuple(role for role in offered if role != GROUP_ADMIN)


def _roles(
    users: Sequence[User], providers: Sequence[Provider]
) -> dict[tuple[UUID, UUID], RoleTerms]:
    """Return the roles by user and provider; that for a whole group goes before all others."""
    held = Membership.objects.filter(
        Membership.OWN,
        Q(provider__in=providers) | Q(group__in={one.group_id for one in providers}),
        user__in=users,
    )
    contracts = {one.id: one.contract_id for one in providers}
    found: dict[tuple[UUID, UUID], RoleTerms] = {}
    for one in held:
        if one.provider_id is not None:
            terms = terms_of(one.role, contracts[one.provider_id])
            found.setdefault((one.user_id, one.provider_id), terms)
            continue
        for provider in providers:
            if provider.group_id == one.group_id:
                found[one.user_id, provider.id] = terms_of(one.role, None)
    return found
