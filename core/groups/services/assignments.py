"""Which of an office's people work for a provider by its access grant."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.accounts.services.accounts import grant_contract_access
from core.groups.entering import Entered
from core.groups.models import AccessGrant, Membership, Role
from core.groups.roles import STAFF
from core.groups.services.access_grants import RIGHT, hold_for_office
from core.groups.services.grant_ends import release_roles, steps_of_ended
from core.groups.services.holding import hold_group, keep_an_admin
from core.groups.services.leaving import refuse_leaving
from core.groups.services.offices import hold_office_person
from core.groups.services.role_mails import RoleStep, tell_of_roles
from core.groups.services.roles import (
    ChangedMeanwhileError,
    end_memberships,
    record_change,
    require_role,
)


@transaction.atomic
def assign_people(
    *, grant_id: UUID, user_ids: Iterable[UUID], by: UUID, at: datetime
) -> list[Membership]:
    """Let people of an office work for a provider as long as the grant lives.

    Called by the office's page. Who is assigned already stays so; the others are told by mail.
    Records `membership.granted`. Raises ChangedMeanwhileError when the grant has ended, or
    somebody has left the office, ProviderLeavingError.
    """
    grant = hold_for_office(grant_id, by=by, at=at)
    refuse_leaving(grant.provider)
    wanted = set(user_ids)
    people = Membership.objects.filter(
        Membership.OWN, group=grant.office.group_id, user__in=wanted, user__is_active=True
    )
    if people.count() != len(wanted):
        raise ChangedMeanwhileError
    present = set(
        grant.memberships.filter(until__isnull=True, user__in=wanted).values_list("user", flat=True)
    )
    new = [one.user for one in people.select_related("user") if one.user_id not in present]
    made = [_assign(grant, one.id, by=by, at=at) for one in sorted(new, key=lambda one: one.id)]
    steps = [RoleStep(one, grant.provider, None, grant.role) for one in new]
    tell_of_roles(steps, by=by, at=at)
    return made


@transaction.atomic
def end_assignment_as_office(*, membership_id: UUID, by: UUID, at: datetime) -> None:
    """Take one of the office's people out of a provider, with their next request.

    Called by the office's page. Records `membership.ended`. Raises ChangedMeanwhileError.
    """
    grant_id = Membership.objects.values_list("grant", flat=True).get(pk=membership_id)
    if grant_id is None:
        raise ChangedMeanwhileError
    hold_for_office(grant_id, by=by, at=at)
    steps = _end(membership_id, because="office", by=by, at=at)
    tell_of_roles(steps, by=by, at=at)


@transaction.atomic
def end_assignment_as_provider(
    *, membership_id: UUID, by: UUID, entered: Entered, at: datetime
) -> None:
    """Do the same as an admin of the provider; the office's access itself goes on.

    Called by Setup. The mail to the person names nobody of the provider. Raises
    ChangedMeanwhileError, RoleNotYoursError.
    """
    held = Membership.objects.select_related("provider__group", "grant").get(pk=membership_id)
    if held.provider is None or held.grant is None:
        raise ChangedMeanwhileError
    hold_group(held.provider.group_id)
    require_role(by, held.provider, STAFF.key, RIGHT, entered=entered, gives=False)
    AccessGrant.objects.select_for_update().get(pk=held.grant.pk)
    steps = _end(membership_id, because="provider", by=by, at=at)
    tell_of_roles(steps, by=None, because="provider", at=at)


@transaction.atomic
def end_office_person(*, membership_id: UUID, was: Role, by: UUID, at: datetime) -> None:
    """Take somebody out of an office, and of everything they do by its access grants.

    Called by the office's page. Records `membership.ended` for each role. Raises
    ChangedMeanwhileError, LastAdminError.
    """
    office, held = hold_office_person(membership_id, was=was, by=by)
    keep_an_admin([office.group], without=held.user_id)
    # Who assigns holds the office's group, as this does: nobody is assigned in between. Who ends
    # holds the grant alone: what a provider ends at this moment is ended once.
    theirs = Membership.objects.filter(user=held.user_id, grant__office=office, until__isnull=True)
    by_grants = AccessGrant.objects.select_for_update().filter(pk__in=theirs.values("grant"))
    list(by_grants.order_by("id"))
    assigned = list(theirs.select_related("user", "provider"))
    end_memberships([held, *assigned], at=at)
    release_roles(assigned, because="left_office", by=by, at=at)
    record_change("ended", held, by=by, at=at, data={"role": was.value})
    own = RoleStep(held.user, office.group, was, None)
    tell_of_roles([own, *steps_of_ended(assigned)], by=by, at=at)


def _assign(grant: AccessGrant, user_id: UUID, *, by: UUID, at: datetime) -> Membership:
    made = Membership.objects.create(
        user_id=user_id,
        provider=grant.provider,
        grant=grant,
        role=grant.role,
        since=at,
        created_by=by,
    )
    grant_contract_access(user_id=user_id, contract_id=grant.provider.contract_id, at=at)
    data: dict[str, object] = {"role": grant.role, "access_grant": str(grant.id)}
    record_change("granted", made, by=by, at=at, data=data)
    return made


def _end(membership_id: UUID, *, because: str, by: UUID, at: datetime) -> list[RoleStep]:
    found = Membership.objects.filter(pk=membership_id, until__isnull=True)
    held = list(found.select_related("user", "provider"))
    if not held:
        raise ChangedMeanwhileError
    end_memberships(held, at=at)
    release_roles(held, because=because, by=by, at=at)
    return steps_of_ended(held)
