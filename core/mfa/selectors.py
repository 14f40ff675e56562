"""Reads of factors and challenges."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from core.accounts.models import User
from core.common.compiled import CompiledQuery
from core.common.masking import mask_email, mask_phone
from core.mfa.codes import Owner, screen_digits
from core.mfa.limits import codes_left, sent_fact, sent_values
from core.mfa.models import (
    Challenge,
    Channel,
    Factor,
    FactorKind,
    MfaRegistration,
    Passkey,
    RecoveryCode,
)
from core.notifications.selectors import (
    delay_facts,
    delay_values,
    is_delayed,
    list_down_channels,
)

KINDS_FACT = "factor_kinds"
PHONE_FACT = "factor_phone"
PRESSED_TWICE = timedelta(seconds=30)
"""Own figure: longer than the answer to a button ever takes, where the machine is busy."""


class ChallengeStatus(StrEnum):
    """Where a challenge stands, for the page."""

    WAITING = "waiting"
    OPEN = "open"
    ANSWERED = "answered"
    OVER = "over"


@dataclass(frozen=True)
class ChallengeView:
    """What a page may show of a challenge.

    `digits` are for the person to key in during a call; `is_late` says that messages wait, and
    `down` which channels are left alone because they fail, once a code does not leave at once.
    """

    status: ChallengeStatus
    channel: str
    destination: str
    seconds_left: int
    expires_at: datetime | None
    next_send_at: datetime | None
    digits: str = ""
    is_late: bool = False
    down: frozenset[str] = frozenset()

    @property
    def is_call(self) -> bool:
        """Tell whether it is a call, which is answered on the phone."""
        return self.channel == Channel.VOICE

    @property
    def is_down(self) -> bool:
        """Tell whether nothing goes out by this channel at the moment."""
        return self.channel in self.down

    @property
    def other_is_down(self) -> bool:
        """Tell whether the other way to the same phone fails as well."""
        return (Channel.SMS if self.is_call else Channel.VOICE) in self.down

    @property
    def option_is_down(self) -> bool:
        """Tell whether the person needs another option: a phone can still be called, or texted."""
        return self.is_down and (self.channel == Channel.EMAIL or self.other_is_down)

    @property
    def is_live(self) -> bool:
        """Tell whether the code can still be typed or comes presently."""
        return self.status in {ChallengeStatus.WAITING, ChallengeStatus.OPEN}


def option_is_down(option: str) -> bool:
    """Tell whether nothing goes out by any way of a login option: a text or call, or mail."""
    ways = {"phone": {Channel.SMS, Channel.VOICE}, "email": {Channel.EMAIL}}.get(option)
    return ways is not None and ways <= list_down_channels()


def list_factors(user_id: UUID) -> QuerySet[Factor]:
    """Return the proven factors of an account."""
    return Factor.objects.filter(user_id=user_id)


def find_factor(user_id: UUID, kind: str) -> Factor | None:
    """Return an account's factor of a kind, or None."""
    return list_factors(user_id).filter(kind=kind).first()


def kinds_of(user_id: UUID) -> frozenset[str]:
    """Return which kinds of factor an account has proven (one query)."""
    return frozenset(list_factors(user_id).values_list("kind", flat=True))


def kinds_in_hand(user: User) -> frozenset[str]:
    """Return `kinds_of` an account as it was read with the account, else read them now."""
    known = vars(user).get(KINDS_FACT)
    return kinds_of(user.id) if known is None else frozenset(known)


def phone_in_hand(user: User) -> str | None:
    """Return `find_phone` of an account as it was read with the account, else read it now."""
    if PHONE_FACT in vars(user):
        return cast("str | None", vars(user)[PHONE_FACT])
    return find_phone(user.id)


def kinds_fact(account: str) -> ArraySubquery:
    """Return the kinds of factor as a part of a statement that knows the account's key."""
    return ArraySubquery(Factor.objects.filter(user=OuterRef(account)).values("kind"))


def phone_fact(account: str) -> Subquery:
    """Return the proven number as a part of a statement that knows the account's key."""
    phones = Factor.objects.filter(user=OuterRef(account), kind=FactorKind.PHONE)
    return Subquery(phones.values("phone")[:1])


def working_kinds(user_id: UUID) -> frozenset[str]:
    """Return the kinds of factor that an account can prove: without suspended passkeys."""
    stopped = Q(kind=FactorKind.PASSKEY) & ~Exists(
        Passkey.objects.filter(factor=OuterRef("pk"), suspended_at__isnull=True)
    )
    return frozenset(list_factors(user_id).exclude(stopped).values_list("kind", flat=True))


def list_passkeys(user_id: UUID) -> QuerySet[Passkey]:
    """Return the passkeys of an account, oldest first, suspended ones too."""
    return Passkey.objects.filter(factor__user_id=user_id).order_by("created_at", "id")


def has_passkey_for(user_id: UUID, rp_id: str) -> bool:
    """Tell whether a passkey of an account is good for a domain and not suspended."""
    return list_passkeys(user_id).filter(rp_id=rp_id, suspended_at__isnull=True).exists()


def count_recovery_codes(user_id: UUID) -> int:
    """Return how many recovery codes of an account are still good."""
    return RecoveryCode.objects.filter(
        user_id=user_id,
        used_at__isnull=True,
        replaced_at__isnull=True,
        key_version__in=settings.PORTAL_SECRET_KEYS,
    ).count()


def find_phone(user_id: UUID) -> str | None:
    """Return the proven number of an account, or None."""
    factor = Factor.objects.filter(user_id=user_id, kind=FactorKind.PHONE).first()
    return factor.phone if factor else None


def find_mfa_registration(registration_id: UUID) -> MfaRegistration | None:
    """Return a registration that was not cancelled."""
    return MfaRegistration.objects.filter(pk=registration_id, closed_at__isnull=True).first()


def challenge_state(
    *, challenge_id: UUID, binding: UUID, owner: Owner, at: datetime
) -> ChallengeView | None:
    """Return where a challenge stands; None when the binding did not ask for it."""
    challenge = _STATE.first(
        challenge_id=challenge_id,
        binding=binding,
        **sent_values(owner, at=at),
        **delay_values(at),
    )
    if challenge is None:
        return None
    status = _status(challenge, at=at)
    is_waiting = status is ChallengeStatus.WAITING
    left = (challenge.expires_at - at).total_seconds() if challenge.expires_at else 0
    sent = codes_left(owner, challenge.destination, challenge.purpose, challenge.sent, at=at)
    return ChallengeView(
        status=status,
        channel=challenge.channel,
        destination=masked(challenge.channel, challenge.destination),
        seconds_left=max(0, int(left)),
        expires_at=challenge.expires_at,
        next_send_at=sent.next_at,
        digits=_digits(challenge) if status is ChallengeStatus.OPEN else "",
        is_late=is_waiting and is_delayed(others_wait=challenge.others_wait),
        down=frozenset(challenge.down) if is_waiting else frozenset(),
    )


def _challenges_with_state(
    *,
    challenge_id: UUID,
    binding: UUID,
    late_before: datetime,
    recently: datetime,
    **sent: Any,
) -> QuerySet[Challenge]:
    return Challenge.objects.filter(pk=challenge_id, binding=binding).annotate(
        sent=sent_fact(destination=OuterRef("destination"), **sent),
        **delay_facts(late_before=late_before, recently=recently),
    )


_STATE: CompiledQuery[Any] = CompiledQuery(_challenges_with_state)


def was_used_just_now(*, challenge_id: UUID, binding: UUID, at: datetime) -> bool:
    """Tell whether a code was right within the last half a minute: its button was pressed twice."""
    used = Challenge.objects.filter(
        pk=challenge_id, binding=binding, used_at__gt=at - PRESSED_TWICE, used_at__lte=at
    )
    return used.exists()


def masked(channel: str, destination: str) -> str:
    """Return a destination as it may be shown before the person has proven it is theirs."""
    if channel == Channel.EMAIL:
        return mask_email(destination)
    return mask_phone(destination)


def _status(challenge: Challenge, *, at: datetime) -> ChallengeStatus:
    if challenge.used_at or challenge.superseded_at:
        return ChallengeStatus.OVER
    if challenge.expires_at is None:
        return ChallengeStatus.WAITING
    if at >= challenge.expires_at:
        return ChallengeStatus.OVER
    return ChallengeStatus.ANSWERED if challenge.answered_at else ChallengeStatus.OPEN


def _digits(challenge: Challenge) -> str:
    if challenge.voice_confirmation != "digits_on_screen" or challenge.key_version is None:
        return ""
    return screen_digits(
        challenge_id=challenge.id, binding=challenge.binding, version=challenge.key_version
    )
