"""How the channels are, as staff see them: the breaker, the last message that left, what waits."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from core.notifications.models import ChannelHealth, OutboxMessage
from core.notifications.states import LEFT, Channel, MessageStatus


@dataclass(frozen=True)
class ChannelFacts:
    """One channel now. `health` is None where it has never been in trouble."""

    channel: Channel
    health: ChannelHealth | None
    last_left_at: datetime | None
    waiting: int
    oldest_at: datetime | None

    @property
    def is_down(self) -> bool:
        """Tell whether nothing is handed over for the time being."""
        return self.health is not None and self.health.opened_at is not None


def channel_facts() -> list[ChannelFacts]:
    """Return how each channel is."""
    health = {one.channel: one for one in ChannelHealth.objects.all()}
    queued = (
        OutboxMessage.objects.filter(status=MessageStatus.QUEUED)
        .values("channel")
        .annotate(n=Count("pk"), oldest=Min("created_at"))
    )
    waiting = {row["channel"]: (row["n"], row["oldest"]) for row in queued}
    return [
        ChannelFacts(
            channel, health.get(channel), _last_left(channel), *waiting.get(channel, (0, None))
        )
        for channel in Channel
    ]


def _last_left(channel: Channel) -> datetime | None:
    """Return when a message left last; of the newest ones, which a walk down the key finds."""
    left = OutboxMessage.objects.filter(Q(status__in=LEFT), channel=channel).order_by("-id")
    return left.values_list("sent_at", flat=True).first()
