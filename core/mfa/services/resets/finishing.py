"""The end of Forgot password: the new password."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from core.accounts.models import User
from core.accounts.passwords.rules import blocked_words, broken_rules, normalize_password
from core.accounts.policies import brand_words, effective_policy, password_rules
from core.accounts.services.accounts import reactivate_account
from core.accounts.services.locks import unlock_account
from core.accounts.services.passwords import WeakPasswordError, replace_password
from core.accounts.services.sign_in import password_matches
from core.mfa.resets.states import ResetStep
from core.mfa.services.browsers import forget_all_browsers
from core.mfa.services.resets.runs import (
    ResetOverError,
    WrongResetStepError,
    find_reset,
    hold_reset,
    record_reset,
)
from tenants.configuration.document import BrandSection


def finish_reset(*, reset_id: UUID, password: str, brand: BrandSection, at: datetime) -> User:
    """Set the new password and open the account if it was locked; returns the account.

    Called by the page of the last step, after everything else is proven: that is a proven factor,
    so the lock opens (`account.unlocked`, by the owner). Ends the account's sessions, links and
    remembered browsers and tells the owner by mail. Of two at once one succeeds. Records
    `password_reset.completed`. Raises WeakPasswordError with the rules that the password breaks,
    ResetOverError, WrongResetStepError, HashingBusyError. Hashes are made outside the transaction:
    no row is locked while they wait for their turn.
    """
    run = find_reset(reset_id, at=at)
    if run is None:
        raise ResetOverError
    if run.step is not ResetStep.NEW_PASSWORD:
        raise WrongResetStepError
    _check(run.user, password, brand)
    encoded = make_password(normalize_password(password))
    with transaction.atomic():
        return _finish(reset_id, encoded, at=at)


def _finish(reset_id: UUID, encoded: str, *, at: datetime) -> User:
    run = hold_reset(reset_id, step=ResetStep.NEW_PASSWORD, at=at)
    reset = run.reset
    user = User.objects.select_for_update().get(pk=run.user.id)
    if user.security_epoch != reset.security_epoch or not user.is_its_owners:
        raise ResetOverError
    # Once more with the account's row held: the lock may have closed since the run was read.
    hold_reset(reset_id, step=ResetStep.NEW_PASSWORD, at=at)
    was_locked = user.is_locked(at)
    reactivate_account(user_id=user.id, reason="reset_by_owner", by=user.id, at=at)
    user = replace_password(
        user_id=user.id,
        password_hash=encoded,
        reason="forgotten",
        contract_id=reset.contract_id,
        by=user.id,
        at=at,
    )
    forget_all_browsers(user_id=user.id, reason="password_changed", by=user.id, at=at)
    if was_locked:
        unlock_account(user_id=user.id, reason="reset_by_owner", by=user.id, at=at)
        user.refresh_from_db()
    reset.completed_at = at
    reset.save(update_fields=["completed_at"])
    proven = ["email", reset.factor_method] if reset.factor_method else ["email"]
    record_reset(reset, "completed", data={"methods": proven, "was_locked": was_locked}, at=at)
    return user


def _check(user: User, password: str, brand: BrandSection) -> None:
    own = blocked_words(user.first_name, user.last_name, user.username, user.email.split("@")[0])
    problems = broken_rules(
        password,
        rules=password_rules(effective_policy(user.id)),
        words=own | brand_words(brand),
    )
    if not problems and user.has_usable_password() and password_matches(user, password):
        problems = ["This is your present password. Choose another one."]
    if problems:
        raise WeakPasswordError(problems)
