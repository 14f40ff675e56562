"""The breaker of a channel: after failures in a row nothing is handed over for a while.

One row in the database, shared by all processes. What waits stays in the outbox; pages offer
another way meanwhile (`selectors.list_down_channels`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from core.audit.recording import record
from core.notifications.models import ChannelHealth

FAILURES: Final = 5
"""So many failures in a row open the breaker …"""
WINDOW: Final = timedelta(seconds=60)
"""… when they all fall into this time. Own figures."""
FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(minutes=5)
PROBE_TAKES: Final = timedelta(seconds=60)
"""After this a probe belongs to nobody any more, like a message in hand."""


@dataclass(frozen=True)
class Admission:
    """Whether a message may be handed over now; `retry_at` says when to ask again."""

    admitted: bool
    is_probe: bool = False
    retry_at: datetime | None = None


def admit(*, channel: str, at: datetime) -> Admission:
    """Tell whether a channel takes a message now; called in the transaction of the claim.

    While the breaker is open one message at a time may try from `probe_at` on. One statement
    where all is well.
    """
    health = ChannelHealth.objects.filter(channel=channel, opened_at__isnull=False).first()
    if health is None:
        return Admission(admitted=True)
    # Whoever holds the row is taking the probe.
    free = (
        ChannelHealth.objects.select_for_update(skip_locked=True)
        .filter(channel=channel, probe_at__lte=at)
        .filter(Q(probing_until__isnull=True) | Q(probing_until__lte=at))
        .first()
    )
    if free is None:
        return Admission(admitted=False, retry_at=_next_chance(health, at))
    free.probing_until = at + PROBE_TAKES
    free.save(update_fields=["probing_until"])
    return Admission(admitted=True, is_probe=True)


def give_probe_back(*, channel: str) -> None:
    """Let another message try: the one that had the probe was not handed over after all."""
    ChannelHealth.objects.filter(channel=channel).update(probing_until=None)


def note_answer(*, channel: str, since: datetime, at: datetime) -> None:
    """Hear that the provider answered a message claimed at `since`, whatever it said of it.

    Ends a row of failures and closes the breaker; an answer to what was claimed before it opened
    does not. Records `channel.closed`. One statement where all is well.
    """
    troubled = ChannelHealth.objects.filter(channel=channel).filter(
        Q(opened_at__isnull=True, failures__gt=0) | Q(opened_at__lte=since)
    )
    health = troubled.first()
    if health is None or not troubled.update(**_WELL):
        return
    if health.opened_at is not None:
        record("channel.closed", data={"channel": channel}, at=at)


def note_failure(*, channel: str, at: datetime) -> None:
    """Count a failure that is the provider's; opens the breaker. Records `channel.opened`."""
    ChannelHealth.objects.get_or_create(channel=channel)
    health = ChannelHealth.objects.select_for_update().get(channel=channel)
    if health.failing_since is None or at - health.failing_since > WINDOW:
        health.failing_since, health.failures = at, 0
    health.failures += 1
    is_open = health.opened_at is not None
    probe_failed = is_open and health.probing_until is not None
    if probe_failed or (not is_open and health.failures >= FAILURES):
        _open(health, at=at)
    health.save()


_WELL: Final = {
    "failures": 0,
    "failing_since": None,
    "opened_at": None,
    "openings": 0,
    "probe_at": None,
    "probing_until": None,
}


def _open(health: ChannelHealth, *, at: datetime) -> None:
    """Open, or stay open for longer after a probe that failed."""
    if health.opened_at is None:
        record("channel.opened", data={"channel": health.channel}, at=at)
    pause = min(FIRST_PAUSE * 2**health.openings, LONGEST_PAUSE)
    health.opened_at = at
    health.openings = min(health.openings + 1, 10)
    health.probe_at = at + pause
    health.probing_until = None


def _next_chance(health: ChannelHealth, at: datetime) -> datetime:
    soon = at + timedelta(seconds=5)
    return soon if health.probe_at is None else max(health.probe_at, soon)
