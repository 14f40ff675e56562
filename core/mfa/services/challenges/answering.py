"""Answer a one-time code or a call.

The challenge's row is locked, the try is counted, and only then is anything compared; a right
answer is used by `UPDATE … WHERE used_at IS NULL`. So parallel answers are evaluated one after
another, and none beyond the allowed number. docs/adr/0010.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from core.accounts.policies import effective_policy
from core.accounts.selectors import unlocked_accounts
from core.accounts.services.locks import lock_rules, record_failure
from core.audit.recording import event_of, record_all
from core.common.compiled import CompiledQuery
from core.common.crypto import constant_time_equal
from core.mfa.codes import DIGITS, PROVEN_WHILE_LOCKED, OwnerKind, code_digest, typed_digits
from core.mfa.models import Challenge, Channel
from core.mfa.services.challenges.attempts import (
    begin_count_anew,
    count_try,
    take_back_try,
    use_and_begin_anew,
)
from core.mfa.services.challenges.events import happening_of, owner_of


class Verdict(StrEnum):
    """What became of an answer. Everything but OK reads the same to a stranger."""

    OK = "ok"
    WRONG = "wrong"
    EXPIRED = "expired"
    USED_UP = "used_up"
    LOCKED = "locked"


@dataclass(frozen=True)
class VerifyResult:
    """The verdict, and how many more answers are evaluated."""

    verdict: Verdict
    attempts_left: int = 0

    @property
    def is_ok(self) -> bool:
        """Tell whether the answer was right and is now used."""
        return self.verdict is Verdict.OK


@dataclass(frozen=True)
class _Try:
    """A challenge in hand, its try counted: what is left to do is to compare."""

    challenge: Challenge
    left: int


@transaction.atomic(savepoint=False)
def verify_challenge(*, challenge_id: UUID, binding: UUID, code: str, at: datetime) -> VerifyResult:
    """Answer a challenge with the code of a text or mail; a call is answered by the phone alone.

    Called by the page that asked; `binding` must be the one that asked. For an account a wrong
    code counts to the account's lock, and the last one allowed locks it. Records
    `challenge.verified`, or `challenge.failed` with the verdict. At the second of its end a code is
    expired.
    """
    taken = _take_up(_WRITTEN.first(challenge_id=challenge_id, binding=binding, at=at), at=at)
    if isinstance(taken, VerifyResult):
        return taken
    if not _is_right(taken.challenge, code):
        return _failed(taken, at=at)
    verified = event_of(happening_of(taken.challenge, "verified"), at=at)
    use_and_begin_anew(taken.challenge, verified, at=at)
    return VerifyResult(Verdict.OK)


@transaction.atomic(savepoint=False)
def answer_call(*, challenge_id: UUID, digits: str, at: datetime) -> bool:
    """Hear the keys that were pressed in a call; tells whether they answer the challenge.

    Called by the voice channel. Pressing # (where the contract has it so) or keying in the digits
    that the page shows marks the challenge as answered; the page then goes on. Wrong digits count
    like wrong codes. Records `challenge.answered` or `challenge.failed`.
    """
    taken = _take_up(_CALLS.first(challenge_id=challenge_id, at=at), at=at)
    if isinstance(taken, VerifyResult):
        return False
    if not _keys_are_right(taken.challenge, digits):
        _failed(taken, at=at)
        return False
    take_back_try(taken.challenge)
    _count_on(taken.challenge).update(attempts=F("attempts") + 1, answered_at=at)
    record_all([happening_of(taken.challenge, "answered")], at=at)
    return True


@transaction.atomic(savepoint=False)
def use_answered_call(*, challenge_id: UUID, binding: UUID, at: datetime) -> VerifyResult:
    """Go on after an answered call: uses the challenge, once.

    Called by the page that asked for the call. Records `challenge.verified`.
    """
    used = Challenge.objects.filter(
        pk=challenge_id,
        binding=binding,
        answered_at__isnull=False,
        used_at__isnull=True,
        superseded_at__isnull=True,
        expires_at__gt=at,
    ).update(used_at=at)
    if not used:
        return VerifyResult(Verdict.EXPIRED)
    challenge = Challenge.objects.get(pk=challenge_id)
    begin_count_anew(challenge)
    record_all([happening_of(challenge, "verified")], at=at)
    return VerifyResult(Verdict.OK)


def _held(found: QuerySet[Challenge], *, at: datetime) -> QuerySet[Challenge]:
    """Return challenges that are locked when they are read, with the lock of the account.

    One that closes while the statement waits for the row is seen afterwards: by the count, by the
    failure that is recorded, or at the sign-in's end.
    """
    unlocked = unlocked_accounts(at=at).filter(pk=OuterRef("owner_id"))
    return found.annotate(owner_is_unlocked=Exists(unlocked)).select_for_update(of=("self",))


def _written(*, challenge_id: UUID, binding: UUID, at: datetime) -> QuerySet[Challenge]:
    # The digits of a call stand on the page that shows them: only the phone may answer with them.
    written = Challenge.objects.filter(pk=challenge_id, binding=binding)
    return _held(written.exclude(channel=Channel.VOICE), at=at)


def _calls(*, challenge_id: UUID, at: datetime) -> QuerySet[Challenge]:
    return _held(Challenge.objects.filter(pk=challenge_id, channel=Channel.VOICE), at=at)


_WRITTEN: CompiledQuery[Any] = CompiledQuery(_written)
_CALLS: CompiledQuery[Any] = CompiledQuery(_calls)


def _take_up(challenge: Any, *, at: datetime) -> _Try | VerifyResult:
    """Count the try at a challenge that is held; a result says why nothing is compared."""
    if challenge is None:
        return VerifyResult(Verdict.EXPIRED)
    is_account = challenge.owner_kind == OwnerKind.ACCOUNT
    may_be_locked = is_account and challenge.purpose not in PROVEN_WHILE_LOCKED
    if may_be_locked and not challenge.owner_is_unlocked:
        return _not_evaluated(challenge, Verdict.LOCKED, at=at)
    if not challenge.is_open(at) or challenge.answered_at is not None:
        return _not_evaluated(challenge, Verdict.EXPIRED, at=at)
    left = count_try(challenge, at=at)
    if left is None:
        return _not_evaluated(challenge, Verdict.USED_UP, at=at)
    return _Try(challenge, left)


def _count_on(challenge: Challenge) -> QuerySet[Challenge]:
    return Challenge.objects.filter(pk=challenge.pk)


def _is_right(challenge: Challenge, code: str) -> bool:
    digits = typed_digits(code)
    if challenge.code_digest is None or len(digits) != DIGITS:
        return False
    return constant_time_equal(_digest_for(challenge, digits), bytes(challenge.code_digest))


def _keys_are_right(challenge: Challenge, digits: str) -> bool:
    if challenge.voice_confirmation == "press_pound":
        return digits.strip() == "#"
    return _is_right(challenge, digits)


def _digest_for(challenge: Challenge, digits: str) -> bytes:
    return code_digest(
        digits,
        challenge_id=challenge.id,
        owner=owner_of(challenge),
        contract_id=challenge.contract_id,
        purpose=challenge.purpose,
        channel=challenge.channel,
        binding=challenge.binding,
        version=challenge.key_version,
    )


def _not_evaluated(challenge: Challenge, verdict: Verdict, *, at: datetime) -> VerifyResult:
    """Record an answer that nobody compared, and why."""
    record_all([happening_of(challenge, "failed", result=verdict.value)], at=at)
    return VerifyResult(verdict)


def _failed(taken: _Try, *, at: datetime) -> VerifyResult:
    challenge = taken.challenge
    _count_on(challenge).update(attempts=F("attempts") + 1)
    failed = happening_of(challenge, "failed", result=Verdict.WRONG.value)
    owner = owner_of(challenge)
    if owner.kind is not OwnerKind.ACCOUNT:
        record_all([failed], at=at)
        return VerifyResult(Verdict.WRONG, attempts_left=taken.left)
    rules = lock_rules(effective_policy(owner.id))
    state = record_failure(
        user_id=owner.id, rules=rules, cause=failed, final=taken.left == 0, at=at
    )
    goes_on = taken.left > 0 and challenge.purpose in PROVEN_WHILE_LOCKED
    if state is None or (state.is_locked(at) and not goes_on):
        return VerifyResult(Verdict.LOCKED)
    return VerifyResult(Verdict.WRONG, attempts_left=taken.left)
