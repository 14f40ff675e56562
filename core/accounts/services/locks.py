"""Count failures, lock and unlock. One counter per account, whatever host or session is used."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.accounts.locking import LockRules, LockState, after_failure
from core.accounts.models import User
from core.accounts.policies import Policy, contracts_in_hand
from core.audit.recording import Happening, record, record_all
from core.common.context import current_context
from core.common.ids import uuid7
from core.notifications.services.outbox import enqueue

UnlockHook = Callable[[UUID], None]
LockHook = Callable[[UUID, datetime], None]
NOBODY = "nobody"
"""The address of a blank notice; the name of a person is not written down for a wrong password."""
_unlock_hooks: list[UnlockHook] = []
_lock_hooks: list[LockHook] = []


def register_unlock_hook(forget_failures: UnlockHook) -> None:
    """Add what else must be forgotten when an account is unlocked (tries at codes).

    Called in `ready()` of the app that counts.
    """
    if forget_failures not in _unlock_hooks:
        _unlock_hooks.append(forget_failures)


def register_lock_hook(end_trust: LockHook) -> None:
    """Add what ends for good when an account is locked (remembered browsers).

    Called in `ready()` of the app that owns it; runs in the transaction of the lock.
    """
    if end_trust not in _lock_hooks:
        _lock_hooks.append(end_trust)


def lock_rules(policy: Policy) -> LockRules:
    """Return the lock of a policy."""
    return LockRules(
        failures=policy.accounts.lock_failures,
        window_minutes=policy.accounts.lock_window_minutes,
        hold_minutes=policy.accounts.lock_hold_minutes,
    )


@transaction.atomic(savepoint=False)
def record_failure(
    *,
    user_id: UUID,
    rules: LockRules,
    at: datetime,
    cause: Happening | None = None,
    final: bool = False,
    even: bool = False,
) -> LockState | None:
    """Count a wrong password or a wrong code, lock when it was the last one allowed.

    Records `cause`, and `account.locked` with a mail to the owner when the lock closes. `final`
    locks at once, for an owner whose tries at codes are used up. For a key that is nobody's None is
    returned. With `even`, for tries of strangers, the same statements run whether the lock closes,
    stays open or is nobody's, so that nothing tells them apart by time.
    """
    accounts = User.objects.with_contracts().select_for_update(of=("self",))
    user = accounts.filter(pk=user_id).first()
    before = _state_of(user) if user else LockState()
    state = after_failure(before, rules=rules, at=at, final=final)
    User.objects.filter(pk=user_id).update(**asdict(state))
    closes = user is not None and state.is_locked(at) and not before.is_locked(at)
    if closes or even:
        for end_trust in _lock_hooks:
            end_trust(user_id if closes else uuid7(), at)
        _enqueue_notice(user if closes else None, at=at)
    happenings = [cause] if cause else []
    record_all([*happenings, _locked(user_id, state)] if closes else happenings, at=at)
    return state if user else None


@transaction.atomic(savepoint=False)
def forget_failures(*, user_id: UUID, at: datetime) -> None:
    """Set the counters of an account back after a complete sign-in, and note that it is used."""
    User.objects.filter(pk=user_id).update(**asdict(LockState()), last_used_at=at)


@transaction.atomic
def unlock_account(*, user_id: UUID, reason: str, by: UUID | None, at: datetime) -> bool:
    """Open a locked account and forget all failures; tells whether it was locked.

    Called by staff and commands, with a reason that goes into the audit event
    `account.unlocked`. The tries at codes are forgotten with it.
    """
    for forget in _unlock_hooks:
        forget(user_id)
    user = User.objects.select_for_update().get(pk=user_id)
    was_locked = user.is_locked(at)
    User.objects.filter(pk=user_id).update(**asdict(LockState()))
    record(
        "account.unlocked",
        actor_id=by,
        subject=("account", user_id),
        result="ok" if was_locked else "was_open",
        data={"reason": reason},
        at=at,
    )
    return was_locked


def _state_of(user: User) -> LockState:
    return LockState(
        failed_at=tuple(user.failed_at),
        locked_at=user.locked_at,
        lock_until=user.lock_until,
    )


def _locked(user_id: UUID, state: LockState) -> Happening:
    return Happening(
        "account.locked",
        subject=("account", user_id),
        data={
            "failures": len(state.failed_at),
            "until": state.lock_until.isoformat() if state.lock_until else None,
        },
    )


def _enqueue_notice(user: User | None, *, at: datetime) -> None:
    """Tell the owner that the lock closed; without one the row is a blank, which nobody gets.

    `user` was read `with_contracts`.
    """
    enqueue(
        kind="account_locked",
        to=user.email if user else NOBODY,
        subject_id=user.id if user else uuid7(),
        account_id=user.id if user else None,
        contract_id=_speaker(user),
        context={"blank": user is None},
        at=at,
    )


def _speaker(user: User | None) -> UUID | None:
    """Return the contract in whose name the owner is told; None for the portal.

    Whoever types an address chooses the page, so that page's program speaks only to people who
    work in it. To others it is their own program, or the portal where they have several or none.
    """
    here = current_context().contract_id
    own = {contract.id for contract in contracts_in_hand(user)} if user else {here}
    if here in own:
        return here
    return own.pop() if len(own) == 1 else None
