"""One-time codes, pure: how they are made comparable, and when the next may be sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from core.common.crypto import keyed_digest

DIGITS = 6
LONGEST_LIFE_SECONDS = 600
"""Ten minutes, whatever a configuration says (account-security.md)."""


class OwnerKind(StrEnum):
    """Whose codes are counted together."""

    ACCOUNT = "account"
    REGISTRATION = "registration"
    ADDRESS = "address"


class Purpose(StrEnum):
    """What a code proves; a code made for one purpose is worthless for another."""

    SIGN_IN = "sign_in"
    VERIFY_EMAIL = "verify_email"
    VERIFY_PHONE = "verify_phone"
    RESET_ADDRESS = "reset_address"
    RESET = "reset"
    CONFIRM = "confirm"
    STEP_UP = "step_up"
    CHANGE_EMAIL = "change_email"
    CHANGE_PHONE = "change_phone"


ASKED_BY_ANYBODY = frozenset({Purpose.RESET_ADDRESS.value})
"""What a code may be sent for to an address that somebody merely typed."""
PROVEN_WHILE_LOCKED = frozenset({Purpose.RESET.value})
"""What the owner of a locked account may still prove; it opens nothing by itself."""


@dataclass(frozen=True)
class Owner:
    """Whose code it is: an account, a registration whose account is not made yet, or an address.

    An address owns codes where nobody may learn whether it has an account.
    """

    kind: OwnerKind
    id: UUID


@dataclass(frozen=True)
class CodeRules:
    """The part of a policy that one code obeys.

    `hold_minutes`: after so long without a try the count of tries begins anew; None: only a
    success or an unlock sets it back.
    """

    life_seconds: int
    max_attempts: int
    hold_minutes: int | None
    voice_confirmation: str = ""

    def capped(self) -> "CodeRules":
        """Return the rules with the life cut to ten minutes."""
        life = min(self.life_seconds, LONGEST_LIFE_SECONDS)
        return CodeRules(life, self.max_attempts, self.hold_minutes, self.voice_confirmation)


@dataclass(frozen=True)
class SendLimit:
    """At most `count` codes within `window`."""

    count: int
    window: timedelta


# Our own figures (account-security.md): what counts is codes that were sent and not used.
OWNER_AND_DESTINATION_LIMITS = (
    SendLimit(1, timedelta(seconds=30)),
    SendLimit(5, timedelta(hours=1)),
    SendLimit(10, timedelta(days=1)),
)
# One owner cannot spread codes over ever new addresses either.
OWNER_LIMITS = (SendLimit(15, timedelta(hours=1)), SendLimit(30, timedelta(days=1)))
# An office shares a landline, so this one is wide.
DESTINATION_LIMITS = (SendLimit(60, timedelta(hours=1)),)
# The part of it that codes may take which anybody can ask for without proving anything. The rest is
# for people who have proven a password or a registration; and a stranger on one network, whom the
# limits of an owner hold, leaves something of this part to the address's owner on another.
STRANGER_LIMITS = (SendLimit(15, timedelta(hours=1)), SendLimit(30, timedelta(days=1)))
LONGEST_WINDOW = timedelta(days=1)


def next_send_at(
    sent: Sequence[datetime], limits: Sequence[SendLimit], *, at: datetime
) -> datetime | None:
    """Return when the next code may be sent, or None when it may be sent now.

    `sent` are the moments of the codes that count, in any order.
    """
    newest_first = sorted(sent, reverse=True)
    waits = [
        newest_first[limit.count - 1] + limit.window
        for limit in limits
        if len(newest_first) >= limit.count
    ]
    latest = max(waits, default=at)
    return latest if latest > at else None


def code_digest(
    code: str,
    *,
    challenge_id: UUID,
    owner: Owner,
    contract_id: UUID | None,
    purpose: str,
    channel: str,
    binding: UUID,
    version: int | None = None,
) -> bytes:
    """Return the HMAC under which a code is stored, bound to everything that it is good for."""
    return keyed_digest(
        "one-time-code",
        str(challenge_id),
        owner.kind.value,
        str(owner.id),
        str(contract_id or ""),
        purpose,
        channel,
        str(binding),
        code,
        version=version,
    )


def screen_digits(*, challenge_id: UUID, binding: UUID, version: int) -> str:
    """Return the digits that the page shows and the called person keys in.

    Made from the server's key and the challenge, so that they need not be stored to be shown
    again; a challenge's key is random, so the digits are as good as drawn.
    """
    digest = keyed_digest("digits-on-screen", str(challenge_id), str(binding), version=version)
    return f"{int.from_bytes(digest[:8], 'big') % 10**DIGITS:0{DIGITS}d}"


def typed_digits(text: str) -> str:
    """Return what a person typed as digits alone: spaces and hyphens are theirs to use."""
    return "".join(character for character in text if character in "0123456789")
