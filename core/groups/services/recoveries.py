"""Recovery: somebody becomes Provider Group Admin because the admins of a group cannot be reached.

Staff of the contract decide by the evidence. What they grant takes effect after a waiting time, and
ends when a present admin objects. Every act holds the group first.
"""

from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction

from core.accounts.models import User
from core.accounts.policies import find_contracts
from core.accounts.services.attempts import Limit, count_attempt
from core.audit.recording import record
from core.common.errors import DomainError
from core.groups.entering import Entered, require_entered_for
from core.groups.models import (
    JoinRequest,
    Membership,
    Provider,
    ProviderStatus,
    RecoveryRequest,
    Role,
)
from core.groups.selectors import contracts_of_group, list_own_memberships_at
from core.groups.services.holding import hold_group, hold_request
from core.groups.services.join_requests import AskedTooOftenError, JoinNotPossibleError
from core.groups.services.recovery_mails import tell_about, tell_staff
from core.groups.services.roles import (
    ChangedMeanwhileError,
    make_group_admin,
    roles_held,
    roles_to_act_with,
)
from core.groups.states import LIVE_RECOVERIES, UNANSWERED_JOINS, RecoveryState
from core.staff.scope import StaffScope
from tenants import registry

_DECIDED: Final = ("state", "decided_by", "decided_at", "takes_effect_at", "reaches")
ASKED_A_DAY: Final = 3
"""Own figure: nobody's administrators leave more often."""


class AlreadyAdminError(DomainError):
    """The person administers the group."""

    code: ClassVar[str] = "already_admin"
    message: ClassVar[str] = "You are Provider Group Admin there already."


class RecoveryOverError(DomainError):
    """Somebody decided or objected before, or there is nothing left to decide."""

    code: ClassVar[str] = "recovery_over"
    message: ClassVar[str] = (
        "Nothing was done, because this request has changed since you opened the page. It shows "
        "the present state now."
    )


class OwnRecoveryError(DomainError):
    """Staff decided about themselves."""

    code: ClassVar[str] = "own_recovery"
    message: ClassVar[str] = "Nobody decides about their own request. Ask somebody else of staff."


def ask_recovery(*, user: User, provider_id: UUID, evidence: str, at: datetime) -> RecoveryRequest:
    """Put a request before the staff of the contract; sent twice, it is one.

    Called by the pages of people who work for the provider or have asked to join it. Mails the
    staff who can decide. Records `recovery.asked`. Raises AskedTooOftenError,
    JoinNotPossibleError, AlreadyAdminError.
    """
    asked = Limit("recovery.ask", str(user.id), ASKED_A_DAY, timedelta(days=1))
    if not count_attempt(limits=[asked], at=at).allowed:
        raise AskedTooOftenError
    with transaction.atomic():
        provider = Provider.objects.get(pk=provider_id)
        hold_group(provider.group_id)
        provider.refresh_from_db(fields=["status"])
        if provider.status != ProviderStatus.ACTIVE:
            raise JoinNotPossibleError
        if Role.GROUP_ADMIN in roles_held(user.id, provider):
            raise AlreadyAdminError
        live = RecoveryRequest.objects.filter(state__in=LIVE_RECOVERIES)
        present = live.filter(user=user, provider=provider).first()
        if present is not None:
            return present
        made = RecoveryRequest.objects.create(
            user=user, provider=provider, evidence=evidence, asked_at=at
        )
        _record("asked", made, by=user.id, at=at)
        tell_staff(made, _contracts_of(made), at=at)
    return made


@transaction.atomic
def grant_recovery(
    *, recovery_id: UUID, reason: str, by: UUID, scope: StaffScope, at: datetime
) -> RecoveryRequest:
    """Let a request take effect after the waiting time, and tell everybody whom it touches.

    Called by the pages of staff; `scope` is where they may decide: the whole group has to lie in
    it. Mails the person, the present admins and the address on file. Records `recovery.granted`
    with the reason. Raises OwnRecoveryError, RecoveryOverError, also when the group has grown out
    of the scope since the page was opened.
    """
    held = _hold(recovery_id, RecoveryState.ASKED)
    _refuse_own(held, by)
    held.reaches = _contracts_of(held)
    if _is_void(held) or not scope.covers_all(held.reaches):
        raise RecoveryOverError
    held.state, held.decided_by, held.decided_at = RecoveryState.WAITING, by, at
    held.takes_effect_at = at + timedelta(days=wait_days(held.provider))
    held.save(update_fields=_DECIDED)
    _record("granted", held, by=by, at=at, reason=reason)
    tell_about(held, at=at)
    return held


@transaction.atomic
def refuse_recovery(*, recovery_id: UUID, reason: str, by: UUID, at: datetime) -> RecoveryRequest:
    """Refuse a request with a reason, which the person reads. Called by the pages of staff.

    Records `recovery.refused`. Raises OwnRecoveryError, RecoveryOverError.
    """
    held = _hold(recovery_id, RecoveryState.ASKED)
    _refuse_own(held, by)
    held.decided_by, held.decided_at = by, at
    return _end(held, RecoveryState.REFUSED, reason=reason, by=by, at=at)


@transaction.atomic
def stop_recovery(*, recovery_id: UUID, reason: str, by: UUID, at: datetime) -> RecoveryRequest:
    """Stop what was granted, in the waiting time: somebody has answered the notice.

    Called by the pages of staff. Records `recovery.stopped`. Raises OwnRecoveryError,
    RecoveryOverError.
    """
    held = _hold(recovery_id, RecoveryState.WAITING)
    _refuse_own(held, by)
    return _end(held, RecoveryState.STOPPED, reason=reason, by=by, at=at)


@transaction.atomic
def object_to_recovery(
    *, recovery_id: UUID, reason: str, by: UUID, entered: Entered, at: datetime
) -> None:
    """Stop a request as a present Provider Group Admin, before or in the waiting time.

    Called by Setup. Records `recovery.objected`. Raises RecoveryOverError, ChangedMeanwhileError
    when whoever objects is no admin of the group by now, NotEnteredError.
    """
    held = _hold(recovery_id, *LIVE_RECOVERIES)
    if Role.GROUP_ADMIN not in roles_to_act_with(by, held.provider):
        raise ChangedMeanwhileError
    require_entered_for(Role.GROUP_ADMIN, held.provider, entered)
    _end(held, RecoveryState.STOPPED, reason=reason, by=by, at=at, verb="objected")


@transaction.atomic
def withdraw_recovery(*, recovery_id: UUID, by: UUID, at: datetime) -> None:
    """Take one's own request back. Records `recovery.withdrawn`. Raises RecoveryOverError.

    Called by the person's own page, which has loaded it as theirs.
    """
    held = _hold(recovery_id, *LIVE_RECOVERIES)
    _end(held, RecoveryState.WITHDRAWN, by=by, at=at)


def carry_out_due(*, at: datetime) -> int:
    """Carry out what has waited long enough, and end what nobody can decide; returns how many.

    What was granted for less than the group reaches by now is put before staff again. Called
    hourly; twice is once. Records `recovery.completed` and `membership.granted`,
    `recovery.asked_again` or `recovery.voided`.
    """
    live = RecoveryRequest.objects.filter(state__in=LIVE_RECOVERIES)
    return sum(_carry_out(key, at) for key in live.values_list("id", flat=True))


def wait_days(provider: Provider) -> int:
    """Return how long a granted request waits: the longest time of the group's contracts.

    That of the provider itself is among them: of a group that has ended there is no other. Raises
    UnknownContractError while it is out of service: then nothing is granted.
    """
    own = registry.get_contract_by_id(provider.contract_id)
    contracts = [own, *find_contracts(_all_contracts(provider))]
    return max(contract.document.groups.recovery_wait_days for contract in contracts)


@transaction.atomic
def _carry_out(key: UUID, at: datetime) -> bool:
    try:
        held = _hold(key, *LIVE_RECOVERIES)
    except RecoveryOverError:
        return False
    if _is_void(held):
        _end(held, RecoveryState.VOID, by=None, at=at, verb="voided")
        return True
    if held.state == RecoveryState.WAITING and not set(_contracts_of(held)) <= set(held.reaches):
        _ask_again(held, at=at)
        return True
    if held.takes_effect_at is None or held.takes_effect_at > at or held.decided_by is None:
        return False
    make_group_admin(user=held.user, provider=held.provider, by=held.decided_by, at=at)
    _end(held, RecoveryState.DONE, by=None, at=at, verb="completed")
    return True


def _ask_again(held: RecoveryRequest, *, at: datetime) -> None:
    """Put a granted request before staff again: the group has a provider in one more contract.

    Its staff have granted nothing, and whoever becomes admin would act there, too (docs/adr/0023).
    """
    held.state, held.decided_by, held.decided_at = RecoveryState.ASKED, None, None
    held.takes_effect_at, held.reaches = None, []
    held.save(update_fields=_DECIDED)
    _record("asked_again", held, by=None, at=at)
    tell_about(held, before=RecoveryState.WAITING, at=at)
    tell_staff(held, _contracts_of(held), at=at)


def _contracts_of(held: RecoveryRequest) -> list[UUID]:
    return sorted(_all_contracts(held.provider))


def _all_contracts(provider: Provider) -> set[UUID]:
    return {provider.contract_id, *contracts_of_group(provider.group_id)}


def _is_void(held: RecoveryRequest) -> bool:
    return (
        held.provider.status != ProviderStatus.ACTIVE
        or not held.user.is_active
        or Membership.objects.filter(
            user=held.user, group_id=held.provider.group_id, until__isnull=True
        ).exists()
        or not _may_still_ask(held)
    )


def _may_still_ask(held: RecoveryRequest) -> bool:
    """Tell whether the person still works for the provider, or still waits to join it.

    Who was removed or refused meanwhile has had an admin's answer: there is one.
    """
    asked = JoinRequest.objects.filter(user=held.user, provider=held.provider)
    own = list_own_memberships_at(held.provider).filter(user=held.user)
    return own.exists() or (asked.filter(state__in=UNANSWERED_JOINS).exists())


def _hold(recovery_id: UUID, *states: RecoveryState) -> RecoveryRequest:
    """Return a request in one of some states, with its group and its row held."""
    held = hold_request(RecoveryRequest.objects.filter(state__in=states), recovery_id)
    if held is None:
        raise RecoveryOverError
    return held


def _refuse_own(held: RecoveryRequest, by: UUID) -> None:
    if held.user_id == by:
        raise OwnRecoveryError


def _end(
    held: RecoveryRequest,
    state: RecoveryState,
    *,
    by: UUID | None,
    at: datetime,
    reason: str = "",
    verb: str = "",
) -> RecoveryRequest:
    before, held.state = RecoveryState(held.state), state
    held.ended_at, held.reason = at, reason
    held.save(update_fields=["state", "ended_at", "reason", "decided_by", "decided_at"])
    _record(verb or state.value, held, by=by, at=at, reason=reason)
    tell_about(held, before=before, at=at)
    return held


def _record(
    verb: str, held: RecoveryRequest, *, by: UUID | None, at: datetime, reason: str = ""
) -> None:
    record(
        f"recovery.{verb}",
        contract_id=held.provider.contract_id,
        actor_id=by,
        subject=("recovery", held.id),
        data={
            "account": str(held.user_id),
            "provider": str(held.provider_id),
            "group": str(held.provider.group_id),
            **({"reason": reason} if reason else {}),
        },
        at=at,
    )
