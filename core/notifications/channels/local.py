"""The local channel: a mailbox and a telephone on this machine. Never imported in production."""

from uuid import UUID

from core.common.clock import now
from core.notifications.channels.base import ChannelReceipt, Sender
from core.notifications.kinds import Rendered
from core.notifications.models import LocalMessage, OutboxMessage
from core.notifications.states import CallState, Channel


class LocalMailbox:
    """Delivers into the table that the outbox pages show."""

    repeats_safely = False

    def send(self, rendered: Rendered, *, sender: Sender, reference: str) -> ChannelReceipt:
        """Put the message into the mailbox; a call starts to ring."""
        row = OutboxMessage.objects.only("channel", "created_at").get(id=UUID(reference))
        prompt = rendered.voice
        delivered = LocalMessage.objects.create(
            message_id=row.id,
            channel=row.channel,
            to=rendered.to,
            sender=_shown(sender, row.channel),
            subject=rendered.subject,
            text=prompt.text if prompt else rendered.text,
            html=rendered.html,
            code=rendered.code,
            link=rendered.link,
            created_at=row.created_at,
            sent_at=now(),
            call_state=CallState.RINGING if row.channel == Channel.VOICE else "",
            expect=prompt.expect if prompt else "",
        )
        return ChannelReceipt(reference=str(delivered.id))


def _shown(sender: Sender, channel: str) -> str:
    """Return the sender as a mailbox shows it; a telephone knows the name alone."""
    return f"{sender.name} <{sender.address}>" if channel == Channel.EMAIL else sender.name
