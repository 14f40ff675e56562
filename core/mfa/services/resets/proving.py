"""The part of Forgot password for whoever reads the account's mail: its own factor."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.accounts.services.sign_in import password_matches
from core.mfa.codes import Purpose
from core.mfa.policies import counting_methods
from core.mfa.resets.states import ResetStep
from core.mfa.selectors import kinds_of
from core.mfa.services.challenges import VerifyResult
from core.mfa.services.resets.runs import WrongResetStepError, hold_reset, record_reset
from core.mfa.services.tries import Asked, evaluate

PRESENT_PASSWORD = "present_password"  # noqa: S105 - what it is called in the audit


@transaction.atomic
def keep_reset_proof(
    *,
    reset_id: UUID,
    option: str | None = None,
    challenge: UUID | None = None,
    verified: bool | None = None,
    at: datetime,
) -> None:
    """Write down how far the proof of the factor has come (`keep` of core.mfa.proving.proofs).

    Raises ResetOverError, WrongResetStepError.
    """
    reset = hold_reset(reset_id, step=ResetStep.FACTOR, at=at).reset
    if option is not None:
        reset.option, reset.proof_challenge, reset.proof_verified = option, None, False
    if challenge is not None:
        reset.proof_challenge = challenge
    if verified is not None:
        reset.proof_verified = verified
    reset.save(update_fields=["option", "proof_challenge", "proof_verified"])


@transaction.atomic
def note_reset_factor(*, reset_id: UUID, method: str, at: datetime) -> None:
    """Note that the account's own factor was proven just now, by a method.

    Called by the page that asks for factors. Records `password_reset.factor_proven`. Raises
    ResetOverError, and WrongResetStepError also for a method that is weaker than what the account
    has: an app or passkey account passes its app, its passkey or a recovery code.
    """
    run = hold_reset(reset_id, step=ResetStep.FACTOR, at=at)
    counting = counting_methods(kinds_of(run.user.id))
    if counting is not None and method not in counting:
        raise WrongResetStepError
    reset = run.reset
    reset.factor_method, reset.factor_proven_at = method, at
    reset.save(update_fields=["factor_method", "factor_proven_at"])
    record_reset(reset, "factor_proven", data={"method": method}, at=at)


@transaction.atomic
def prove_present_password(*, reset_id: UUID, password: str, at: datetime) -> VerifyResult:
    """Compare the present password, for a locked account that has no factor but its address.

    Counted before it is compared, under the same tries as codes of a reset: when they are used up
    only an unlock by somebody else helps, or the end of the hold. Records
    `password_reset.password_proven`. Raises ResetOverError, WrongResetStepError, HashingBusyError.
    """
    run = hold_reset(reset_id, step=ResetStep.PRESENT_PASSWORD, at=at)
    asked = Asked(
        user_id=run.user.id,
        purpose=Purpose.RESET,
        channel=PRESENT_PASSWORD,
        contract_id=run.reset.contract_id,
        while_locked=True,
    )
    result = evaluate(asked, lambda: password_matches(run.user, password), at=at)
    if result.is_ok:
        run.reset.password_proven_at = at
        run.reset.save(update_fields=["password_proven_at"])
        record_reset(run.reset, "password_proven", at=at)
    return result
