"""Change access that an office has: another last day, another role."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.groups.entering import Entered
from core.groups.grant_days import last_day_of
from core.groups.models import AccessGrant, Membership
from core.groups.services.access_grants import (
    RIGHT,
    GrantTerms,
    end_on,
    hold_for_provider,
    reminded_at,
    require_open,
)
from core.groups.services.grant_ends import record_grant
from core.groups.services.grant_mails import tell_both_sides
from core.groups.services.role_mails import RoleStep, sign_out_of_other_roles, tell_of_roles
from core.groups.services.roles import (
    ChangedMeanwhileError,
    end_memberships,
    record_change,
    require_role,
)


@transaction.atomic
def change_access(
    *,
    grant_id: UUID,
    seen: GrantTerms,
    wanted: GrantTerms,
    by: UUID,
    entered: Entered,
    at: datetime,
) -> AccessGrant:
    """Let access be in another role, or end on another day, than the page showed.

    Called by Setup. Reminders count from the new day; who works by it in another role from now on
    signs in anew. Tells both sides, and of another role each of its people. Records
    `access_grant.end_changed`, `access_grant.role_changed` and `membership.role_changed`. Raises
    EndDateError, NoThirdPartiesError, RoleNotOfferedError, RoleNotYoursError,
    ChangedMeanwhileError, NotEnteredError, ProviderLeavingError.
    """
    grant = hold_for_provider(grant_id, by=by, entered=entered, at=at)
    if GrantTerms(grant.role, last_day_of(grant)) != seen:
        raise ChangedMeanwhileError
    # Whoever lets it go on gives it anew: in a role that is open, and within their own.
    require_role(by, grant.provider, wanted.role, RIGHT, entered=entered)
    require_open(grant.provider.contract_id, wanted.role)
    if wanted == seen:
        return grant
    if wanted.last_day != seen.last_day:
        _change_end(grant, wanted, by=by, at=at)
    if wanted.role != seen.role:
        _change_role(grant, wanted.role, by=by, at=at)
    tell_both_sides(grant, "changed", by=by, at=at)
    return grant


def _change_end(grant: AccessGrant, wanted: GrantTerms, *, by: UUID, at: datetime) -> None:
    former, until = grant.until, end_on(wanted.last_day, grant.provider, at=at)
    grant.until, grant.reminded_days = until, reminded_at(until, at=at)
    grant.save(update_fields=["until", "reminded_days"])
    data: dict[str, object] = {"from": former.isoformat(), "until": until.isoformat()}
    record_grant("end_changed", grant, by=by, at=at, data=data)


def _change_role(grant: AccessGrant, role: str, *, by: UUID, at: datetime) -> None:
    was, grant.role = grant.role, role
    grant.save(update_fields=["role"])
    change: dict[str, object] = {"from": was, "to": role}
    record_grant("role_changed", grant, by=by, at=at, data=change)
    held = list(grant.memberships.filter(until__isnull=True).select_related("user").order_by("id"))
    end_memberships(held, at=at)
    for one in held:
        made = Membership.objects.create(
            user=one.user, provider=grant.provider, grant=grant, role=role, since=at, created_by=by
        )
        data: dict[str, object] = {"access_grant": str(grant.id), **change}
        record_change("role_changed", made, by=by, at=at, data=data)
    steps = [RoleStep(one.user, grant.provider, was, role) for one in held]
    # The office's people read nobody's name of the provider; who changed it knows.
    others = [step for step in steps if step.user.id != by]
    tell_of_roles(others, by=None, because="grant_changed", at=at)
    sign_out_of_other_roles(steps, by=by, at=at)
