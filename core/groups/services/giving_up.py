"""Give up a provider: the group's hold on it ends, and its number can be registered again."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from core.accounts.models import User
from core.accounts.services.accounts import grant_contract_access, release_contract_access
from core.audit.recording import record
from core.common.crypto import keyed_digest
from core.groups.models import (
    AccessGrant,
    GrantEnd,
    Invitation,
    Membership,
    Provider,
    ProviderGroup,
    ProviderStatus,
)
from core.groups.permissions import Permission
from core.groups.roles import any_may
from core.groups.selectors import list_group_admins
from core.groups.services.grant_ends import end_grants
from core.groups.services.holding import hold_groups
from core.groups.services.people import tell_user
from core.groups.services.release_guards import ask_release_guards
from core.groups.services.roles import (
    ChangedMeanwhileError,
    end_memberships,
    record_change,
    roles_to_act_with,
)

GIVEN_UP: Final = "provider_given_up"
MOVED_AWAY: Final = "provider_moved_away"
MOVED_HERE: Final = "provider_moved_here"
RELEASED: Final = "provider_released"


@dataclass(frozen=True)
class Loss:
    """Who loses what when a provider is given up, as it is now."""

    provider: Provider
    group_id: UUID
    held: tuple[Membership, ...]
    """The memberships that end: those at the provider, and with the group's last provider all."""
    invitations: tuple[Invitation, ...]
    """The open invitations that name the provider; one that names another one too goes on there."""
    access: tuple[AccessGrant, ...]
    """The access of third parties that ends, with the roles of their people."""
    is_last: bool
    """Whether the group has no other provider: then the group ends with it."""

    @property
    def staying_admins(self) -> QuerySet[User]:
        """Return the Provider Group Admins, who lose this provider and keep the group's others."""
        held = Membership.objects.filter(
            group_id=self.group_id, until__isnull=True, user=OuterRef("pk")
        )
        return User.objects.none() if self.is_last else User.objects.filter(Exists(held))

    @cached_property
    def users(self) -> int:
        """Return how many people lose a role."""
        return len({one.user_id for one in self.held})

    @cached_property
    def left_without(self) -> int:
        """Return how many of these have no role anywhere afterwards."""
        others = Membership.objects.filter(until__isnull=True).exclude(
            pk__in=[one.pk for one in self.held]
        )
        keep = others.filter(user__in=[one.user_id for one in self.held])
        return self.users - keep.values("user").distinct().count()

    @property
    def version(self) -> str:
        """Return what the page remembers of all this; another one when anything has changed."""
        keys = sorted(str(one.id) for one in (*self.held, *self.invitations, *self.access))
        return keyed_digest("groups.loss", str(self.is_last), *keys).hex()[:32]


def loss_of(provider: Provider) -> Loss:
    """Return who loses what when a provider is given up (five queries)."""
    others = Provider.objects.filter(group_id=provider.group_id, status=ProviderStatus.ACTIVE)
    is_last = not others.exclude(pk=provider.pk).exists()
    ends = Q(provider=provider) | (Q(group_id=provider.group_id) if is_last else Q())
    held = Membership.objects.filter(Membership.OWN, ends).select_related("user", "provider")
    return Loss(
        provider=provider,
        group_id=provider.group_id,
        held=tuple(held.order_by("id")),
        invitations=tuple(_open_invitations(provider)),
        access=tuple(_open_access(provider).select_related("office__group").order_by("id")),
        is_last=is_last,
    )


@transaction.atomic
def give_up_provider(*, provider_id: UUID, seen: str, by: UUID, at: datetime) -> Provider:
    """End a group's hold on a provider, with every role, invitation and access
    of a third party there.

    Called by Setup after a fresh sign-in, for Provider Group Admins; `seen` is the version of the
    loss that the page spelled out. The number can be registered again by the contract's rule, from
    now on and by anybody; where codes are issued it takes a new one. With the last provider the
    group ends, its admins with it: a group without providers needs none. Everybody who loses
    something is told by mail. Records `provider.given_up`, and `membership.ended` for each role.
    Raises ChangedMeanwhileError when it was given up already, when the loss is another one by now,
    or the admin is no more.
    """
    provider = _hold(provider_id, by=by)
    loss = loss_of(provider)
    if loss.version != seen:
        raise ChangedMeanwhileError
    data = _end(loss, GIVEN_UP, by=by, at=at)
    _record("provider.given_up", provider, data, by=by, at=at)
    return provider


@transaction.atomic
def release_provider(
    *,
    provider_id: UUID,
    reason: str,
    seen: str | None = None,
    settles: UUID | None = None,
    by: UUID,
    at: datetime,
) -> Provider:
    """End a group's hold on a provider as staff of its contract, with a reason.

    Called by the pages of staff, which have loaded the provider in their scope, inside the act that
    it belongs to. What ends, who is told and who can register the number is as when a Provider
    Group Admin gives it up; `seen` is the version of the loss, where a page spelled it out, and
    `settles` the request that is decided by it. Records `provider.released` with the reason, and
    `membership.ended` for each role. Raises ChangedMeanwhileError when it has ended already, or the
    loss is another one by now, and what a release guard raises.
    """
    ask_release_guards(provider_id, settles=settles)
    provider = _hold_active(provider_id)
    loss = loss_of(provider)
    if seen is not None and loss.version != seen:
        raise ChangedMeanwhileError
    data = _end(loss, RELEASED, by=by, at=at)
    _record("provider.released", provider, {**data, "reason": reason}, by=by, at=at)
    return provider


@transaction.atomic
def hand_over_provider(
    *,
    provider_id: UUID,
    to: UUID,
    reason: str,
    seen: str | None = None,
    settles: UUID | None = None,
    by: UUID,
    at: datetime,
) -> Provider:
    """Move a provider to another group as staff of its contract, with a reason.

    Called by the pages of staff after a fresh sign-in; `seen` is the version of the loss that the
    page spelled out, and `settles` the request that is decided by it. The provider stays
    registered, as the same row, and the admins of the other group manage it from now on. Roles,
    invitations and the access of third parties there end, as when it is given up; with its last
    provider the former group ends. Both sides are told by mail. Records `provider.moved` with the
    reason, `group.provider_left` for the former group, and `membership.ended` for each role. Raises
    ChangedMeanwhileError when it has ended, the loss is another one by now, or the other group is
    the same, an office, or without an admin, and what a release guard raises.
    """
    ask_release_guards(provider_id, settles=settles)
    provider = _hold_active(provider_id, also=to)
    loss = loss_of(provider)
    admins = set(list_group_admins(to).values_list("user_id", flat=True))
    is_office = ProviderGroup.objects.filter(pk=to, office__isnull=False).exists()
    changed = seen is not None and loss.version != seen
    if changed or provider.group_id == to or is_office or not admins:
        raise ChangedMeanwhileError
    provider.group_id, provider.moved_at = to, at
    provider.save(update_fields=["group", "moved_at"])
    data = _end_hold(loss, MOVED_AWAY, gaining=admins, by=by, at=at)
    _tell(admins, provider, MOVED_HERE, by=by, at=at)
    _record("provider.moved", provider, {**data, "to": str(to), "reason": reason}, by=by, at=at)
    # The provider's own events are the other group's to read from now on.
    record(
        "group.provider_left",
        contract_id=provider.contract_id,
        actor_id=by,
        subject=("provider_group", loss.group_id),
        data={"provider": str(provider.id)},
        at=at,
    )
    return provider


def _end(loss: Loss, what: str, *, by: UUID, at: datetime) -> dict[str, object]:
    """End a provider with all that hangs on it, and tell who loses something; returns the facts."""
    provider = loss.provider
    provider.status, provider.ended_at, provider.suspends_at = ProviderStatus.ENDED, at, None
    provider.save(update_fields=["status", "ended_at", "suspends_at"])
    return _end_hold(loss, what, by=by, at=at)


def _end_hold(
    loss: Loss, what: str, *, gaining: Collection[UUID] = (), by: UUID, at: datetime
) -> dict[str, object]:
    """End what hangs on a group's hold on a provider, and tell who loses something.

    The provider is ended, or another group's, by then. `gaining` are accounts that get access to
    its contract by it: accounts are locked in one order. Returns the facts.
    """
    provider = loss.provider
    told = {one.user_id for one in loss.held} | set(
        loss.staying_admins.values_list("id", flat=True)
    )
    _end_roles(loss, by=by, at=at)
    end_grants(_open_access(provider), end=GrantEnd.GIVEN_UP, by=by, at=at)
    withdrawn = _end_invitations(loss, at=at)
    for user_id in sorted({*told, *gaining}):
        act = grant_contract_access if user_id in gaining else release_contract_access
        act(user_id=user_id, contract_id=provider.contract_id, at=at)
    _tell(told, provider, what, by=by, at=at)
    return {
        "group": str(loss.group_id),
        "group_ended": loss.is_last,
        "memberships": len(loss.held),
        "invitations": withdrawn,
    }


def _record(
    event: str, provider: Provider, data: Mapping[str, object], *, by: UUID, at: datetime
) -> None:
    record(
        event,
        contract_id=provider.contract_id,
        actor_id=by,
        subject=("provider", provider.id),
        data=data,
        at=at,
    )


def _hold(provider_id: UUID, *, by: UUID) -> Provider:
    """Return a provider that the admin may give up, with its group held."""
    found = _hold_active(provider_id)
    if not any_may(roles_to_act_with(by, found), Permission.PROVIDER_MANAGE, found.contract_id):
        raise ChangedMeanwhileError
    return found


def _hold_active(provider_id: UUID, *, also: UUID | None = None) -> Provider:
    """Return a provider that has not ended, with its group held, and another one where named.

    Invitations are locked before the group, in the order in which accepting one does.
    """
    found = Provider.objects.get(pk=provider_id)
    list(_open_invitations(found).select_for_update(of=("self",)))
    held = {one.id for one in hold_groups([found.group_id, *([also] if also else [])])}
    found.refresh_from_db()
    if found.group_id not in held:
        raise ChangedMeanwhileError
    if found.status != ProviderStatus.ACTIVE:
        raise ChangedMeanwhileError
    return found


def _open_invitations(provider: Provider) -> QuerySet[Invitation]:
    return Invitation.objects.filter(Invitation.OPEN, providers=provider).order_by("id")


def _open_access(provider: Provider) -> QuerySet[AccessGrant]:
    return AccessGrant.objects.filter(provider=provider, ended_at__isnull=True)


def _end_roles(loss: Loss, *, by: UUID, at: datetime) -> None:
    end_memberships(loss.held, at=at)
    for one in loss.held:
        data: dict[str, object] = {"role": one.role, "because": "provider_given_up"}
        record_change("ended", one, by=by, at=at, data=data)


def _end_invitations(loss: Loss, *, at: datetime) -> int:
    """Take the provider out of the invitations, and withdraw those that name no other one."""
    ended = 0
    for one in loss.invitations:
        one.providers.remove(loss.provider)
        if not one.providers.filter(status=ProviderStatus.ACTIVE).exists():
            one.withdrawn_at, one.token_digest = at, None
            one.save(update_fields=["withdrawn_at", "token_digest"])
            ended += 1
    return ended


def _tell(users: Iterable[UUID], provider: Provider, what: str, *, by: UUID, at: datetime) -> None:
    for user_id in sorted(users):
        tell_user(
            user_id,
            what,
            contract_id=provider.contract_id,
            facts={"provider": str(provider.id)},
            by=by,
            at=at,
        )
