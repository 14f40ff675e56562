"""How access grants end: by either side, by their date, or with what they were about.

Whatever ends one ends the roles that it gave in the same transaction. Rights are read with the
grant (`Membership.HELD`), so that its date takes effect by itself; what stands here keeps the rows
true to that.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from core.accounts.services.accounts import release_contract_access
from core.audit.recording import record
from core.groups.models import AccessGrant, GrantEnd, Membership
from core.groups.roles import open_to_third_parties
from core.groups.services.grant_mails import tell_both_sides
from core.groups.services.role_mails import RoleStep, tell_of_roles
from core.groups.services.roles import end_memberships, record_change
from tenants import registry
from tenants.configuration.groups import GroupsSection


def end_grants(
    grants: QuerySet[AccessGrant],
    *,
    end: GrantEnd,
    by: UUID | None,
    at: datetime,
    also: Sequence[RoleStep] = (),
) -> int:
    """End those of some grants that are open, in the caller's transaction; returns how many.

    Each is locked first: whoever assigns somebody at the same moment comes before or is refused.
    Both sides are told by mail, and so is each person of the office whose roles end, once, with
    what `also` ends. Records `access_grant.ended`, and `membership.ended` for each role.
    """
    held = grants.select_for_update(of=("self",)).filter(ended_at__isnull=True).order_by("id")
    ended = list(held.select_related("provider", "office__group"))
    for grant in ended:
        grant.ended_at, grant.ended_by, grant.end = at, by, end
        grant.save(update_fields=["ended_at", "ended_by", "end"])
    roles = Membership.objects.filter(grant__in=ended, until__isnull=True).order_by("id")
    lost = list(roles.select_related("user", "provider"))
    end_memberships(lost, at=at)
    release_roles(lost, because=end.value, by=by, at=at)
    for grant in ended:
        record_grant("ended", grant, by=by, at=at, data={"because": end.value})
        tell_both_sides(grant, "ended", by=by, at=at)
    steps = [*also, *steps_of_ended(lost)]
    # Whoever ended it may be the provider's, of whom the office's people read no names.
    others = [step for step in steps if step.user.id != by]
    tell_of_roles(others, by=None, because="grant_ended", at=at)
    return len(ended)


def end_due_grants(*, at: datetime) -> int:
    """End the grants whose date has passed, or whose contract does not open their role any more.

    Hourly; twice is once, also at the same time. Returns how many.
    """
    lapsed = Q(until__lte=at)
    switched_off = Q(pk__in=[])
    for contract in registry.list_contracts():
        switched_off |= _not_open(contract.id, contract.document.groups)
    return _end_one_by_one(lapsed, end=GrantEnd.TIME, at=at) + _end_one_by_one(
        switched_off, end=GrantEnd.SWITCHED_OFF, at=at
    )


@transaction.atomic
def end_grants_of_contract(
    *, contract_id: UUID, groups: GroupsSection, by: UUID | None, at: datetime
) -> int:
    """End the access of third parties in a contract whose document does not open it any more.

    Called by publishing, with what is in force from now on: all of it where third parties are let
    in no longer, otherwise that in a role which is not theirs any more.
    """
    grants = list_grants_not_open(contract_id=contract_id, groups=groups)
    return end_grants(grants, end=GrantEnd.SWITCHED_OFF, by=by, at=at)


def list_grants_not_open(*, contract_id: UUID, groups: GroupsSection) -> QuerySet[AccessGrant]:
    """Return the grants, ended ones too, in roles that a document does not open to third parties.

    For publishing and for the plan of it.
    """
    return AccessGrant.objects.filter(_not_open(contract_id, groups))


def _not_open(contract_id: UUID, groups: GroupsSection) -> Q:
    return Q(provider__contract=contract_id) & ~Q(role__in=open_to_third_parties(groups))


def _end_one_by_one(which: Q, *, end: GrantEnd, at: datetime) -> int:
    open_now = AccessGrant.objects.filter(which, ended_at__isnull=True)
    ended = 0
    for key in list(open_now.values_list("pk", flat=True)):
        with transaction.atomic():
            ended += end_grants(AccessGrant.objects.filter(which, pk=key), end=end, by=None, at=at)
    return ended


def steps_of_ended(ended: Iterable[Membership]) -> list[RoleStep]:
    """Return roles by grants that have ended, as their mails tell of them."""
    return [RoleStep(one.user, one.provider, one.role, None) for one in ended if one.provider]


def release_roles(
    ended: Iterable[Membership], *, because: str, by: UUID | None, at: datetime
) -> None:
    """Record roles by grants that have ended, and take the contract where nothing else is held."""
    held = [(one.provider.contract_id, one.user_id, one) for one in ended if one.provider]
    # In the order in which everybody locks accounts' access to contracts.
    for contract_id, user_id, one in sorted(held, key=lambda row: row[:2]):
        release_contract_access(user_id=user_id, contract_id=contract_id, at=at)
        data: dict[str, object] = {
            "role": one.role,
            "access_grant": str(one.grant_id),
            "because": because,
        }
        record_change("ended", one, by=by, at=at, data=data)


def record_grant(
    verb: str,
    grant: AccessGrant,
    *,
    by: UUID | None,
    at: datetime,
    data: dict[str, object] | None = None,
) -> None:
    """Record what became of an access grant, in the transaction of the act."""
    record(
        f"access_grant.{verb}",
        contract_id=grant.provider.contract_id,
        actor_id=by,
        subject=("access_grant", grant.id),
        data={
            "provider": str(grant.provider_id),
            "office": str(grant.office_id),
            "role": grant.role,
            **(data or {}),
        },
        at=at,
    )
