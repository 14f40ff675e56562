"""A run through Forgot password: read it, hold it, end it, record it."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import transaction

from core.accounts.models import User
from core.audit.recording import record
from core.common.crypto import keyed_digest
from core.common.errors import DomainError
from core.mfa.codes import Owner, OwnerKind
from core.mfa.models import FactorKind, PasswordReset
from core.mfa.resets.states import ResetFacts, ResetStep, pending_reset_step
from core.mfa.selectors import PRESSED_TWICE, kinds_of


class ResetOverError(DomainError):
    """The run has ended: its time is over, it was used, or a newer one or a change ended it."""

    code: ClassVar[str] = "reset_over"
    message: ClassVar[str] = "This password reset has ended. Begin again."


class WrongResetStepError(DomainError):
    """Another step is pending; the page leads there."""

    code: ClassVar[str] = "reset_wrong_step"
    message: ClassVar[str] = "Another step comes first."


@dataclass(frozen=True)
class ResetRun:
    """A run that goes on, with what is pending."""

    reset: PasswordReset
    step: ResetStep

    @property
    def user(self) -> User:
        """Return whose password it is. LookupError before the address is proven."""
        if self.reset.account is None:
            raise LookupError("This address is nobody's.")
        return self.reset.account


def find_reset(reset_id: UUID, *, at: datetime) -> ResetRun | None:
    """Return a run that goes on, or None. It ends on the second."""
    reset = PasswordReset.objects.select_related("account").filter(pk=reset_id).first()
    return run_of(reset, at=at) if reset else None


def find_just_completed(reset_id: UUID, *, at: datetime) -> PasswordReset | None:
    """Return a run that was completed within the last half a minute, and nothing changed since.

    For the last button pressed twice: the browser shows the second answer, and the session that
    asks is one that was read before the first was answered.
    """
    reset = PasswordReset.objects.select_related("account").filter(pk=reset_id).first()
    if reset is None or reset.completed_at is None or reset.account is None:
        return None
    user = reset.account
    is_unchanged = user.is_active and user.security_epoch == reset.security_epoch + 1
    return reset if is_unchanged and at - reset.completed_at < PRESSED_TWICE else None


def hold_reset(reset_id: UUID, *, step: ResetStep, at: datetime) -> ResetRun:
    """Lock a run in the caller's transaction. Raises ResetOverError, WrongResetStepError."""
    locked = PasswordReset.objects.select_for_update(of=("self",)).select_related("account")
    reset = locked.filter(pk=reset_id).first()
    run = run_of(reset, at=at) if reset else None
    if run is None:
        raise ResetOverError
    if run.step is not step:
        raise WrongResetStepError
    return run


def run_of(reset: PasswordReset, *, at: datetime) -> ResetRun | None:
    """Return the run of a row, or None when it has ended.

    Until its code was right it may be a stranger's: it lives its time and ends by its own acts
    alone, whatever happens to the account, as one for an address that is nobody's.
    """
    if reset.completed_at or reset.closed_at or at >= reset.expires_at:
        return None
    user = reset.account
    is_proven = reset.email_verified_at is not None
    if user is not None and is_proven and not is_as_begun(reset):
        return None
    # A stranger's run costs the same look-ups whether or not the address has an account.
    kinds = kinds_of(user.id) if user and is_proven else frozenset()
    facts = ResetFacts(
        email_is_proven=is_proven,
        has_own_factor=bool(kinds - {FactorKind.EMAIL.value}),
        factor_is_proven=reset.factor_proven_at is not None,
        is_shut=user is not None and (user.is_locked(at) or user.is_dormant),
        password_is_proven=reset.password_proven_at is not None,
    )
    return ResetRun(reset, pending_reset_step(facts))


def is_as_begun(reset: PasswordReset) -> bool:
    """Tell whether a run's account is still its owner's and unchanged since the beginning."""
    user = reset.account
    return user is not None and user.is_its_owners and user.security_epoch == reset.security_epoch


@transaction.atomic
def close_reset(*, reset_id: UUID, reason: str, at: datetime) -> None:
    """End a run: cancelled, replaced by a newer one, or its tries are used up.

    Records `password_reset.closed`, once.
    """
    reset = PasswordReset.objects.select_for_update().filter(pk=reset_id).first()
    if reset is None or reset.closed_at or reset.completed_at:
        return
    reset.closed_at = at
    reset.save(update_fields=["closed_at"])
    record_reset(reset, "closed", data={"reason": reason}, at=at)


def asker_of(reset: PasswordReset) -> Owner:
    """Return under whom a run's first codes are counted: the network that asks, for this address.

    Whether or not the address has an account. Under the address alone a stranger would use up what
    its owner may ask for; how much arrives there in all is bounded by `STRANGER_LIMITS`.
    """
    digest = keyed_digest("reset-asker", bytes(reset.caller_digest).hex(), reset.email)
    return Owner(OwnerKind.ADDRESS, UUID(bytes=digest[:16]))


def record_reset(
    reset: PasswordReset,
    verb: str,
    *,
    at: datetime,
    result: str = "ok",
    data: dict[str, object] | None = None,
) -> None:
    """Record `password_reset.<verb>`, about the account where there is one."""
    account = reset.account_id
    record(
        f"password_reset.{verb}",
        contract_id=reset.contract_id,
        actor_id=account if reset.email_verified_at else None,
        subject=("account", account) if account else None,
        result=result,
        data={"reset": str(reset.id), **(data or {})},
        at=at,
    )
