"""When a remembered browser is no longer known, as a pure table."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Forgotten(StrEnum):
    """Why a browser is not known any more."""

    REVOKED = "revoked"
    EXPIRED = "expired"
    OTHER_HOST = "other_host"
    INACTIVE = "inactive"
    LOCKED = "locked"
    ACCOUNT_CHANGED = "account_changed"
    FACTOR_CHANGED = "factor_changed"
    POLICY_CHANGED = "policy_changed"


@dataclass(frozen=True)
class Memory:
    """What was written down at the sign-in that remembered the browser."""

    host: str
    security_epoch: int
    policy_epochs: dict[str, int]
    created_at: datetime
    expires_at: datetime
    revoked: bool


@dataclass(frozen=True)
class Present:
    """How things stand now. `factor_since` is None when the option's factor is gone."""

    host: str
    is_active: bool
    is_locked: bool
    security_epoch: int
    policy_epochs: dict[str, int]
    remember_hours: int
    factor_since: datetime | None
    at: datetime


def expiry(*, remember_hours: int, since: datetime) -> datetime:
    """Return when a browser remembered at a sign-in is forgotten."""
    return since + timedelta(hours=remember_hours)


def why_forgotten(memory: Memory, now: Present) -> Forgotten | None:
    """Return why a browser is not known, or None while it is.

    It ends on the second. A policy with fewer hours than then holds from the sign-in, too: the
    deployment's defaults, which hold for accounts without a contract, have no epoch. Contracts
    that were joined or left since the sign-in count as another policy.
    """
    ends = min(
        memory.expires_at, expiry(remember_hours=now.remember_hours, since=memory.created_at)
    )
    changed_factor = now.factor_since is None or now.factor_since > memory.created_at
    checks = (
        (memory.revoked, Forgotten.REVOKED),
        (now.at >= ends, Forgotten.EXPIRED),
        (memory.host != now.host, Forgotten.OTHER_HOST),
        (not now.is_active, Forgotten.INACTIVE),
        (now.is_locked, Forgotten.LOCKED),
        (memory.security_epoch != now.security_epoch, Forgotten.ACCOUNT_CHANGED),
        (changed_factor, Forgotten.FACTOR_CHANGED),
        (memory.policy_epochs != now.policy_epochs, Forgotten.POLICY_CHANGED),
    )
    return next((reason for is_so, reason in checks if is_so), None)
