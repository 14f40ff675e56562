"""What every channel is, and the three ways in which handing over can go wrong."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from core.notifications.kinds import Rendered


@dataclass(frozen=True)
class Sender:
    """In whose name a message goes out."""

    name: str
    address: str
    reply_to: str = ""


@dataclass(frozen=True)
class ChannelReceipt:
    """The provider's own name for what it took."""

    reference: str


class DeliveryError(Exception):
    """Handing over failed. `reason` is a short code without addresses, texts or secrets."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class PermanentRefusalError(DeliveryError):
    """The provider will never take this message (a bad address, a blocked number)."""


class TransientRefusalError(DeliveryError):
    """The provider certainly did not take it, and may later (throttled, not reachable)."""


class OutcomeUnknownError(DeliveryError):
    """The request left, and no answer says whether the message was taken."""


class MessageChannel(Protocol):
    """Hands one message over."""

    def send(self, rendered: Rendered, *, sender: Sender, reference: str) -> ChannelReceipt:
        """Hand over once, without retries of its own; return when the provider has taken it.

        `reference` is the outbox row's id, which the provider is given as a tag. Raises
        PermanentRefusalError, TransientRefusalError or OutcomeUnknownError; takes less than
        30 seconds in all, so that a row in hand for a minute belongs to nobody any more.
        """


@lru_cache(maxsize=16)
def _channel(path: str) -> MessageChannel:
    channel: MessageChannel = import_string(path)()
    return channel


def get_channel(name: str) -> MessageChannel:
    """Return the channel that the settings name for `email`, `sms` or `voice`."""
    return _channel(settings.PORTAL_CHANNELS[name])
