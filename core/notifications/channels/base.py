"""What every channel is, and the three ways in which handing over can go wrong."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol, runtime_checkable

from django.conf import settings
from django.utils.module_loading import import_string

from core.notifications.kinds import Rendered
from tenants import registry


@dataclass(frozen=True)
class Sender:
    """In whose name a message goes out; `number` is that of texts and calls."""

    name: str
    address: str
    reply_to: str = ""
    number: str = ""


@dataclass(frozen=True)
class ChannelReceipt:
    """The provider's own name for what it took."""

    reference: str


class DeliveryError(Exception):
    """Handing over failed. `reason` is a short code without addresses, texts or secrets.

    `of_channel` says that the way itself is in trouble, and not this message or its sender: such
    failures open the channel's breaker. `retry_after` is what the provider asked for, in seconds.
    """

    def __init__(
        self, reason: str, *, of_channel: bool = True, retry_after: float | None = None
    ) -> None:
        self.reason = reason
        self.of_channel = of_channel
        self.retry_after = retry_after
        super().__init__(reason)


class PermanentRefusalError(DeliveryError):
    """The provider will never take this message (a bad address, a blocked number).

    `bad_address` says that there is no such mailbox: the address is suppressed.
    """

    def __init__(self, reason: str, *, bad_address: bool = False) -> None:
        self.bad_address = bad_address
        super().__init__(reason, of_channel=False)


class TransientRefusalError(DeliveryError):
    """The provider certainly did not take it, and may later (throttled, not reachable)."""


class OutcomeUnknownError(DeliveryError):
    """The request left, and no answer says whether the message was taken."""


class MessageChannel(Protocol):
    """Hands one message over."""

    repeats_safely: bool
    """Whether the provider knows a request with the same reference again and acts on it once."""

    def send(self, rendered: Rendered, *, sender: Sender, reference: str) -> ChannelReceipt:
        """Hand over once, without retries of its own; return when the provider has taken it.

        `reference` is the outbox row's id, which the provider is given as a tag. Raises
        PermanentRefusalError, TransientRefusalError or OutcomeUnknownError. Waits at most five
        seconds to connect and for each answer, and less than 30 seconds in all, so that a row in
        hand for a minute belongs to nobody any more.
        """


@dataclass(frozen=True)
class CallReading:
    """What the provider says of a call: whose message it is, what was entered, how it ended."""

    message: str
    entered: str = field(default="", repr=False)
    ended: str = ""


@runtime_checkable
class CallReader(Protocol):
    """A channel whose calls are read back at the provider."""

    def read_call(self, reference: str) -> CallReading:
        """Return what became of a call that this channel started, by the provider's name for it.

        Raises DeliveryError when the provider does not say.
        """


@lru_cache(maxsize=16)
def _channel(path: str) -> MessageChannel:
    channel: MessageChannel = import_string(path)()
    return channel


def get_channel(name: str) -> MessageChannel:
    """Return the channel for `email`, `sms` or `voice`.

    That of the provider which the deployment's document names, unless the settings name a channel
    themselves, as they do for a portal on one machine.
    """
    local = settings.PORTAL_CHANNELS.get(name)
    if local is not None:
        return _channel(local)
    provider = registry.get_deployment().channels.of(name).provider
    return _channel(settings.PORTAL_PROVIDERS[provider])
