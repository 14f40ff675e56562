"""Change and end the roles of users, on behalf of an admin.

Every act holds the group first and looks at the admin's own roles after that: an admin who loses
them at the same moment either comes before or is refused.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from core.accounts.models import User
from core.accounts.services.accounts import release_contract_access
from core.audit.recording import Happening, record_all
from core.common.errors import DomainError
from core.groups.entering import Entered, require_entered, require_entered_for
from core.groups.models import Membership, Provider, ProviderGroup, ProviderStatus, Role
from core.groups.permissions import Permission
from core.groups.policies import may_manage
from core.groups.roles import any_may, is_offered, means_the_same, terms_of
from core.groups.selectors import (
    contracts_of_group,
    list_own_memberships_at,
)
from core.groups.services.holding import hold_group, keep_an_admin
from core.groups.services.leaving import refuse_leaving
from core.groups.services.memberships import grant_group_admin, grant_provider_role
from core.groups.services.role_mails import RoleStep, sign_out_of_other_roles, tell_of_roles


class ChangedMeanwhileError(DomainError):
    """The page was old: the role has changed, or the admin's own has."""

    code: ClassVar[str] = "changed_meanwhile"
    message: ClassVar[str] = (
        "Nothing was done, because this has changed since you opened the page. It shows the "
        "present state now."
    )


class RoleNotYoursError(DomainError):
    """The admin's own role does not hold what they wanted to give."""

    code: ClassVar[str] = "role_not_yours"
    message: ClassVar[str] = "You cannot give this role here: your own role does not reach as far."


class RoleNotOfferedError(DomainError):
    """The provider's contract has no such role, or not any more."""

    code: ClassVar[str] = "role_not_offered"
    message: ClassVar[str] = "This role is not one of the program's. Choose another one."


class RoleDiffersError(DomainError):
    """Two contracts have a role of this key, or only one has; it is not one and the same role."""

    code: ClassVar[str] = "role_differs"
    message: ClassVar[str] = (
        "Nothing was done: this role is not the same in these programs. Give a role at each "
        "provider by itself."
    )


@transaction.atomic
def add_role(
    *, user: User, provider: Provider, role: str, by: UUID, entered: Entered, at: datetime
) -> Membership:
    """Give a user of the admin's providers a role for one more.

    Called by Setup, which has loaded both through the admin's reach. Provider Group Admin takes the
    place of the roles at single providers of the group. The user is told by mail. Records
    `membership.granted`. Raises ChangedMeanwhileError when the user has a role there by now, or the
    admin none, RoleNotYoursError, RoleNotOfferedError, NotEnteredError, ProviderLeavingError.
    """
    made = place_role(user=user, provider=provider, role=role, by=by, entered=entered, at=at)
    place = provider.group if role == Role.GROUP_ADMIN else provider
    step = RoleStep(user, place, None, role)
    tell_of_roles([step], by=by, at=at)
    sign_out_of_other_roles([step], by=by, at=at)
    return made


def place_role(
    *,
    user: User,
    provider: Provider,
    role: str,
    by: UUID,
    entered: Entered,
    at: datetime,
    permission: Permission = Permission.ROLES_MANAGE,
) -> Membership:
    """Do what `add_role` does but for the mail: the caller's own tells the user.

    `permission` is by what the admin acts.
    """
    hold_group(provider.group_id)
    require_role(by, provider, role, permission, entered=entered)
    if holds_own_role(user.id, provider):
        raise ChangedMeanwhileError
    return _grant(user, provider, role, by=by, at=at)


@transaction.atomic
def change_role(
    *, membership_id: UUID, was: str, role: str, by: UUID, entered: Entered, at: datetime
) -> None:
    """Give a user another role in place of the one that the page showed.

    Called by Setup. A Provider Group Admin who becomes less keeps the new role at every provider of
    the group; who becomes Provider Group Admin loses the roles at single providers, which it
    holds anyway. The user is told by mail. Records `membership.role_changed`. Raises
    ChangedMeanwhileError, RoleNotYoursError, RoleNotOfferedError, NotEnteredError, LastAdminError,
    and ProviderLeavingError for a role that holds more.
    """
    held = replace_role(
        membership_id=membership_id, was=was, role=role, by=by, entered=entered, at=at
    )
    if role == was:
        return
    place = held.provider if role != Role.GROUP_ADMIN else None
    step = RoleStep(held.user, place or _group_of(held), was, role)
    tell_of_roles([step], by=by, at=at)
    sign_out_of_other_roles([step], by=by, at=at)


def replace_role(
    *, membership_id: UUID, was: str, role: str, by: UUID, entered: Entered, at: datetime
) -> Membership:
    """Do what `change_role` does but for the mail; returns the membership that was replaced."""
    held = hold_membership(membership_id, was=was, by=by, entered=entered)
    if role == was:
        return held
    _require(roles_over(by, held), role, Permission.ROLES_MANAGE, held.contract_id)
    if held.provider is not None:
        require_entered_for(role, held.provider, entered)
        if not _is_less(role, was, held.contract_id):
            refuse_leaving(held.provider)
    if held.group is not None:
        keep_an_admin([held.group], without=held.user_id)
    end_memberships([held], at=at)
    for provider in _reach_of(held):
        _grant(held.user, provider, role, by=by, at=at)
    record_change("role_changed", held, by=by, at=at, data={"from": was, "to": role})
    return held


@transaction.atomic
def end_membership(
    *, membership_id: UUID, was: str, by: UUID, entered: Entered, at: datetime
) -> None:
    """Take a role away: the person is out with their next request.

    Called by Setup, also for one's own. What the person holds at other providers stays. They are
    told by mail, but not of what they did themselves. Records `membership.ended`. Raises
    ChangedMeanwhileError, NotEnteredError, LastAdminError.
    """
    held = take_role(membership_id=membership_id, was=was, by=by, entered=entered, at=at)
    step = RoleStep(held.user, held.provider or _group_of(held), was, None)
    tell_of_roles([step], by=by, at=at)


def take_role(
    *, membership_id: UUID, was: str, by: UUID, entered: Entered, at: datetime
) -> Membership:
    """Do what `end_membership` does but for the mail; returns the membership that has ended."""
    held = hold_membership(membership_id, was=was, by=by, entered=entered)
    if held.group is not None:
        keep_an_admin([held.group], without=held.user_id)
    contracts = {provider.contract_id for provider in _reach_of(held)}
    end_memberships([held], at=at)
    for contract_id in sorted(contracts):
        release_contract_access(user_id=held.user_id, contract_id=contract_id, at=at)
    record_change("ended", held, by=by, at=at, data={"role": was})
    return held


def make_group_admin(*, user: User, provider: Provider, by: UUID, at: datetime) -> Membership:
    """Make an account Provider Group Admin of a provider's group, which the caller holds.

    Called by recovery, which staff have decided. Who has become it signs in anew. Records
    `membership.granted`. Raises ChangedMeanwhileError when it is one by now.
    """
    made = _grant(user, provider, Role.GROUP_ADMIN, by=by, at=at)
    step = RoleStep(user, provider.group, None, Role.GROUP_ADMIN)
    sign_out_of_other_roles([step], by=by, at=at)
    return made


def require_role(
    by: UUID,
    provider: Provider,
    role: str,
    permission: Permission,
    *,
    entered: Entered,
    gives: bool = True,
) -> None:
    """Make sure, with the group held, that an admin may still give a role at a provider.

    Who takes back what would give it (`gives` is False) may do so when the contract has the role no
    longer, too, and at a provider that is leaving the roster. Raises ChangedMeanwhileError when the
    provider was given up or they lost the permission there, RoleNotYoursError, RoleNotOfferedError,
    NotEnteredError, ProviderLeavingError.
    """
    provider.refresh_from_db(fields=["status"])
    held, contract_id = roles_to_act_with(by, provider), provider.contract_id
    if provider.status != ProviderStatus.ACTIVE or not any_may(held, permission, contract_id):
        raise ChangedMeanwhileError
    if gives:
        refuse_leaving(provider)
        _require(held, role, permission, contract_id)
    elif not may_manage(held, role, permission, contract_id=contract_id):
        raise RoleNotYoursError
    require_entered_for(role, provider, entered)


def require_same_role(role: str, providers: Iterable[Provider]) -> None:
    """Make sure that one role given at several providers is one and the same. RoleDiffersError."""
    if not means_the_same(role, {one.contract_id for one in providers}):
        raise RoleDiffersError


def roles_held(user_id: UUID, provider: Provider) -> set[str]:
    """Return the roles that reach a provider, at it or for its whole group, by no access grant.

    They are what somebody acts by; third parties read.
    """
    held = list_own_memberships_at(provider).filter(user_id=user_id)
    return set(held.values_list("role", flat=True))


def holds_own_role(user_id: UUID, provider: Provider) -> bool:
    """Tell whether an account works for a provider itself, and not by an access grant alone.

    Who works there for an office may ask to join, and the office has no say in it.
    """
    return list_own_memberships_at(provider).filter(user_id=user_id).exists()


def roles_to_act_with(by: UUID, provider: Provider) -> set[str]:
    """Return the roles by which an account does something for others: none when it is closed.

    A closed account keeps its roles for the day on which it is opened again. What it has begun, and
    what takes effect later, must not go by them.
    """
    held = list_own_memberships_at(provider).filter(user_id=by, user__is_active=True)
    return set(held.values_list("role", flat=True))


def roles_over(by: UUID, held: Membership) -> set[str]:
    """Return the roles of an admin, not a closed one, that reach all that a membership reaches."""
    if held.provider is not None:
        return roles_to_act_with(by, held.provider)
    own = Membership.objects.filter(Membership.OWN, user_id=by, group_id=held.group_id)
    return set(own.filter(user__is_active=True).values_list("role", flat=True))


def hold_membership(membership_id: UUID, *, was: str, by: UUID, entered: Entered) -> Membership:
    """Return a membership that is as the page showed it and the admin's, with its group held.

    Raises ChangedMeanwhileError, NotEnteredError.
    """
    hold_group(group_of(membership_id))
    held = (
        Membership.objects.select_related("user", "group", "provider__group")
        .filter(Membership.OWN, pk=membership_id, role=was)
        .first()
    )
    if held is None:
        raise ChangedMeanwhileError
    acting, permission = roles_over(by, held), Permission.ROLES_MANAGE
    if not may_manage(acting, was, permission, contract_id=held.contract_id):
        raise ChangedMeanwhileError
    reached = [held.provider.contract_id] if held.provider else contracts_of_group(held.within)
    require_entered(reached, entered)
    return held


def group_of(membership_id: UUID) -> UUID:
    """Return the key of the group in which a membership counts."""
    found = Membership.objects.annotate(held_in=Coalesce("group_id", "provider__group_id"))
    key: UUID = found.values_list("held_in", flat=True).get(pk=membership_id)
    return key


def _reach_of(membership: Membership) -> list[Provider]:
    if membership.provider is not None:
        return [membership.provider]
    return list(
        Provider.objects.filter(
            group_id=membership.group_id, status=ProviderStatus.ACTIVE
        ).order_by("contract", "id")
    )


def _group_of(membership: Membership) -> ProviderGroup:
    group = membership.provider.group if membership.provider else membership.group
    assert group is not None  # noqa: S101 (membership_role_fits_its_reach)
    return group


def _single_roles(user_id: UUID, group_id: UUID) -> QuerySet[Membership]:
    return Membership.objects.filter(Membership.OWN, user_id=user_id, provider__group_id=group_id)


def _require(held: set[str], role: str, permission: Permission, contract_id: UUID | None) -> None:
    if not is_offered(role, contract_id):
        raise RoleNotOfferedError
    if not may_manage(held, role, permission, contract_id=contract_id):
        raise RoleNotYoursError


def _is_less(role: str, was: str, contract_id: UUID | None) -> bool:
    """Tell whether a role lets nobody do what another one does not."""
    return terms_of(role, contract_id).permissions <= terms_of(was, contract_id).permissions


def _grant(user: User, provider: Provider, role: str, *, by: UUID, at: datetime) -> Membership:
    if role == Role.GROUP_ADMIN:
        end_memberships(_single_roles(user.id, provider.group_id), at=at)
        made = grant_group_admin(user=user, group=provider.group, by=by, at=at)
    else:
        made = grant_provider_role(user=user, provider=provider, role=role, by=by, at=at)
    if made is None:
        raise ChangedMeanwhileError
    return made


def end_memberships(memberships: Iterable[Membership], *, at: datetime) -> None:
    """End memberships, in the caller's transaction, which holds their group and records it."""
    keys = [one.pk for one in memberships]
    Membership.objects.filter(pk__in=keys, until__isnull=True).update(until=at)


def record_change(
    verb: str, held: Membership, *, by: UUID | None, at: datetime, data: dict[str, object]
) -> None:
    """Record what became of a membership, in the transaction of the act."""
    record_all([happening_of(verb, held, by=by, data=data)], at=at)


def happening_of(
    verb: str,
    held: Membership,
    *,
    by: UUID | None,
    data: dict[str, object],
    contract_id: UUID | None = None,
) -> Happening:
    """Return the event about a membership, which is of its provider's contract unless it is said.

    `by` None is the portal itself.
    """
    reach = {"group": str(held.group_id)} if held.group_id else {"provider": str(held.provider_id)}
    return Happening(
        f"membership.{verb}",
        contract_id=contract_id or held.contract_id,
        actor_id=by,
        subject=("membership", held.id),
        data={"account": str(held.user_id), **reach, **data},
    )
