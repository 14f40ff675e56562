"""The part of Forgot password that everybody may use: an address, and the code sent to it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from core.accounts.policies import effective_policy
from core.accounts.selectors import find_account_by_email
from core.accounts.services.locks import lock_rules, record_failure
from core.accounts.services.throttle import record_refusal
from core.common.crypto import keyed_digest
from core.common.ids import uuid7
from core.common.networks import caller_of
from core.common.turns import hold_turn
from core.mfa.codes import Purpose
from core.mfa.models import Channel, PasswordReset
from core.mfa.policies import stranger_rules
from core.mfa.resets.states import ResetStep
from core.mfa.services.challenges import (
    StartResult,
    Verdict,
    VerifyResult,
    start_challenge,
    verify_challenge,
)
from core.mfa.services.resets.runs import (
    asker_of,
    close_reset,
    hold_reset,
    is_as_begun,
    record_reset,
)

# Our own figure: a whole office may share one network address.
RUNS_PER_HOUR = 30
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Begun:
    """The run and whether its code is on its way; without a run the network asked too often."""

    reset: PasswordReset | None
    started: StartResult | None = None
    retry_at: datetime | None = None


@transaction.atomic
def begin_reset(
    *, email: str, contract_id: UUID | None, address: str, replaces: UUID | None, at: datetime
) -> Begun:
    """Begin a run for an address and send its code, whether or not it has an account.

    Called by the page for anybody; `address` is the network address, `replaces` the run that this
    browser had, which ends. The runs of others go on until a code is proven: a stranger who begins
    one for somebody's address ends nothing. The same work is done for every address; whether a
    mail leaves is decided when it is handed over. Records `password_reset.started`, or
    `password_reset.refused` when a network begins too many.
    """
    caller = keyed_digest("reset-caller", caller_of(address))
    hold_turn("reset-caller", caller.hex())
    retry_at = _next_run_at(caller, at=at)
    if retry_at is not None:
        record_refusal("password_reset.refused", result="too_many_from_address", at=at)
        return Begun(None, retry_at=retry_at)
    close_reset(reset_id=replaces or uuid7(), reason="replaced", at=at)
    user = find_account_by_email(email)
    known = user if user and user.is_its_owners and not user.signs_in_elsewhere else None
    reset = PasswordReset.objects.create(
        email=email.strip().lower(),
        caller_digest=caller,
        contract_id=contract_id,
        account=known,
        security_epoch=known.security_epoch if known else 0,
        started_at=at,
        expires_at=at + timedelta(minutes=stranger_rules().reset_minutes),
    )
    record_reset(reset, "started", at=at)
    return Begun(reset, started=_send(reset, at=at))


@transaction.atomic
def send_reset_code(*, reset_id: UUID, at: datetime) -> StartResult:
    """Send a new code to the address of a run. Raises ResetOverError, WrongResetStepError."""
    return _send(hold_reset(reset_id, step=ResetStep.CODE, at=at).reset, at=at)


@transaction.atomic
def verify_reset_code(*, reset_id: UUID, code: str, at: datetime) -> VerifyResult:
    """Answer the code of a run. Raises ResetOverError, WrongResetStepError.

    A wrong one counts to the account's lock like any other. The right one ends the other runs of
    the account that have proven the address, too. Before that a run shows nothing of the account,
    so whether it was changed or closed since the beginning is looked at here, after the right
    code: then the run ends. Records `password_reset.email_proven`, or `password_reset.closed`.
    """
    reset = hold_reset(reset_id, step=ResetStep.CODE, at=at).reset
    if reset.email_challenge_id is None:
        return VerifyResult(Verdict.EXPIRED)
    result = verify_challenge(
        challenge_id=reset.email_challenge_id, binding=reset.id, code=code, at=at
    )
    if result.is_ok:
        if reset.account_id is None:
            # A code that went to nobody was guessed: there is nothing that it could open.
            return VerifyResult(Verdict.EXPIRED)
        if not is_as_begun(reset):
            close_reset(reset_id=reset.id, reason="account_changed", at=at)
            return VerifyResult(Verdict.EXPIRED)
        _prove_email(reset, at=at)
    elif result.verdict is Verdict.WRONG:
        _count_failure(reset, at=at)
    return result


def _prove_email(reset: PasswordReset, *, at: datetime) -> None:
    # One whose address is not proven may be a stranger's, who would see it end.
    others = PasswordReset.objects.filter(
        account_id=reset.account_id,
        email_verified_at__isnull=False,
        completed_at__isnull=True,
        closed_at__isnull=True,
    )
    for other_id in others.exclude(pk=reset.pk).values_list("pk", flat=True):
        close_reset(reset_id=other_id, reason="other_proven", at=at)
    reset.email_verified_at = at
    reset.save(update_fields=["email_verified_at"])
    record_reset(reset, "email_proven", at=at)


def _count_failure(reset: PasswordReset, *, at: datetime) -> None:
    """Count to the account's lock; for an address that is nobody's the same statements run."""
    user_id = reset.account_id or uuid7()
    rules = lock_rules(effective_policy(user_id))
    record_failure(user_id=user_id, rules=rules, even=True, at=at)


def _send(reset: PasswordReset, *, at: datetime) -> StartResult:
    """Send the code, counted under the network that asks and apart from the account's other codes.

    Otherwise a stranger could use up the codes that the owner needs to sign in or to reset the
    password, and would learn from a wait that there is an account.
    """
    started = start_challenge(
        owner=asker_of(reset),
        purpose=Purpose.RESET_ADDRESS,
        channel=Channel.EMAIL.value,
        destination=reset.email,
        contract_id=reset.contract_id,
        binding=reset.id,
        rules=stranger_rules().code,
        at=at,
    )
    if started.challenge is not None:
        reset.email_challenge = started.challenge
        reset.save(update_fields=["email_challenge"])
    return started


def _next_run_at(caller: bytes, *, at: datetime) -> datetime | None:
    recent = PasswordReset.objects.filter(caller_digest=caller, started_at__gt=at - _HOUR)
    newest_first = recent.order_by("-started_at").values_list("started_at", flat=True)
    begun = list(newest_first[:RUNS_PER_HOUR])
    return begun[-1] + _HOUR if len(begun) == RUNS_PER_HOUR else None
