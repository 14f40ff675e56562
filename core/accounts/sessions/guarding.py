"""When a session ends, as a pure table: what the session remembers against what is now."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

RECORD_KEY: Final = "portal_session"
"""Where the record stands in a session."""


class Ended(StrEnum):
    """Why a session ended."""

    OTHER_HOST = "other_host"
    DEACTIVATED = "deactivated"
    ACCOUNT_CHANGED = "account_changed"
    POLICY_CHANGED = "policy_changed"
    IDLE = "idle"
    TOO_OLD = "too_old"


@dataclass(frozen=True)
class SessionRecord:
    """What a session remembers of its beginning; the limits are those of the policy then.

    Times are seconds since 1970, the form in which they stand in the session. `id` names the
    sign-in to its owner, whatever the session's key is by now; `browser` and `place` say in words
    from where it was.
    """

    host: str
    security_epoch: int
    policy_epochs: dict[str, int]
    began_at: float
    seen_at: float
    idle_seconds: int
    absolute_seconds: int
    id: str = ""
    browser: str = ""
    place: str = ""

    @classmethod
    def from_session(cls, data: Any) -> Self | None:
        """Read a record; None for anything that is not one."""
        try:
            return cls(**data)
        except TypeError:
            return None

    def within(self, *, idle_seconds: int, absolute_seconds: int) -> Self:
        """Return the record under further limits; of two limits the shorter one holds."""
        return replace(
            self,
            idle_seconds=min(self.idle_seconds, idle_seconds),
            absolute_seconds=min(self.absolute_seconds, absolute_seconds),
        )

    def to_session(self) -> dict[str, Any]:
        """Return the record as it stands in the session."""
        return asdict(self)


def why_ended(
    session: SessionRecord | None,
    *,
    host: str,
    security_epoch: int,
    policy_epochs: dict[str, int],
    at: datetime,
) -> Ended | None:
    """Return why a session is over, or None while it holds.

    A session ends on the second: at its idle limit it is over. A contract that is no longer known
    (`policy_epochs` lacks it) changes nothing; one that published a stricter policy ends it.
    """
    if session is None or session.host != host:
        return Ended.OTHER_HOST
    if session.security_epoch != security_epoch:
        return Ended.ACCOUNT_CHANGED
    remembered = session.policy_epochs
    if any(policy_epochs.get(key, epoch) != epoch for key, epoch in remembered.items()):
        return Ended.POLICY_CHANGED
    now = at.timestamp()
    if now - session.seen_at >= session.idle_seconds:
        return Ended.IDLE
    if now - session.began_at >= session.absolute_seconds:
        return Ended.TOO_OLD
    return None


@dataclass(frozen=True)
class TimeLeft:
    """Whole seconds until a session ends by itself, and how many before that its pages warn.

    `is_final`: it ends at its absolute limit, whatever is done.
    """

    seconds: int
    warn_seconds: int
    is_final: bool

    @classmethod
    def of(cls, session: SessionRecord, *, warn_seconds: int, at: datetime) -> Self:
        """Reckon from what a session remembers; at or past its end no seconds are left."""
        idle_end = session.seen_at + session.idle_seconds
        last_end = session.began_at + session.absolute_seconds
        seconds = max(0, int(min(idle_end, last_end) - at.timestamp()))
        return cls(seconds=seconds, warn_seconds=warn_seconds, is_final=last_end <= idle_end)
