"""What an admin's Activity is about: providers, groups, and the keys of what belongs to them.

Read once for a page. Where something is few its keys are named in the statement that reads the
events, which then goes by the index of the subject; where it is much the statement looks it up.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, reduce
from operator import or_
from typing import Any, Final
from uuid import UUID

from django.db.models import (
    BooleanField,
    CharField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Value,
)

from core.accounts.models import User
from core.groups.access import list_memberships, list_own_memberships
from core.groups.models import (
    AccessGrant,
    Invitation,
    JoinRequest,
    Membership,
    Provider,
    ProviderGroup,
    ProviderStatus,
    RecoveryRequest,
    Role,
)
from core.groups.permissions import Permission
from core.groups.reach import Reach, list_reached_providers
from core.groups.roles import holding
from core.groups.setup import with_names, with_person_words

_FEW: Final = 300
Keys = str | QuerySet[Any, Any]
"""Few keys as PostgreSQL writes an array, or the statement that finds many."""


@dataclass(frozen=True)
class _Place:
    """A provider that is managed now, or that a group of the admin gave up."""

    id: UUID
    group_id: UUID
    contract_id: UUID
    is_active: bool
    moved_at: datetime | None
    """When it came to its group from another one, whose people are nobody's business here."""
    is_administered: bool
    is_own: bool
    """Whether it is read by a role of the provider's own, and not as a third party."""


@dataclass(frozen=True)
class Scope:
    """What one admin reads about, and whom the page is narrowed to."""

    reach: Reach
    places: tuple[_Place, ...]
    words: tuple[str, ...] = ()
    keys: dict[str, Keys] = field(default_factory=dict)

    @cached_property
    def watched(self) -> list[UUID]:
        """Return the providers, also those that were given up."""
        return [one.id for one in self.places]

    @cached_property
    def managed(self) -> list[UUID]:
        """Return the providers that are managed now."""
        return [one.id for one in self.places if one.is_active]

    @cached_property
    def groups(self) -> list[UUID]:
        """Return the groups of the providers."""
        return sorted({one.group_id for one in self.places})

    @cached_property
    def administered(self) -> dict[UUID, set[UUID]]:
        """Return the groups that the person administers, each with its contracts here."""
        found: dict[UUID, set[UUID]] = {}
        for one in self.places:
            if one.is_administered and one.is_active:
                found.setdefault(one.group_id, set()).add(one.contract_id)
        return found

    @cached_property
    def watched_keys(self) -> str:
        """Return the keys of the watched providers as PostgreSQL writes an array."""
        return array_of(self.watched)

    @cached_property
    def managed_keys(self) -> str:
        """Return the keys of the managed ones as PostgreSQL writes an array."""
        return array_of(self.managed)

    @cached_property
    def own_keys(self) -> str:
        """Return the keys of those that are read by a role of the provider's own."""
        return array_of(one.id for one in self.places if one.is_own)

    def formerly(self, provider: str, ended: str) -> Q:
        """Tell of a row whether it belongs to a moved provider's former group (ADR 0045).

        `provider` is how the row names its provider, `ended` the lookup of its end: whatever
        belonged to the former group ended with the move.
        """
        moved = [(one.id, one.moved_at) for one in self.places if one.moved_at]
        theirs = (Q((provider, key), (ended, at)) for key, at in moved)
        return reduce(or_, theirs, Q(pk__in=[]))

    def memberships(self, providers: str) -> QuerySet[Membership]:
        """Return all roles, present and past, at providers; those over groups for their admins."""
        return Membership.objects.filter(
            Q(any_of("provider", providers)) | Q(group__in=list(self.administered))
        ).exclude(self.formerly("provider", "until__lte"))

    def known_people(self) -> QuerySet[User]:
        """Return who has or had a role at those providers or groups."""
        return User.objects.filter(Exists(self.known_roles()))

    def known_roles(self) -> QuerySet[Membership]:
        """Return the roles at those providers or groups of the account of the statement around."""
        return Membership.objects.filter(
            Q(any_of("provider", self.watched_keys)) | Q(group__in=self.groups),
            user=OuterRef("pk"),
        ).exclude(self.formerly("provider", "until__lte"))


def array_of(keys: Iterable[UUID]) -> str:
    """Return keys as PostgreSQL writes an array."""
    return "{" + ",".join(map(str, keys)) + "}"


def any_of(name: str, keys: Keys, kind: str = "uuid") -> Func | Q:
    """Compare a column with keys.

    An array is written once for a page and is one parameter: hundreds of keys in each of a dozen
    parts of a statement would cost more to write than the statement to run.
    """
    if not isinstance(keys, str):
        return Q(**{f"{name}__in": keys})
    return Func(
        F(name),
        Value(keys, CharField()),
        template=f"%(expressions)s::{kind}[])",
        arg_joiner=" = ANY(",
        output_field=BooleanField(),
    )


def scope_of(reach: Reach, words: Iterable[str] = ()) -> Scope:
    """Return what an admin reads about (two statements)."""
    own = list_own_memberships(reach.actor)
    heading = own.filter(role=Role.GROUP_ADMIN)
    reading = own.filter(holding(Permission.ACTIVITY_VIEW))
    found = Provider.objects.filter(
        Q(pk__in=list_reached_providers(reach, Permission.ACTIVITY_VIEW).values("pk"))
        | Q(status=ProviderStatus.ENDED, group__in=heading.values("group")),
        contract_id__in=reach.contract_ids,
    ).annotate(
        is_administered=Exists(heading.filter(group=OuterRef("group"))),
        is_own=Exists(reading.filter(Q(provider=OuterRef("pk")) | Q(group=OuterRef("group")))),
    )
    places = tuple(
        _Place(key, group, contract, status == ProviderStatus.ACTIVE, moved_at, *is_theirs)
        for key, group, contract, status, moved_at, *is_theirs in found.values_list(
            "pk", "group", "contract", "status", "moved_at", "is_administered", "is_own"
        )
    )
    scope = Scope(reach, places, tuple(words))
    scope.keys.update(_keys(scope))
    return scope


def _keys(scope: Scope) -> dict[str, Keys]:
    """Return the keys of what events are about: a list where it is few, else how to find them."""
    at_watched = any_of("provider", scope.watched_keys)
    former = scope.formerly("provider", "ended_at__lte")

    def at_present(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        return rows.exclude(former)

    parts: dict[str, QuerySet[Any, Any]] = {
        "account": _present_users(scope),
        "membership": _but_other_offices(
            scope, scope.memberships(scope.watched_keys), "grant__office"
        ).values("pk"),
        "access_grant": _but_other_offices(
            scope, at_present(AccessGrant.objects.filter(at_watched)), "office"
        ).values("pk"),
        "invitation": _invitations(scope).values("pk"),
        "join_request": at_present(JoinRequest.objects.filter(at_watched)).values("pk"),
        "recovery": at_present(
            RecoveryRequest.objects.filter(at_watched, provider__group__in=list(scope.administered))
        ).values("pk"),
        "provider_group": ProviderGroup.objects.filter(pk__in=list(scope.administered)).values(
            "pk"
        ),
    }
    if scope.words:
        parts["person"] = _people_with_words(scope).values("pk")
    labelled = [
        part.annotate(part=Value(name, CharField())).order_by()[: _FEW + 1]
        for name, part in parts.items()
    ]
    few: dict[str, list[UUID]] = {name: [] for name in parts}
    for row in labelled[0].union(*labelled[1:], all=True).values_list():
        few[row[-1]].append(row[0])
    return {
        name: array_of(found) if len(found) <= _FEW else parts[name] for name, found in few.items()
    }


def _but_other_offices(scope: Scope, rows: QuerySet[Any, Any], office: str) -> QuerySet[Any, Any]:
    """Leave out what is another office's, of a provider that is read as a third party.

    Whom else the provider lets in is its own to know. `office` is how a row names its office.
    """
    if all(one.is_own for one in scope.places):
        return rows
    theirs = list_memberships(scope.reach.actor).filter(grant__isnull=False)
    return rows.filter(
        Q(**{f"{office}__isnull": True})
        | Q(any_of("provider", scope.own_keys))
        | Q(**{f"{office}__in": theirs.values("grant__office")})
    )


def _people_with_words(scope: Scope) -> QuerySet[User]:
    """Return whom the words fit: who left, and people of third parties, by their name alone.

    It is all that is shown of them. Found by parts of it, their username and their address, which
    may be another one since they left, could be read out sign by sign.
    """
    own = Exists(scope.known_roles().filter(grant__isnull=True, until__isnull=True))
    named = with_names(User.objects.filter(pk=OuterRef("pk")), scope.words)
    # The words stand beside the question of roles: it is asked of those alone whom they fit.
    return with_person_words(User.objects.all(), scope.words).filter(
        own | (Exists(named) & Exists(scope.known_roles()))
    )


def _present_users(scope: Scope) -> QuerySet[Any, Any]:
    """Return the accounts with a role now; what people of third parties do is their office's."""
    held = scope.memberships(scope.managed_keys).filter(Membership.OWN)
    return User.objects.filter(Exists(held.filter(user=OuterRef("pk")))).values("pk")


def _invitations(scope: Scope) -> QuerySet[Invitation]:
    """Return those to providers of the admin alone; their rows go a month after their end."""
    named = Invitation.providers.through.objects.filter(invitation=OuterRef("pk"))
    return Invitation.objects.filter(
        Exists(named.filter(any_of("provider", scope.managed_keys))),
        ~Exists(named.exclude(any_of("provider", scope.managed_keys))),
        ~Q(role=Role.GROUP_ADMIN) | Q(group__in=list(scope.administered)),
    )
