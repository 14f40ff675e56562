"""Remind admins of roles that are to be confirmed, and end or suspend what nobody confirmed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from core.accounts.services.accounts import release_contract_access
from core.audit.recording import record_all
from core.groups.models import (
    Membership,
    Provider,
    ProviderStatus,
    ReviewNotice,
    ReviewStage,
    ReviewStart,
    SuspendedRole,
)
from core.groups.permissions import Permission
from core.groups.reviewing.rules import (
    LAST_DAYS,
    ReviewRules,
    ending_reached_by,
    rules_of,
    stage_of,
    stage_reached_by,
)
from core.groups.reviewing.terms import in_contract, with_terms
from core.groups.selectors import list_admins_of
from core.groups.services.holding import LastAdminError, hold_group, keep_an_admin
from core.groups.services.role_mails import RoleStep, tell_of_roles
from core.groups.services.roles import end_memberships, happening_of
from core.notifications.services.outbox import Letter, enqueue_all
from tenants import registry
from tenants.context import ActiveContract

REVIEW_KIND: Final = "access_review_due"
BATCH: Final = 200
"""Roles that end in one transaction: nobody who manages the group meanwhile waits long."""


@dataclass(frozen=True)
class Watched:
    """Of how many roles admins were told, and how many have ended."""

    told: int = 0
    ended: int = 0

    def __add__(self, other: "Watched") -> "Watched":
        return Watched(self.told + other.told, self.ended + other.ended)


@dataclass(frozen=True)
class _Review:
    """The review of one contract at one moment."""

    contract: ActiveContract
    rules: ReviewRules
    at: datetime

    def roles(self) -> QuerySet[Any]:
        """Return the roles of the contract with their terms."""
        held = in_contract(Membership.objects.filter(Membership.OWN), self.contract.id)
        return with_terms(held, self.contract, at=self.at)

    def untold(self) -> QuerySet[Any]:
        """Return the roles that have come to a stage of which nobody was told."""
        places = enumerate(self.rules.stages)
        wanted = Q(pk__in=())
        for place, stage in places:
            reached = stage_reached_by(stage, self.rules, at=self.at)
            told = self._notices().filter(stage__in=self.rules.stages[place:])
            # A term begins with its role or later: the younger roles are left out at no cost.
            wanted |= Q(~Exists(told), since__lt=reached, term_began_at__lt=reached)
        return self.roles().filter(wanted)

    def ending(self) -> QuerySet[Any]:
        """Return the roles whose time is over, their admins told a week ago.

        A role for a whole group ends only where all its providers are the contract's: what it
        reaches elsewhere is not this contract's to take away.
        """
        if not self.rules.ends_unconfirmed:
            return self.roles().none()
        warned = self._notices().filter(
            stage=ReviewStage.LAST, told_at__lte=self.at - timedelta(days=LAST_DAYS)
        )
        active = Provider.objects.filter(group=OuterRef("group"), status=ProviderStatus.ACTIVE)
        elsewhere = active.exclude(contract_id=self.contract.id)
        reached = ending_reached_by(self.rules, at=self.at)
        return self.roles().filter(
            Exists(warned), ~Exists(elsewhere), since__lt=reached, term_began_at__lt=reached
        )

    def _notices(self) -> QuerySet[ReviewNotice]:
        return ReviewNotice.objects.filter(
            membership=OuterRef("pk"),
            contract_id=self.contract.id,
            term_began_at=OuterRef("term_began_at"),
        )


def watch_reviews(*, at: datetime) -> Watched:
    """Tell admins what is to be confirmed, and end what nobody confirmed, in all contracts.

    Called by the beat. Each group is a transaction of its own that holds the group: a run that was
    cut off is taken up by the next, two at once do everything once, and an admin who confirms at
    the same moment comes either before or after. Of several stages that have passed unseen only the
    last is told, by one mail to each admin of the group. A role ends no earlier than a week after
    the last reminder, whatever was configured meanwhile; its owner is told by mail. Where the
    contract suspends, a row remembers the role for whoever confirms it later. The last active
    Provider Group Admin of a group stays. Records `membership.ended`.
    """
    reviews = [
        _Review(contract, rules, at)
        for contract in registry.list_contracts()
        if (rules := rules_of(contract))
    ]
    _begin_and_stop([review.contract for review in reviews], at=at)
    total = Watched()
    for review in reviews:
        for group_id in _groups_of(review.untold()):
            total += Watched(told=_remind(group_id, review))
        for group_id in _groups_of(review.ending()):
            total += Watched(ended=_end_all(group_id, review))
    return total


def _begin_and_stop(asking: Iterable[ActiveContract], *, at: datetime) -> None:
    """Note since when contracts ask; one that has stopped will begin anew, should it ask again."""
    keys = [one.id for one in asking]
    stopped = {one.id for one in registry.list_contracts()}.difference(keys)
    ReviewStart.objects.filter(contract_id__in=stopped).delete()
    ReviewNotice.objects.filter(contract_id__in=stopped).delete()
    ReviewStart.objects.bulk_create(
        [ReviewStart(contract_id=key, began_at=at) for key in keys], ignore_conflicts=True
    )


def _groups_of(roles: QuerySet[Any]) -> list[UUID]:
    held_in = roles.annotate(held_in=Coalesce("group_id", "provider__group_id"))
    return list(held_in.order_by("held_in").values_list("held_in", flat=True).distinct())


def _of_group(roles: QuerySet[Any], group_id: UUID) -> QuerySet[Any]:
    return roles.filter(Q(group_id=group_id) | Q(provider__group_id=group_id))


@transaction.atomic
def _remind(group_id: UUID, review: _Review) -> int:
    hold_group(group_id)
    found = list(_of_group(review.untold(), group_id))
    ReviewNotice.objects.bulk_create(
        ReviewNotice(
            membership=one,
            contract_id=review.contract.id,
            term_began_at=one.term_began_at,
            # It is in hand because it has come to a stage.
            stage=cast("ReviewStage", stage_of(one.term_began_at, review.rules, at=review.at)),
            told_at=review.at,
        )
        for one in found
    )
    providers = Provider.objects.filter(
        Q(pk__in={one.provider_id for one in found})
        | Q(group_id__in={one.group_id for one in found}),
        contract_id=review.contract.id,
        status=ProviderStatus.ACTIVE,
    )
    letters = [
        Letter(
            to=admin.email,
            subject_id=group_id,
            contract_id=review.contract.id,
            account_id=admin.id,
        )
        for admin in (list_admins_of(providers, Permission.ACCESS_REVIEW) if found else [])
    ]
    enqueue_all(kind=REVIEW_KIND, letters=letters, at=review.at)
    return len(found)


def _end_all(group_id: UUID, review: _Review) -> int:
    ended = _end_group_roles(group_id, review)
    while some := _end_some(group_id, review):
        ended += some
    return ended


@transaction.atomic
def _end_some(group_id: UUID, review: _Review) -> int:
    hold_group(group_id)
    at_providers = review.ending().filter(provider__group_id=group_id)
    found = list(at_providers.select_related("user", "provider").order_by("id")[:BATCH])
    _end(found, review)
    return len(found)


def _end_group_roles(group_id: UUID, review: _Review) -> int:
    """End roles for the whole group, the longest unconfirmed first, as long as an admin is left."""
    found = review.ending().filter(group_id=group_id).order_by("term_began_at", "id")
    return sum(_end_admin(key, group_id, review) for key in found.values_list("pk", flat=True))


@transaction.atomic
def _end_admin(key: UUID, group_id: UUID, review: _Review) -> bool:
    group = hold_group(group_id)
    held = review.ending().filter(pk=key).select_related("user", "group").first()
    if held is None:
        return False
    try:
        keep_an_admin([group], without=held.user_id)
    except LastAdminError:
        return False
    _end([held], review)
    return True


def _end(found: Sequence[Any], review: _Review) -> None:
    end_memberships(found, at=review.at)
    because = "suspended" if review.rules.suspends else "access_review"
    if review.rules.suspends:
        SuspendedRole.objects.bulk_create(
            SuspendedRole(membership=one, contract_id=review.contract.id, suspended_at=review.at)
            for one in found
        )
    for user_id in sorted({one.user_id for one in found}):
        release_contract_access(user_id=user_id, contract_id=review.contract.id, at=review.at)
    record_all(
        [
            happening_of(
                "ended",
                one,
                by=None,
                data={"role": one.role, "because": because},
                contract_id=review.contract.id,
            )
            for one in found
        ],
        at=review.at,
    )
    steps = [RoleStep(one.user, one.provider or one.group, one.role, None) for one in found]
    tell_of_roles(steps, by=None, because=because, at=review.at)
