"""Change the address or the phone number of one's own account: prove the new one, then it holds.

The pages ask for a fresh sign-in before. Every change moves the security epoch, forgets remembered
browsers, tells the former address, and is recorded (account-security.md, *Changing*).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction

from core.accounts.models import User
from core.accounts.policies import effective_policy
from core.accounts.services.email import change_email
from core.audit.recording import record
from core.common.errors import DomainError
from core.common.ids import uuid7
from core.mfa.codes import Owner, OwnerKind, Purpose
from core.mfa.models import ChangeKind, ContactChange, Factor, FactorKind
from core.mfa.notices import tell_owner
from core.mfa.policies import registration_rules
from core.mfa.services.browsers import forget_all_browsers
from core.mfa.services.challenges import (
    StartResult,
    Verdict,
    VerifyResult,
    start_challenge,
    use_answered_call,
    verify_challenge,
)

CHANGE_LIFE: Final = timedelta(minutes=20)
"""Own figure: some codes that do not arrive, and one that does."""
_PURPOSES: Final = {
    ChangeKind.EMAIL.value: Purpose.CHANGE_EMAIL,
    ChangeKind.PHONE.value: Purpose.CHANGE_PHONE,
}


class ChangeOverError(DomainError):
    """The run has ended: a newer one, another change of the account, or its time is over."""

    code: ClassVar[str] = "change_over"
    message: ClassVar[str] = "This change has ended and nothing was changed. Begin again."


@dataclass(frozen=True)
class Begun:
    """The run whose code is on its way, or why there is none."""

    change: ContactChange | None
    started: StartResult


@dataclass(frozen=True)
class Proven:
    """What became of an answer, and the account once it is changed."""

    result: VerifyResult
    user: User | None = None


@transaction.atomic
def begin_change(
    *,
    user_id: UUID,
    security_epoch: int,
    sign_in: UUID,
    kind: ChangeKind,
    destination: str,
    channel: str,
    contract_id: UUID | None,
    at: datetime,
) -> Begun:
    """Begin to change the address or number, and send a code to the new one.

    `security_epoch` is the account's as the request saw it, `sign_in` the session that asks. A run
    of the same kind that was open ends. Whether the address is somebody else's is not looked at
    here: the mail decides, the page is the same. Records `contact_change.started`. Raises
    ChangeOverError when the account has changed meanwhile.
    """
    user = _hold_account(user_id, security_epoch)
    change = ContactChange(
        id=uuid7(),
        account=user,
        kind=kind,
        destination=destination,
        contract_id=contract_id,
        sign_in=sign_in,
        security_epoch=security_epoch,
        began_at=at,
        expires_at=at + CHANGE_LIFE,
    )
    started = _start(change, channel, at=at)
    if started.challenge is None:
        return Begun(None, started)
    ContactChange.objects.filter(
        account=user, kind=kind, completed_at__isnull=True, closed_at__isnull=True
    ).update(closed_at=at, **ContactChange.WIPED)
    change.challenge = started.challenge
    change.save(force_insert=True)
    _record(change, "started", at=at)
    return Begun(change, started)


def find_change(
    *, change_id: UUID, user: User, sign_in: UUID, kind: ChangeKind, at: datetime
) -> ContactChange | None:
    """Return a run of this session that goes on, or None. It ends on the second."""
    change = ContactChange.objects.filter(
        pk=change_id, account=user, sign_in=sign_in, kind=kind
    ).first()
    return change if change and _is_open(change, user, at=at) else None


@transaction.atomic
def send_change_code(*, change_id: UUID, channel: str, at: datetime) -> StartResult:
    """Send a new code for a run. Raises ChangeOverError."""
    change, _user = _hold(change_id, at=at)
    started = _start(change, channel, at=at)
    if started.challenge is not None:
        change.challenge = started.challenge
        change.save(update_fields=["challenge"])
    return started


@transaction.atomic
def prove_change(*, change_id: UUID, code: str | None, at: datetime) -> Proven:
    """Answer the code of a run, or (None) go on after its call; the right one makes the change.

    A wrong code counts to the account's lock like any other. Records `account.email_changed` or
    `account.phone_changed`. Raises ChangeOverError, and EmailTakenError when somebody else has
    taken the address since; then the code is not used either.
    """
    change, user = _hold(change_id, at=at)
    if change.challenge_id is None:
        return Proven(VerifyResult(Verdict.EXPIRED))
    result = (
        use_answered_call(challenge_id=change.challenge_id, binding=change.id, at=at)
        if code is None
        else verify_challenge(challenge_id=change.challenge_id, binding=change.id, code=code, at=at)
    )
    if not result.is_ok:
        return Proven(result)
    changed = _apply(change, user, at=at)
    change.completed_at = at
    change.destination = ""
    change.save(update_fields=["completed_at", "destination"])
    return Proven(result, changed)


def owner_of_change(change: ContactChange) -> Owner:
    """Return under whom the codes of a run are counted: the account."""
    return Owner(OwnerKind.ACCOUNT, change.account_id)


def _start(change: ContactChange, channel: str, *, at: datetime) -> StartResult:
    purpose = _PURPOSES[change.kind]
    return start_challenge(
        owner=owner_of_change(change),
        purpose=purpose,
        channel=channel,
        destination=change.destination,
        contract_id=change.contract_id,
        binding=change.id,
        rules=registration_rules(effective_policy(change.account_id), channel, purpose),
        at=at,
    )


def _apply(change: ContactChange, user: User, *, at: datetime) -> User:
    if change.kind == ChangeKind.EMAIL:
        user = _apply_email(change, at=at)
    else:
        user = _apply_phone(change, user, at=at)
    forget_all_browsers(user_id=user.id, reason=f"{change.kind}_changed", by=user.id, at=at)
    return user


def _apply_email(change: ContactChange, *, at: datetime) -> User:
    user = change_email(
        user_id=change.account_id,
        email=change.destination,
        contract_id=change.contract_id,
        by=change.account_id,
        at=at,
    )
    Factor.objects.filter(user=user, kind=FactorKind.EMAIL).update(verified_at=at)
    return user


def _apply_phone(change: ContactChange, user: User, *, at: datetime) -> User:
    user.security_epoch += 1
    user.save(update_fields=["security_epoch"])
    _factor, is_new = Factor.objects.update_or_create(
        user=user,
        kind=FactorKind.PHONE,
        defaults={"phone": change.destination, "verified_at": at},
        create_defaults={"phone": change.destination, "verified_at": at, "created_at": at},
    )
    record(
        "account.phone_changed",
        contract_id=change.contract_id,
        actor_id=user.id,
        subject=("account", user.id),
        result="added" if is_new else "ok",
        at=at,
    )
    tell_owner(user, "phone_added" if is_new else "phone_changed", at=at)
    return user


def _hold_account(user_id: UUID, security_epoch: int) -> User:
    """Lock the account; whoever comes second sees that the first has changed it."""
    user = User.objects.select_for_update().get(pk=user_id)
    if not user.is_active or user.security_epoch != security_epoch:
        raise ChangeOverError
    return user


def _hold(change_id: UUID, *, at: datetime) -> tuple[ContactChange, User]:
    """Lock the account, then the run: the same order for all, so that none wait for each other."""
    known = ContactChange.objects.filter(pk=change_id).first()
    if known is None:
        raise ChangeOverError
    user = _hold_account(known.account_id, known.security_epoch)
    change = ContactChange.objects.select_for_update().get(pk=change_id)
    if not _is_open(change, user, at=at):
        raise ChangeOverError
    return change, user


def _is_open(change: ContactChange, user: User, *, at: datetime) -> bool:
    return (
        change.completed_at is None
        and change.closed_at is None
        and at < change.expires_at
        and change.security_epoch == user.security_epoch
    )


def _record(change: ContactChange, verb: str, *, at: datetime) -> None:
    record(
        f"contact_change.{verb}",
        contract_id=change.contract_id,
        actor_id=change.account_id,
        subject=("account", change.account_id),
        data={"kind": change.kind},
        at=at,
    )
