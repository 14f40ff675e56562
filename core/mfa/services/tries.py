"""Answer what no message is sent for: an app's code, a recovery code, the present password.

As with one-time codes the try is counted first, atomically, and compared afterwards; wrong ones
count to the account's lock. The counts are those of the codes: another way brings no new tries.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.accounts.policies import effective_policy
from core.accounts.selectors import account_is_locked
from core.accounts.services.locks import lock_rules, record_failure
from core.audit.recording import record
from core.mfa.codes import CodeRules, Owner, OwnerKind, Purpose
from core.mfa.policies import answer_rules
from core.mfa.services.challenges import Verdict, VerifyResult
from core.mfa.services.challenges.attempts import begin_count_anew_of, closed_until, count_try_of


@dataclass(frozen=True)
class Asked:
    """Who answers what for: `channel` is totp, passkey, recovery or present_password.

    `while_locked` lets a locked account answer, which unlocks nothing by itself.
    """

    user_id: UUID
    purpose: Purpose
    channel: str
    contract_id: UUID | None
    while_locked: bool = False

    @property
    def owner(self) -> Owner:
        """Return under whom the tries are counted."""
        return Owner(OwnerKind.ACCOUNT, self.user_id)


def evaluate(asked: Asked, use: Callable[[], bool], *, at: datetime) -> VerifyResult:
    """Count a try, then compare and use by `use`, which tells whether the answer was right.

    Called by the services of the factors, inside their transaction; `use` must use up what it
    accepts by one conditional UPDATE. Records `challenge.verified`, or `challenge.failed` with the
    verdict; the last wrong answer allowed locks the account.
    """
    if is_shut(asked, at=at):
        return not_evaluated(asked, Verdict.LOCKED, at=at)
    policy = effective_policy(asked.user_id)
    left = _count(asked, answer_rules(policy), at=at)
    if left is None:
        return not_evaluated(asked, Verdict.USED_UP, at=at)
    if use():
        return verified(asked, at=at)
    _record(asked, "failed", Verdict.WRONG.value, at=at)
    state = record_failure(user_id=asked.user_id, rules=lock_rules(policy), final=left == 0, at=at)
    if state is None or (state.is_locked(at) and not asked.while_locked):
        return VerifyResult(Verdict.LOCKED)
    return VerifyResult(Verdict.WRONG, attempts_left=left)


def is_shut(asked: Asked, *, at: datetime) -> bool:
    """Tell whether nothing is evaluated because the account is locked."""
    return not asked.while_locked and account_is_locked(asked.user_id, at=at)


def verified(asked: Asked, *, at: datetime) -> VerifyResult:
    """Record a right answer; the tries begin anew."""
    begin_count_anew_of(asked.owner, asked.purpose)
    _record(asked, "verified", "ok", at=at)
    return VerifyResult(Verdict.OK)


def not_evaluated(asked: Asked, verdict: Verdict, *, at: datetime) -> VerifyResult:
    """Record an answer that counts for nothing, and why."""
    _record(asked, "failed", verdict.value, at=at)
    return VerifyResult(verdict)


def _count(asked: Asked, rules: CodeRules, *, at: datetime) -> int | None:
    closed, _until = closed_until(asked.owner, asked.purpose, rules, at=at)
    if closed:
        return None
    return count_try_of(asked.owner, asked.purpose, most=rules.max_attempts, at=at)


def _record(asked: Asked, verb: str, result: str, *, at: datetime) -> None:
    record(
        f"challenge.{verb}",
        contract_id=asked.contract_id,
        subject=(asked.owner.kind.value, asked.user_id),
        result=result,
        data={"purpose": asked.purpose.value, "channel": asked.channel},
        at=at,
    )
