"""What an office's admins see, and the only way to load it for them.

Whatever is another office's is 404, as if it did not exist. Of a provider they see its name, its
program and its place, and of its group nothing. These pages stand on the portal host; what they
show of a provider, and who works there, waits until its contract is entered as its admins enter it
(`core.groups.views.office_entering`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from core.accounts.models import User
from core.accounts.policies import find_contract
from core.common.http import row_or_404
from core.groups.grant_days import last_day_of
from core.groups.models import AccessGrant, Invitation, Membership, Office, Role

WORKS_FACT = "works_for_office"
"""Under which name an account knows whether it administers an office."""


def office_fact(account: str) -> Exists:
    """Return whether an account administers an office, as a part of a statement that knows it."""
    return Exists(
        Membership.objects.filter(
            Membership.OWN,
            user=OuterRef(account),
            role=Role.GROUP_ADMIN,
            group__office__closed_at__isnull=True,
            group__office__isnull=False,
        )
    )


def list_offices(actor: User) -> QuerySet[Office]:
    """Return the open offices that somebody administers, the oldest first."""
    held = Membership.objects.filter(Membership.OWN, user=actor, role=Role.GROUP_ADMIN)
    found = Office.objects.filter(group__in=held.values("group"), closed_at__isnull=True)
    return found.select_related("group").order_by("registered_at", "id")


def access_office(actor: User, key: UUID) -> Office:
    """Return an office that somebody administers. Raises Http404 otherwise."""
    return row_or_404(list_offices(actor), key)


def access_office_grant(actor: User, key: UUID) -> AccessGrant:
    """Return access of such an office, also some that has ended. Raises Http404 otherwise."""
    found = AccessGrant.objects.filter(office__in=list_offices(actor))
    return row_or_404(found.select_related("provider", "office__group"), key)


def access_office_person(actor: User, key: UUID) -> Membership:
    """Return a role in such an office, present or past. Raises Http404 otherwise."""
    groups = list_offices(actor).values("group")
    found = Membership.objects.filter(grant__isnull=True, group__in=groups)
    return row_or_404(found.select_related("user", "group__office"), key)


def access_assignment(actor: User, key: UUID) -> Membership:
    """Return a role by a grant of such an office, present or past. Raises Http404 otherwise."""
    found = Membership.objects.filter(grant__office__in=list_offices(actor))
    return row_or_404(
        found.select_related("user", "provider", "grant__office", "grant__provider"), key
    )


def access_office_invitation(actor: User, key: UUID) -> Invitation:
    """Return an open invitation to such an office. Raises Http404 otherwise."""
    found = Invitation.objects.filter(
        Invitation.OPEN, group__in=list_offices(actor).values("group")
    )
    return row_or_404(found.select_related("group__office"), key)


@dataclass(frozen=True)
class GrantRow:
    """Access as the office sees it: name, program, place, until when, how many work by it."""

    grant: AccessGrant
    contract_name: str
    people: int

    @property
    def last_day(self) -> date:
        """Return the last day on which it counts."""
        return last_day_of(self.grant)


def list_living(grants: QuerySet[AccessGrant], *, at: datetime) -> QuerySet[AccessGrant]:
    """Narrow grants to those that count at a moment."""
    return grants.filter(ended_at__isnull=True, until__gt=at)


def grant_rows(office: Office, *, at: datetime) -> list[GrantRow]:
    """Return an office's living access, by provider (one query)."""
    working = Count("memberships", filter=Q(memberships__until__isnull=True))
    found = list_living(office.access_grants.all(), at=at).annotate(people=working)
    return [
        GrantRow(one, contract_name(one), one.people)
        for one in found.select_related("provider").order_by("provider__name", "id")
    ]


def contracts_of_office(office: Office, *, at: datetime) -> list[UUID]:
    """Return the contracts into which an office's living access reaches."""
    living = list_living(office.access_grants.all(), at=at)
    return list(living.values_list("provider__contract_id", flat=True).distinct())


def contract_name(grant: AccessGrant) -> str:
    """Return the name of the program in which a grant counts."""
    contract = find_contract(grant.provider.contract_id)
    return contract.name if contract else "a program that is out of service"


def list_people(office: Office, *, without: Collection[UUID] = ()) -> QuerySet[Membership]:
    """Return who works for an office, with `works_for`: the names of providers, by its access.

    Those of the contracts `without` are not named.
    """
    working = _worked_for(office, without).filter(user=OuterRef("user")).values("provider__name")
    held = Membership.objects.filter(Membership.OWN, group=office.group_id)
    return (
        held.select_related("user")
        .annotate(works_for=ArraySubquery(working.distinct().order_by("provider__name")))
        .order_by("user__last_name", "user__first_name", "id")
    )


def works_for(held: Membership, *, without: Collection[UUID] = ()) -> list[str]:
    """Return for which providers somebody of an office works by its access, but in some contracts.

    `held` is their role in the office.
    """
    assert held.group is not None  # noqa: S101 (a role in an office is for its group)
    names = _worked_for(held.group.office, without).filter(user=held.user_id)
    return list(names.values_list("provider__name", flat=True).order_by("provider__name"))


def _worked_for(office: Office, without: Collection[UUID]) -> QuerySet[Membership]:
    held = Membership.objects.filter(Membership.HELD, grant__office=office)
    return held.exclude(provider__contract__in=without)


def list_assigned(grant: AccessGrant) -> QuerySet[Membership]:
    """Return who works for a provider by a grant."""
    held = grant.memberships.filter(Membership.HELD).select_related("user")
    return held.order_by("user__last_name", "user__first_name", "id")


def list_assignable(grant: AccessGrant) -> Sequence[User]:
    """Return the people of the office who do not work by the grant yet."""
    held = Membership.objects.filter(Membership.OWN, group=grant.office.group_id)
    people = User.objects.filter(pk__in=held.values("user"), is_active=True)
    free = people.exclude(pk__in=list_assigned(grant).values("user"))
    return list(free.order_by("last_name", "first_name", "id"))
