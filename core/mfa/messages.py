"""The messages that carry a one-time code: minted at hand-over, stored as a digest."""

from datetime import datetime, timedelta
from uuid import UUID

from core.accounts.selectors import account_is_locked
from core.common.crypto import current_key_version, new_numeric_code
from core.mfa.codes import DIGITS, PROVEN_WHILE_LOCKED, Owner, OwnerKind, code_digest, screen_digits
from core.mfa.models import Challenge, Channel
from core.mfa.services.challenges import KIND_OF_CHANNEL, answer_call
from core.mfa.wording import life_in_words
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, VoicePrompt
from core.notifications.mail import brand_of
from core.notifications.models import OutboxMessage
from core.notifications.senders import document_for
from core.notifications.states import MessageStatus


def prepare_mail(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Mint a code and make the mail; None when the challenge is no longer wanted."""
    challenge = wanted_challenge(message, at)
    if challenge is None:
        return None
    code = mint_code(challenge, at=at)
    return compose_mail(
        message,
        "one_time_code",
        {"code": code, "life": life_in_words(challenge.life_seconds)},
        to=challenge.destination,
        code=code,
        life_seconds=challenge.life_seconds,
    )


def prepare_text(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Mint a code and make the text message."""
    challenge = wanted_challenge(message, at)
    if challenge is None:
        return None
    code = mint_code(challenge, at=at)
    brand = brand_of(document_for(message.contract_id))
    life = life_in_words(challenge.life_seconds)
    return Rendered(
        to=challenge.destination,
        subject="",
        text=(
            f"{code} is your {brand.organization} verification code. It works for {life}. "
            "Nobody from the portal will ever ask you for it."
        ),
        code=code,
        life_seconds=challenge.life_seconds,
    )


def prepare_call(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Make the call: press #, or enter the digits that the page shows, as the contract says."""
    challenge = wanted_challenge(message, at)
    if challenge is None:
        return None
    version = current_key_version()
    digits = ""
    if challenge.voice_confirmation == "digits_on_screen":
        digits = screen_digits(
            challenge_id=challenge.id, binding=challenge.binding, version=version
        )
        _store(challenge, digits, version=version, at=at)
    else:
        _start_life(challenge, at=at)
    organization = brand_of(document_for(message.contract_id)).organization
    return Rendered(
        to=challenge.destination,
        subject="",
        text=_spoken(organization, digits=bool(digits)),
        voice=VoicePrompt(
            text=_spoken(organization, digits=bool(digits)),
            expect="digits" if digits else "pound",
        ),
        life_seconds=challenge.life_seconds,
    )


def hear_keys(subject_id: UUID, digits: str, at: datetime) -> bool:
    """Pass on what was pressed in a call."""
    return answer_call(challenge_id=subject_id, digits=digits, at=at)


_NEVER_ARRIVES = frozenset({MessageStatus.FAILED, MessageStatus.EXPIRED, MessageStatus.BOUNCED})


def hear_outcome(message: OutboxMessage, at: datetime) -> None:
    """Close a challenge whose message will never arrive, so that the page offers another."""
    if message.status in _NEVER_ARRIVES:
        Challenge.objects.filter(
            pk=message.subject_id, used_at__isnull=True, superseded_at__isnull=True
        ).update(superseded_at=at)


def _spoken(organization: str, *, digits: bool) -> str:
    opening = f"This is {organization}, calling because of a sign-in to the provider portal."
    if digits:
        return f"{opening} Enter the {DIGITS} digits that you see on your screen."
    return f"{opening} If it is you, press the pound key. If it is not you, hang up."


def wanted_challenge(message: OutboxMessage, at: datetime) -> Challenge | None:
    """Return the challenge, locked, if its code should still go out."""
    challenge = (
        Challenge.objects.select_for_update()
        .filter(pk=message.subject_id, used_at__isnull=True, superseded_at__isnull=True)
        .first()
    )
    if challenge is None or challenge.answered_at is not None:
        return None
    is_account = challenge.owner_kind == OwnerKind.ACCOUNT
    may_be_locked = is_account and challenge.purpose not in PROVEN_WHILE_LOCKED
    if may_be_locked and account_is_locked(challenge.owner_id, at=at):
        return None
    return challenge


def mint_code(challenge: Challenge, *, at: datetime) -> str:
    """Make the code of a challenge, keep its digest, and begin its life."""
    code = new_numeric_code(DIGITS)
    _store(challenge, code, version=current_key_version(), at=at)
    return code


def _store(challenge: Challenge, code: str, *, version: int, at: datetime) -> None:
    challenge.key_version = version
    challenge.code_digest = code_digest(
        code,
        challenge_id=challenge.id,
        owner=Owner(OwnerKind(challenge.owner_kind), challenge.owner_id),
        contract_id=challenge.contract_id,
        purpose=challenge.purpose,
        channel=challenge.channel,
        binding=challenge.binding,
        version=version,
    )
    _start_life(challenge, at=at)


def _start_life(challenge: Challenge, *, at: datetime) -> None:
    """The life runs from hand-over, and is at most ten minutes (a constraint says so too)."""
    challenge.sent_at = at
    challenge.expires_at = at + timedelta(seconds=challenge.life_seconds)
    challenge.save(update_fields=["code_digest", "key_version", "sent_at", "expires_at"])


KINDS = (
    MessageKind(
        name=KIND_OF_CHANNEL[Channel.EMAIL.value],
        channel="email",
        at_most_once=True,
        prepare=prepare_mail,
        on_outcome=hear_outcome,
    ),
    MessageKind(
        name=KIND_OF_CHANNEL[Channel.SMS.value],
        channel="sms",
        at_most_once=True,
        prepare=prepare_text,
        on_outcome=hear_outcome,
    ),
    MessageKind(
        name=KIND_OF_CHANNEL[Channel.VOICE.value],
        channel="voice",
        at_most_once=True,
        prepare=prepare_call,
        on_keys=hear_keys,
        on_outcome=hear_outcome,
    ),
)
