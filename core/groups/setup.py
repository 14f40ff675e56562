"""What the pages of Setup show: the rows of both tabs, and what opens under a row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, OuterRef, Q, QuerySet

from core.accounts.models import User
from core.groups.access import list_memberships
from core.groups.models import Invitation, Membership, Provider, Role
from core.groups.permissions import Permission, role_may
from core.groups.policies import roles_reaching, roles_to_give, worth
from core.groups.reach import (
    Reach,
    list_managed_invitations,
    list_managed_memberships,
    list_managed_providers,
    list_managed_users,
)
from core.groups.selectors import list_own_memberships_at, with_words
from core.groups.services.invitations import INVITATION_KIND
from core.groups.services.roles import roles_held
from core.notifications.selectors import newest_status

Row = TypeVar("Row", bound=Model)
PER_PAGE: Final = 25
MOST_CHOICES: Final = 100
"""A select with more than this is of no use: a search narrows it first."""


@dataclass(frozen=True)
class RoleRow:
    """One role of one user, and what the admin may make of it."""

    membership: Membership
    choices: tuple[Role, ...]
    """The roles to choose from; none where the admin may not change this one."""
    contract_name: str = ""

    @property
    def role(self) -> Role:
        """Return the present role."""
        return Role(self.membership.role)


@dataclass(frozen=True)
class ProviderPart:
    """What opens under a provider."""

    provider: Provider
    page: Page[Membership]
    rows: Sequence[RoleRow]
    invitations: Sequence[Invitation]
    available: Sequence[User]
    has_more: bool
    roles: tuple[Role, ...]
    may_give_up: bool
    lets_in_third_parties: bool


@dataclass(frozen=True)
class UserPart:
    """What opens under a user."""

    user: User
    page: Page[Membership]
    rows: Sequence[RoleRow]
    available: Sequence[Provider]
    has_more: bool
    roles: tuple[Role, ...]


def find_providers(reach: Reach, words: Iterable[str]) -> QuerySet[Provider]:
    """Return the providers of the first tab whose name, number or place has every word."""
    return with_words(list_managed_providers(reach), words).order_by("name", "id")


def find_users(reach: Reach, words: Iterable[str]) -> QuerySet[User]:
    """Return the users of the second tab whose name, username or address has every word."""
    found = with_person_words(list_managed_users(reach), words)
    return found.order_by("last_name", "first_name", "id")


def find_invitations(reach: Reach, words: Iterable[str]) -> QuerySet[Invitation]:
    """Return the open invitations whose name, username or address has every word.

    The newest first, each with `mail`: where its newest mail stands.
    """
    found = with_person_words(list_managed_invitations(reach), words)
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


def page_of(rows: QuerySet[Row], number: str) -> Page[Row]:
    """Return one page of a list; a number that makes no sense is the nearest page."""
    return Paginator(rows, PER_PAGE).get_page(number)


def provider_part(
    reach: Reach, provider: Provider, *, page: str = "", words: Iterable[str] = ()
) -> ProviderPart:
    """Return the users of a provider, and who of the admin's users could be added."""
    held = roles_held(reach.actor.id, provider)
    acting = acting_roles(reach, held, provider)
    at_it = list_own_memberships_at(provider).select_related("user")
    shown = Paginator(
        at_it.order_by("user__last_name", "user__first_name", "id"), PER_PAGE
    ).get_page(page)
    others = find_users(reach, words).exclude(id__in=at_it.values("user")).filter(is_active=True)
    available = list(others[: MOST_CHOICES + 1])
    return ProviderPart(
        provider=provider,
        page=shown,
        rows=[RoleRow(one, _choices(acting, one.role)) for one in shown],
        invitations=list(list_managed_invitations(reach).filter(providers=provider)[:MOST_CHOICES]),
        available=available[:MOST_CHOICES],
        has_more=len(available) > MOST_CHOICES,
        roles=roles_to_give(acting),
        may_give_up=any(role_may(role, Permission.PROVIDER_MANAGE) for role in held),
        lets_in_third_parties=any(
            one.document.groups.third_parties
            for one in reach.contracts
            if one.id == provider.contract_id
        ),
    )


def user_part(reach: Reach, user: User, *, page: str = "", words: Iterable[str] = ()) -> UserPart:
    """Return the roles of a user, and the admin's providers at which the user has none."""
    own = list(list_memberships(reach.actor))
    names = {contract.id: contract.name for contract in reach.contracts}
    held = list_managed_memberships(reach, user)
    shown = Paginator(held.order_by("provider__name", "id"), PER_PAGE).get_page(page)
    rows = [
        RoleRow(
            one,
            _choices(
                roles_reaching(
                    own,
                    group_id=one.within,
                    provider_id=one.provider_id,
                    partly_entered=reach.partly_entered,
                ),
                one.role,
            ),
            names.get(one.provider.contract_id, "") if one.provider else "",
        )
        for one in shown
    ]
    free = find_providers(reach, words).exclude(
        Q(id__in=held.filter(provider__isnull=False).values("provider"))
        | Q(group__in=held.filter(group__isnull=False).values("group"))
    )
    available = list(free[: MOST_CHOICES + 1])
    return UserPart(
        user=user,
        page=shown,
        rows=rows,
        available=available[:MOST_CHOICES],
        has_more=len(available) > MOST_CHOICES,
        roles=roles_to_give(
            worth(one.role, entered=one.group_id not in reach.partly_entered) for one in own
        ),
    )


def acting_roles(reach: Reach, held: Iterable[str], provider: Provider) -> set[str]:
    """Return what the roles that an admin holds at a provider are worth to their session."""
    entered = provider.group_id not in reach.partly_entered
    return {worth(role, entered=entered) for role in held}


def _choices(held: Iterable[str], role: str) -> tuple[Role, ...]:
    roles = roles_to_give(held)
    return roles if role in roles else ()
