"""The roles of a contract with their terms: from when the days of each are counted."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import (
    Case,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Concat, Greatest

from core.accounts.models import User
from core.groups.models import (
    AccessConfirmation,
    Membership,
    Provider,
    ProviderStatus,
    ReviewNotice,
    ReviewStart,
    Role,
    SuspendedRole,
)
from tenants.context import ActiveContract


def in_contract(memberships: QuerySet[Membership], contract_id: UUID) -> QuerySet[Membership]:
    """Narrow roles to those for active providers of a contract, or for groups that have one."""
    active = Provider.objects.filter(contract_id=contract_id, status=ProviderStatus.ACTIVE)
    return memberships.filter(
        Q(provider__contract_id=contract_id, provider__status=ProviderStatus.ACTIVE)
        | Q(Exists(active.filter(group=OuterRef("group"))))
    )


def with_terms(
    memberships: QuerySet[Membership], contract: ActiveContract, *, at: datetime
) -> QuerySet[Membership]:
    """Add when and by whom a role was confirmed last in a contract, and when its term began.

    A term begins with the role itself, with its last confirmation, or with the contract's review,
    whichever is the latest. A review that no run has begun yet begins now.
    """
    newest = AccessConfirmation.objects.filter(
        membership=OuterRef("pk"), contract_id=contract.id
    ).order_by("-confirmed_at")
    began = ReviewStart.objects.filter(contract_id=contract.id).values("began_at")
    return memberships.annotate(
        confirmed_at=Subquery(newest.values("confirmed_at")[:1]),
        confirmed_by=Subquery(newest.values("confirmed_by")[:1]),
        # PostgreSQL leaves what is null out of the comparison.
        term_began_at=Greatest(
            F("since"),
            F("confirmed_at"),
            Coalesce(Subquery(began), Value(at, DateTimeField())),
        ),
    )


def with_confirmers(
    memberships: QuerySet[Membership], contract_ids: Collection[UUID]
) -> QuerySet[Any]:
    """Add when a role was confirmed last in some contracts, and the name of who stands for it.

    That is who confirmed it, or who gave it; staff and strangers to the group have no name.
    """
    newest = AccessConfirmation.objects.filter(
        membership=OuterRef("pk"), contract_id__in=contract_ids
    ).order_by("-confirmed_at")
    held_in = OuterRef(OuterRef("held_in"))
    worked = Membership.objects.filter(
        Q(group=held_in) | Q(provider__group=held_in), user=OuterRef("pk")
    )
    person = User.objects.filter(Exists(worked), pk=OuterRef("standing")).annotate(
        name=Concat("first_name", Value(" "), "last_name")
    )
    return memberships.annotate(
        held_in=Coalesce("group_id", "provider__group_id"),
        confirmed_at=Subquery(newest.values("confirmed_at")[:1]),
        standing=Coalesce(Subquery(newest.values("confirmed_by")[:1]), F("created_by")),
        confirmer=Case(
            When(standing=F("user_id"), then=Value("")),
            default=Coalesce(Subquery(person.values("name")), Value("")),
        ),
    )


def may_be_confirmed_by(user_id: UUID) -> Q:
    """Tell of a role whether somebody may confirm it, as far as it is their own.

    Two pairs of eyes, where there are two: nobody confirms their own role, but the only active
    Provider Group Admin of a group, whom nobody else could confirm.
    """
    alone = Q(~Exists(_other_admins(user_id, "group")), role=Role.GROUP_ADMIN)
    return ~Q(user=user_id) | alone


def waiting_notices(
    user_id: UUID, managed: QuerySet[Provider], administered: QuerySet[Any, Any]
) -> QuerySet[ReviewNotice]:
    """Return what admins were told of and nobody has confirmed since, within somebody's reach.

    One row for each stage of a role: count the memberships.
    """
    since = AccessConfirmation.objects.filter(
        membership=OuterRef("membership"),
        contract=OuterRef("contract"),
        confirmed_at__gte=OuterRef("told_at"),
    )
    others = _other_admins(user_id, "membership__group")
    alone = Q(~Exists(others), membership__role=Role.GROUP_ADMIN)
    return ReviewNotice.objects.filter(
        Q(membership__provider__in=managed) | Q(membership__group__in=administered),
        ~Q(membership__user=user_id) | alone,
        Q(membership__until__isnull=True)
        | Exists(waiting_suspensions().filter(membership=OuterRef("membership"))),
        ~Exists(since),
    )


def waiting_suspensions() -> QuerySet[SuspendedRole]:
    """Return the suspended roles that can still be given back, of people who can still sign in.

    Whoever has got another role for the same place since is decided about, whether or not they have
    it now. So is who holds one that reaches there, also one given at the same moment by somebody
    whose look at the clock came first.
    """
    there = (
        Q(provider=OuterRef("membership__provider"))
        | Q(group=OuterRef("membership__provider__group"))
        | Q(group=OuterRef("membership__group"))
    )
    in_group = Q(provider__group=OuterRef("membership__group"))
    since = Q(since__gte=OuterRef("suspended_at"))
    later = Membership.objects.filter(
        (there & (since | Q(until__isnull=True))) | (in_group & since),
        user=OuterRef("membership__user"),
        grant__isnull=True,
    )
    return SuspendedRole.objects.filter(
        ~Exists(later), settlement="", membership__user__is_active=True
    )


def _other_admins(user_id: UUID, group: str) -> QuerySet[Membership]:
    admins = Membership.objects.filter(
        group=OuterRef(group), role=Role.GROUP_ADMIN, until__isnull=True, user__is_active=True
    )
    return admins.exclude(user=user_id)
