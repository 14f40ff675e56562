"""Ask for a one-time code, and answer it.

An attempt is counted first, by atomic updates, and compared afterwards; a right answer is used by
`UPDATE … WHERE used_at IS NULL`. The updates hold the rows until the transaction ends, so parallel
answers are evaluated one after another, and none beyond the allowed number. docs/adr/0010.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from core.accounts.policies import effective_policy
from core.accounts.selectors import account_is_locked
from core.accounts.services.locks import lock_rules, record_failure
from core.audit.recording import record
from core.common.crypto import constant_time_equal
from core.common.turns import hold_turn
from core.mfa.codes import DIGITS, CodeRules, Owner, OwnerKind, Purpose, code_digest, typed_digits
from core.mfa.models import AttemptCount, Challenge, Channel
from core.mfa.services.limits import next_code_at
from core.notifications.services.outbox import enqueue

KIND_OF_CHANNEL = {
    Channel.EMAIL.value: "one_time_code_email",
    Channel.SMS.value: "one_time_code_sms",
    Channel.VOICE.value: "one_time_code_voice",
}
# A message that waited longer than this in the outbox is of no use to anybody.
_DELIVER_WITHIN = timedelta(minutes=10)


class StartRefusal(StrEnum):
    """Why no code is sent."""

    TOO_SOON = "too_soon"
    ATTEMPTS_USED = "attempts_used"
    LOCKED = "locked"


@dataclass(frozen=True)
class StartResult:
    """The challenge, or why there is none and when the next is possible (None: unknown)."""

    challenge: Challenge | None
    refusal: StartRefusal | None = None
    retry_at: datetime | None = None


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


@transaction.atomic
def start_challenge(
    *,
    owner: Owner,
    purpose: Purpose,
    channel: str,
    destination: str,
    contract_id: UUID | None,
    binding: UUID,
    rules: CodeRules,
    at: datetime,
) -> StartResult:
    """Ask for a code; it is minted when the outbox hands the message over.

    Called by the pages of sign-in and MFA registration, after the person asked for it. Earlier
    codes of the same binding and purpose are superseded; the count of tries goes on. Send limits:
    `codes.py`. Records `challenge.started` or `challenge.refused`; a refusal is a result.
    """
    hold_turn("send-turn", destination)
    refusal, retry_at = _why_not(owner, purpose, destination, rules, at=at)
    if refusal is not None:
        _record("refused", owner, purpose, channel, result=refusal.value, at=at)
        return StartResult(None, refusal=refusal, retry_at=retry_at)
    Challenge.objects.filter(
        owner_kind=owner.kind,
        owner_id=owner.id,
        purpose=purpose,
        binding=binding,
        used_at__isnull=True,
        superseded_at__isnull=True,
    ).update(superseded_at=at)
    challenge = Challenge.objects.create(
        owner_kind=owner.kind,
        owner_id=owner.id,
        contract_id=contract_id,
        purpose=purpose,
        channel=channel,
        destination=destination,
        binding=binding,
        voice_confirmation=rules.voice_confirmation if channel == Channel.VOICE else "",
        life_seconds=rules.capped().life_seconds,
        max_attempts=rules.max_attempts,
        hold_minutes=rules.hold_minutes,
        requested_at=at,
    )
    _send(challenge, at=at)
    _record("started", owner, purpose, channel, challenge_id=challenge.id, at=at)
    return StartResult(challenge)


@transaction.atomic
def verify_challenge(*, challenge_id: UUID, binding: UUID, code: str, at: datetime) -> VerifyResult:
    """Answer a challenge with the code of a text or mail; a call is answered by the phone alone.

    Called by the page that asked; `binding` must be the one that asked. For an account a wrong
    code counts to the account's lock, and the last one allowed locks it. Records
    `challenge.verified`, or `challenge.failed` with the verdict. At the second of its end a code is
    expired.
    """
    # The digits of a call stand on the page that shows them: only the phone may answer with them.
    challenge = (
        Challenge.objects.filter(pk=challenge_id, binding=binding)
        .exclude(channel=Channel.VOICE)
        .first()
    )
    if challenge is None:
        return VerifyResult(Verdict.EXPIRED)
    owner = _owner_of(challenge)
    if owner.kind is OwnerKind.ACCOUNT and account_is_locked(owner.id, at=at):
        return _not_evaluated(challenge, Verdict.LOCKED, at=at)
    if not _count_on_challenge(challenge, at=at):
        return _not_evaluated(challenge, Verdict.EXPIRED, at=at)
    left = _count_attempt(challenge, at=at)
    if left is None:
        return _not_evaluated(challenge, Verdict.USED_UP, at=at)
    if _is_right(challenge, code) and _use(challenge, at=at):
        return _verified(challenge, at=at)
    return _failed(challenge, left=left, at=at)


@transaction.atomic
def answer_call(*, challenge_id: UUID, digits: str, at: datetime) -> bool:
    """Hear the keys that were pressed in a call; tells whether they answer the challenge.

    Called by the voice channel. Pressing # (where the contract has it so) or keying in the digits
    that the page shows marks the challenge as answered; the page then goes on. Wrong digits count
    like wrong codes. Records `challenge.answered` or `challenge.failed`.
    """
    challenge = Challenge.objects.filter(pk=challenge_id, channel=Channel.VOICE).first()
    if challenge is None:
        return False
    owner = _owner_of(challenge)
    if owner.kind is OwnerKind.ACCOUNT and account_is_locked(owner.id, at=at):
        return _not_evaluated(challenge, Verdict.LOCKED, at=at).is_ok
    if not _count_on_challenge(challenge, at=at):
        return _not_evaluated(challenge, Verdict.EXPIRED, at=at).is_ok
    left = _count_attempt(challenge, at=at)
    if left is None:
        return _not_evaluated(challenge, Verdict.USED_UP, at=at).is_ok
    if not _keys_are_right(challenge, digits):
        _failed(challenge, left=left, at=at)
        return False
    _take_back_attempt(challenge)
    Challenge.objects.filter(pk=challenge.id).update(answered_at=at)
    _record_of(challenge, "answered", at=at)
    return True


@transaction.atomic
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
    return _verified(Challenge.objects.get(pk=challenge_id), at=at)


@transaction.atomic
def forget_attempts(*, owner: Owner) -> None:
    """Set the count of tries of an owner back, for all purposes; called when it is unlocked."""
    AttemptCount.objects.filter(owner_kind=owner.kind, owner_id=owner.id).update(attempts=0)


def _why_not(
    owner: Owner, purpose: Purpose, destination: str, rules: CodeRules, *, at: datetime
) -> tuple[StartRefusal | None, datetime | None]:
    if owner.kind is OwnerKind.ACCOUNT and account_is_locked(owner.id, at=at):
        return StartRefusal.LOCKED, None
    count = _attempt_count(owner, purpose, rules, at=at)
    if count.attempts >= rules.max_attempts:
        return StartRefusal.ATTEMPTS_USED, _end_of_hold(count, rules)
    retry_at = next_code_at(owner, destination, at=at)
    return (StartRefusal.TOO_SOON, retry_at) if retry_at else (None, None)


def _attempt_count(
    owner: Owner, purpose: Purpose, rules: CodeRules, *, at: datetime
) -> AttemptCount:
    """Return the count, made when missing and set back when its hold is over."""
    count, _made = AttemptCount.objects.get_or_create(
        owner_kind=owner.kind,
        owner_id=owner.id,
        purpose=purpose,
        defaults={"attempts": 0, "last_attempt_at": at},
    )
    end = _end_of_hold(count, rules)
    if count.attempts and end is not None and end <= at:
        AttemptCount.objects.filter(pk=count.pk, last_attempt_at=count.last_attempt_at).update(
            attempts=0
        )
        count.refresh_from_db()
    return count


def _end_of_hold(count: AttemptCount, rules: CodeRules) -> datetime | None:
    if rules.hold_minutes is None:
        return None
    return count.last_attempt_at + timedelta(minutes=rules.hold_minutes)


def _count_on_challenge(challenge: Challenge, *, at: datetime) -> bool:
    """Count on the challenge if it is open; its row is ours from here to the end."""
    counted = Challenge.objects.filter(
        pk=challenge.pk,
        used_at__isnull=True,
        superseded_at__isnull=True,
        answered_at__isnull=True,
        expires_at__gt=at,
    ).update(attempts=F("attempts") + 1)
    return bool(counted)


def _count_attempt(challenge: Challenge, *, at: datetime) -> int | None:
    """Count for owner and purpose; returns how many are left, None when none was."""
    counts = _counts_of(challenge)
    counted = counts.filter(attempts__lt=challenge.max_attempts).update(
        attempts=F("attempts") + 1, last_attempt_at=at
    )
    if not counted:
        return None
    return max(0, challenge.max_attempts - counts.get().attempts)


def _take_back_attempt(challenge: Challenge) -> None:
    """A right answer to a call is no failed try; the count goes back to what it was before."""
    _counts_of(challenge).filter(attempts__gt=0).update(attempts=F("attempts") - 1)


def _counts_of(challenge: Challenge) -> QuerySet[AttemptCount]:
    return AttemptCount.objects.filter(
        owner_kind=challenge.owner_kind, owner_id=challenge.owner_id, purpose=challenge.purpose
    )


def _is_right(challenge: Challenge, code: str) -> bool:
    # Read again: the code may have been minted after the challenge was read first.
    challenge.refresh_from_db(fields=["code_digest", "key_version"])
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
        owner=_owner_of(challenge),
        contract_id=challenge.contract_id,
        purpose=challenge.purpose,
        channel=challenge.channel,
        binding=challenge.binding,
        version=challenge.key_version,
    )


def _use(challenge: Challenge, *, at: datetime) -> bool:
    unused = Challenge.objects.filter(pk=challenge.pk, used_at__isnull=True)
    return bool(unused.update(used_at=at))


def _verified(challenge: Challenge, *, at: datetime) -> VerifyResult:
    _counts_of(challenge).update(attempts=0)
    _record_of(challenge, "verified", at=at)
    return VerifyResult(Verdict.OK)


def _not_evaluated(challenge: Challenge, verdict: Verdict, *, at: datetime) -> VerifyResult:
    """Record an answer that nobody compared, and why."""
    _record_of(challenge, "failed", result=verdict.value, at=at)
    return VerifyResult(verdict)


def _failed(challenge: Challenge, *, left: int, at: datetime) -> VerifyResult:
    _record_of(challenge, "failed", result=Verdict.WRONG.value, at=at)
    owner = _owner_of(challenge)
    if owner.kind is not OwnerKind.ACCOUNT:
        return VerifyResult(Verdict.WRONG, attempts_left=left)
    rules = lock_rules(effective_policy(owner.id))
    state = record_failure(user_id=owner.id, rules=rules, at=at, final=left == 0)
    if state is None or state.is_locked(at):
        return VerifyResult(Verdict.LOCKED)
    return VerifyResult(Verdict.WRONG, attempts_left=left)


def _owner_of(challenge: Challenge) -> Owner:
    return Owner(OwnerKind(challenge.owner_kind), challenge.owner_id)


def _send(challenge: Challenge, *, at: datetime) -> None:
    is_account = challenge.owner_kind == OwnerKind.ACCOUNT
    enqueue(
        kind=KIND_OF_CHANNEL[challenge.channel],
        to=challenge.destination,
        subject_id=challenge.id,
        contract_id=challenge.contract_id,
        account_id=challenge.owner_id if is_account else None,
        not_after=at + _DELIVER_WITHIN,
        at=at,
    )


def _record(
    verb: str,
    owner: Owner,
    purpose: str,
    channel: str,
    *,
    at: datetime,
    result: str = "ok",
    challenge_id: UUID | None = None,
    contract_id: UUID | None = None,
) -> None:
    record(
        f"challenge.{verb}",
        contract_id=contract_id,
        subject=(owner.kind.value, owner.id),
        result=result,
        data={
            "purpose": str(purpose),
            "channel": channel,
            "challenge": str(challenge_id) if challenge_id else None,
        },
        at=at,
    )


def _record_of(challenge: Challenge, verb: str, *, at: datetime, result: str = "ok") -> None:
    # The contract of the challenge: the report of a call comes to no contract's address.
    _record(
        verb,
        _owner_of(challenge),
        challenge.purpose,
        challenge.channel,
        challenge_id=challenge.id,
        contract_id=challenge.contract_id,
        result=result,
        at=at,
    )
