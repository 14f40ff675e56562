"""What the pages of Setup show: the rows of both tabs, and what opens under a row."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Model, OuterRef, Q, QuerySet

from core.accounts.models import User
from core.groups.access import list_own_memberships
from core.groups.models import Invitation, Membership, Provider
from core.groups.permissions import Permission
from core.groups.policies import roles_in_place, roles_reaching, roles_to_give, worth
from core.groups.reach import (
    Reach,
    list_reached_invitations,
    list_reached_memberships_of,
    list_reached_providers,
    list_reached_users,
)
from core.groups.roles import GROUP_ADMIN, RoleTerms, permissions_of, terms_of
from core.groups.selectors import list_memberships_at, list_own_memberships_at, with_words
from core.groups.services.invitations import INVITATION_KIND
from core.groups.services.roles import RoleNotOfferedError
from core.notifications.selectors import newest_status
from tenants import registry

Row = TypeVar("Row", bound=Model)
PER_PAGE: Final = 25
OF_PROGRAM: Final = "@"
"""Between a role's key and its contract's slug, where two contracts mean different roles by it."""
MOST_CHOICES: Final = 100
"""A select with more than this is of no use: a search narrows it first."""
MOST_INVITED: Final = 5
"""Open invitations under a list: the others stand on a page of their own, with a search."""


@dataclass(frozen=True)
class RoleRow:
    """One role of one user, and what the admin may make of it."""

    membership: Membership
    role: RoleTerms
    choices: tuple[RoleTerms, ...]
    """The roles to choose from; none where the admin may not change this one."""
    contract_name: str = ""
    is_reached: bool = True
    """Whether the user's own page opens to the admin."""


@dataclass(frozen=True)
class ProviderPart:
    """What opens under a provider."""

    provider: Provider
    page: Page[Membership]
    rows: Sequence[RoleRow]
    invitations: Sequence[Invitation]
    """The newest open ones; `has_more_invited` where there are others."""
    has_more_invited: bool
    available: Sequence[User]
    has_more: bool
    roles: tuple[RoleTerms, ...]
    """Those that the admin may give to a user of the group."""
    permissions: frozenset[Permission]
    """What the admin may do here."""
    may_move: bool
    """Whether there is another provider to which a user could move."""
    lets_in_third_parties: bool


@dataclass(frozen=True)
class UserPart:
    """What opens under a user."""

    user: User
    page: Page[Membership]
    rows: Sequence[RoleRow]
    available: Sequence[Provider]
    has_more: bool
    may_move: bool
    """Whether there is another provider to which the user could move."""
    roles: tuple[RoleTerms, ...]
    """Those that the admin may give at one of the available providers or another."""


def find_providers(
    reach: Reach, words: Iterable[str], permission: Permission = Permission.USERS_VIEW
) -> QuerySet[Provider]:
    """Return the providers of the first tab whose name, number or place has every word."""
    return with_words(list_reached_providers(reach, permission), words).order_by("name", "id")


def find_users(
    reach: Reach, words: Iterable[str], permission: Permission = Permission.USERS_VIEW
) -> QuerySet[User]:
    """Return the users of the second tab whose name, username or address has every word."""
    found = with_person_words(list_reached_users(reach, permission), words)
    return found.order_by("last_name", "first_name", "id")


def find_invitations(reach: Reach, words: Iterable[str]) -> QuerySet[Invitation]:
    """Return the open invitations whose name, username or address has every word.

    The newest first, each with `mail`: where its newest mail stands.
    """
    seen = list_reached_invitations(reach, Permission.USERS_VIEW)
    found = with_person_words(seen, words)
    newest = newest_status(kind=INVITATION_KIND, about=OuterRef("pk"))
    return found.annotate(mail=newest).order_by("-invited_at", "-id")


def with_person_words(people: QuerySet[Row], words: Iterable[str]) -> QuerySet[Row]:
    """Narrow accounts or invitations to those whose name, username or address has every word."""
    for word in words:
        people = people.filter(
            Q(first_name__icontains=word)
            | Q(last_name__icontains=word)
            | Q(username__icontains=word)
            | Q(email__icontains=word)
        )
    return people


def with_names(people: QuerySet[Row], words: Iterable[str]) -> QuerySet[Row]:
    """Narrow accounts to those whose name has every word."""
    for word in words:
        people = people.filter(Q(first_name__icontains=word) | Q(last_name__icontains=word))
    return people


def role_chosen(value: str, providers: Iterable[Provider]) -> str:
    """Return the role that a form named as `roles_at` does, to be given at some providers.

    Raises RoleNotOfferedError when it is another program's.
    """
    role, _, program = value.partition(OF_PROGRAM)
    slugs = {registry.get_contract_by_id(one.contract_id).slug for one in providers}
    if program and slugs != {program}:
        raise RoleNotOfferedError
    return role


def page_of(rows: QuerySet[Row], number: str) -> Page[Row]:
    """Return one page of a list; a number that makes no sense is the nearest page."""
    return Paginator(rows, PER_PAGE).get_page(number)


def provider_part(
    reach: Reach, provider: Provider, *, page: str = "", words: Sequence[str] = ()
) -> ProviderPart:
    """Return the users of a provider, and who of the admin's users could be added."""
    contract_id = provider.contract_id
    present = list(list_memberships_at(provider).filter(user=reach.actor))
    held = {one.role for one in present if one.grant_id is None}
    acting = acting_roles(reach, held, provider)
    roles = roles_to_give(acting, Permission.ROLES_MANAGE, contract_id=contract_id)
    at_it = list_own_memberships_at(provider).select_related("user")
    shown = Paginator(
        at_it.order_by("user__last_name", "user__first_name", "id"), PER_PAGE
    ).get_page(page)
    others = find_users(reach, words, Permission.ROLES_MANAGE).filter(is_active=True)
    there = at_it.values("user")
    may_add = bool(roles) and provider.suspends_at is None
    available = list(others.exclude(id__in=there)[: MOST_CHOICES + 1]) if may_add else []
    here = list_reached_invitations(reach, Permission.USERS_VIEW).filter(providers=provider)
    invited = list(here.order_by("-invited_at", "-id")[: MOST_INVITED + 1])
    return ProviderPart(
        provider=provider,
        page=shown,
        rows=[
            replace(
                _row(
                    one,
                    acting,
                    contract_id if one.provider_id else None,
                    is_leaving=one.provider_id is not None and provider.suspends_at is not None,
                ),
                is_reached=one.provider_id is not None or GROUP_ADMIN.key in held,
            )
            for one in shown
        ],
        invitations=invited[:MOST_INVITED],
        has_more_invited=len(invited) > MOST_INVITED,
        available=available[:MOST_CHOICES],
        has_more=len(available) > MOST_CHOICES,
        roles=roles if may_add else (),
        permissions=permissions_of((one.role, contract_id, one.grant_id) for one in present),
        may_move=bool(roles) and _has_others(reach, provider),
        lets_in_third_parties=any(
            one.document.groups.third_parties for one in reach.contracts if one.id == contract_id
        ),
    )


def user_part(reach: Reach, user: User, *, page: str = "", words: Sequence[str] = ()) -> UserPart:
    """Return the roles of a user, and the admin's providers at which the user has none."""
    own = list(list_own_memberships(reach.actor).select_related("provider"))
    held = list_reached_memberships_of(reach, user)
    shown = Paginator(held.order_by("provider__name", "id"), PER_PAGE).get_page(page)
    staying = find_providers(reach, words, Permission.ROLES_MANAGE).filter(suspends_at=None)
    free = staying.exclude(
        Q(id__in=held.filter(provider__isnull=False).values("provider"))
        | Q(group__in=held.filter(group__isnull=False).values("group"))
    )
    found = list(free[: MOST_CHOICES + 1])
    roles = roles_at(reach, own, found[:MOST_CHOICES], Permission.ROLES_MANAGE)
    available = found if roles else []
    return UserPart(
        user=user,
        page=shown,
        rows=[_row_of_user(reach, own, one) for one in shown],
        available=available[:MOST_CHOICES],
        has_more=len(available) > MOST_CHOICES,
        may_move=bool(available) or bool(words),
        roles=roles,
    )


def _has_others(reach: Reach, provider: Provider) -> bool:
    managed = list_reached_providers(reach, Permission.ROLES_MANAGE)
    return managed.filter(suspends_at=None).exclude(pk=provider.pk).exists()


def acting_roles(reach: Reach, held: Iterable[str], provider: Provider) -> set[str]:
    """Return what the roles that an admin holds at a provider are worth to their session."""
    entered = provider.group_id not in reach.partly_entered
    return {worth(role, entered=entered) for role in held}


def _row(
    held: Membership,
    acting: Iterable[str],
    contract_id: UUID | None,
    contract_name: str = "",
    *,
    is_leaving: bool,
) -> RoleRow:
    """Return a role with what may take its place, which may be one that is no longer offered."""
    role = terms_of(held.role, contract_id)
    offered = roles_to_give(acting, Permission.ROLES_MANAGE, contract_id=contract_id)
    choices = roles_in_place(role, offered)
    return RoleRow(
        held, role, no_more_than(role, choices) if is_leaving else choices, contract_name
    )


def no_more_than(role: RoleTerms, choices: Iterable[RoleTerms]) -> tuple[RoleTerms, ...]:
    """Return those of some roles that hold no more than one: at a provider that is leaving."""
    return tuple(one for one in choices if one.permissions <= role.permissions)


def _row_of_user(reach: Reach, own: Iterable[Membership], held: Membership) -> RoleRow:
    acting = roles_reaching(
        own,
        group_id=held.within,
        provider_id=held.provider_id,
        partly_entered=reach.partly_entered,
    )
    is_leaving = held.provider is not None and held.provider.suspends_at is not None
    name = reach.name_of(held.contract_id)
    return _row(held, acting, held.contract_id, name, is_leaving=is_leaving)


def roles_at(
    reach: Reach,
    own: Iterable[Membership],
    available: Iterable[Provider],
    permission: Permission,
) -> tuple[RoleTerms, ...]:
    """Return the roles that an admin may give at one of some providers or another.

    `permission` is by what, `own` are their roles by no access grant, with the providers. Which of
    them there are at the provider that is chosen, the service says. A key that stands for different
    roles in the admin's contracts is offered once for each, which its key and name say.
    """
    to_add = _contracts_of(available)
    found: dict[str, dict[UUID, RoleTerms]] = {}
    usable: set[tuple[str, UUID]] = set()
    for held in own:
        acting = [worth(held.role, entered=held.group_id not in reach.partly_entered)]
        contracts = [held.provider.contract_id] if held.provider else reach.contract_ids
        reached = to_add.get(held.provider_id or held.group_id, set())
        for contract_id in contracts:
            for role in roles_to_give(acting, permission, contract_id=contract_id):
                found.setdefault(role.key, {})[contract_id] = role
                if contract_id in reached:
                    usable.add((role.key, contract_id))
    offered = [one for roles in found.values() for one in _told_apart(reach, roles, usable)]
    return tuple(sorted(offered, key=lambda role: len(role.permissions)))


def _contracts_of(providers: Iterable[Provider]) -> dict[UUID | None, set[UUID]]:
    """Return the contracts of providers, by the keys of providers and of their groups."""
    found: dict[UUID | None, set[UUID]] = {}
    for one in providers:
        for key in (one.id, one.group_id):
            found.setdefault(key, set()).add(one.contract_id)
    return found


def _told_apart(
    reach: Reach, roles: Mapping[UUID, RoleTerms], usable: Container[tuple[str, UUID]]
) -> list[RoleTerms]:
    """Return what one key stands for where it can be given: one role, or one for each contract."""
    given = {one: role for one, role in roles.items() if (role.key, one) in usable}
    if len(set(roles.values())) == 1:
        return list(given.values())[:1]
    return [
        replace(role, key=f"{role.key}{OF_PROGRAM}{one.slug}", name=f"{role.name} ({one.name})")
        for one in reach.contracts
        if (role := given.get(one.id))
    ]
