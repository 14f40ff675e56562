"""Check an address and a password, the same way and in the same time for everybody."""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q, QuerySet

from core.accounts.locking import LockState
from core.accounts.models import User
from core.accounts.passwords.hashers import hash_gate
from core.accounts.passwords.rules import LONGEST_PASSWORD, normalize_password
from core.accounts.policies import effective_policy
from core.accounts.selectors import find_account_by_email, unlocked_accounts
from core.accounts.services.locks import lock_rules, record_failure
from core.accounts.services.throttle import (
    count_address_failure,
    hold_turn_unless_throttled,
    record_refusal,
)
from core.audit.recording import Happening, record
from core.common.compiled import CompiledQuery, CompiledUpdate
from core.common.ids import uuid7

_HELD = CompiledQuery(lambda user_id: User.objects.select_for_update().filter(pk=user_id))


class Refusal(StrEnum):
    """Why a sign-in was refused: for the audit alone, the person reads one sentence for all."""

    UNKNOWN = "unknown"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105
    LOCKED = "locked"
    INACTIVE = "inactive"
    TOO_MANY_FROM_ADDRESS = "too_many_from_address"


@dataclass(frozen=True)
class PasswordCheck:
    """The account, or why there is none."""

    user: User | None
    refusal: Refusal | None = None


def check_password_of(
    *, email: str, password: str, address: str, at: datetime, may_be_dormant: bool = False
) -> PasswordCheck:
    """Return the account when address and password fit and it may sign in.

    `address` is the network address. Whatever is wrong, the same work is done: one hash, one
    count, one audit event (`sign_in.refused`, with the true reason). A locked account is not told
    from a wrong password even after the right one, or the lock would be an oracle for guesses.
    Passwords for one address are checked one after another, so that of many guesses at once no
    more are compared than the lock allows. With `may_be_dormant` an account that was closed because
    nobody used it passes, to be opened by its owner after the factor. Raises HashingBusyError
    before anything is counted.
    """
    with hash_gate.place(), transaction.atomic():
        if hold_turn_unless_throttled(email, address=address, at=at):
            user = find_account_by_email(email)
            has_password = user is not None and user.has_usable_password()
            matches = password_matches(user, password)
            return concluded(
                user,
                matches=matches,
                counts=has_password,
                address=address,
                may_be_dormant=may_be_dormant,
                at=at,
            )
    return turned_away(address, at=at)


def concluded(
    user: User | None,
    *,
    matches: bool,
    counts: bool,
    address: str,
    at: datetime,
    may_be_dormant: bool = False,
) -> PasswordCheck:
    """Accept or refuse after the comparison, in its transaction; a refusal counts.

    The account's row is held from here on and its lock read from it: of passwords that were
    compared at the same moment on two pages no more count than the lock allows.

    Without `counts` a failure is not the account's: where no password can be right there is
    nothing to guess, and a stranger must not lock it.
    """
    held = _HELD.first(user_id=user.id if user else uuid7())
    refusal = _refusal(held, matches=matches, at=at)
    if may_be_dormant and refusal is Refusal.INACTIVE and user is not None and user.is_dormant:
        refusal = None
    if user is None or refusal is not None:
        return _refused(user, refusal or Refusal.UNKNOWN, counts=counts, address=address, at=at)
    record("sign_in.password_accepted", actor_id=user.id, subject=("account", user.id), at=at)
    return PasswordCheck(user=user)


def password_matches(user: User | None, password: str) -> bool:
    """Compare a password, upgrading an older hash; without an account one hash is made instead.

    Raises HashingBusyError.
    """
    too_long = len(password) > LONGEST_PASSWORD
    normal = normalize_password(password[:LONGEST_PASSWORD])
    if user is None or not user.has_usable_password():
        make_password(normal)
        return False
    return user.check_password(normal) and not too_long


def hold_for_sign_in(*, user_id: UUID, security_epoch: int, proven: bool, at: datetime) -> bool:
    """Note that an account is used and hold its row, if it may still be signed in; tells whether.

    Called at the end of a sign-in: since the password was checked the lock may have closed, the
    account been deactivated or its password changed, which moves the epoch. One statement looks,
    holds the row until the transaction ends, and writes. With `proven` the failures are forgotten;
    a remembered browser's stay counted: a cookie proves neither password nor factor, and must not
    buy fresh tries at them.
    """
    note = _NOTE_PROVEN if proven else _NOTE_USED
    return bool(note.update(user_id=user_id, security_epoch=security_epoch, at=at))


def _open_to(*, user_id: UUID, security_epoch: int, at: datetime) -> QuerySet[User]:
    return unlocked_accounts(at=at).filter(
        pk=user_id, is_active=True, security_epoch=security_epoch
    )


_NOTE_USED = CompiledUpdate(_open_to, lambda at, **_others: {"last_used_at": at})
_NOTE_PROVEN = CompiledUpdate(
    _open_to, lambda at, **_others: {**asdict(LockState()), "last_used_at": at}
)


def complete_sign_in(*, user_id: UUID, methods: tuple[str, ...], at: datetime) -> None:
    """Record `sign_in.completed` with the methods, in the transaction of `hold_for_sign_in`."""
    record(
        "sign_in.completed",
        actor_id=user_id,
        subject=("account", user_id),
        data={"methods": list(methods)},
        at=at,
    )


def complete_remembered_sign_in(*, user_id: UUID, methods: tuple[str, ...], at: datetime) -> None:
    """Record that a remembered browser signed somebody in: `session.began_remembered`."""
    record(
        "session.began_remembered",
        actor_id=user_id,
        subject=("account", user_id),
        data={"methods": list(methods)},
        at=at,
    )


def note_use(*, user_id: UUID, at: datetime) -> None:
    """Note that an account is used now, so that it is not taken for one that nobody uses.

    Called by its sessions, once an hour at most; never backwards.
    """
    User.objects.filter(pk=user_id).filter(
        Q(last_used_at__lt=at) | Q(last_used_at__isnull=True)
    ).update(last_used_at=at)


def record_session_end(*, account_id: UUID | None, reason: str, at: datetime) -> None:
    """Note that a session ended, and why: `session.ended`.

    `signed_out`, `signed_in_anew`, or what the guard found (core.accounts.sessions.guarding.Ended).
    """
    record(
        "session.ended",
        actor_id=account_id,
        subject=("account", account_id) if account_id else None,
        data={"reason": reason},
        at=at,
    )


def _refusal(user: User | None, *, matches: bool, at: datetime) -> Refusal | None:
    if user is None:
        return Refusal.UNKNOWN
    if user.is_locked(at):
        return Refusal.LOCKED
    if not matches:
        return Refusal.WRONG_PASSWORD
    return None if user.is_active else Refusal.INACTIVE


@transaction.atomic
def turned_away(address: str, *, at: datetime) -> PasswordCheck:
    """Refuse before any account is looked at."""
    refusal = Refusal.TOO_MANY_FROM_ADDRESS
    count_address_failure(address, at=at)
    record_refusal("sign_in.refused", result=refusal.value, at=at)
    return PasswordCheck(user=None, refusal=refusal)


def _refused(
    user: User | None, refusal: Refusal, *, counts: bool, address: str, at: datetime
) -> PasswordCheck:
    """Count and record; for an unknown account the same statements run on no row."""
    count_address_failure(address, at=at)
    user_id = user.id if user and counts else uuid7()
    subject = ("account", user.id) if user else None
    record_failure(
        user_id=user_id,
        rules=lock_rules(effective_policy(user_id)),
        cause=Happening("sign_in.refused", subject=subject, result=refusal.value),
        even=True,
        at=at,
    )
    return PasswordCheck(user=None, refusal=refusal)
