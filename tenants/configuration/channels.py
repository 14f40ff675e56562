"""Which provider carries what leaves the deployment, from which senders, and for how much."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from tenants.configuration.values import EmailAddress, Section, WholeNumber

_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")
_ORIGINATION = re.compile(r"\+[1-9][0-9]{7,14}|[0-9]{5,6}|(pool|sender|phone)-[A-Za-z0-9]{8,64}")


def _number(value: str) -> str:
    if not _NUMBER.fullmatch(value):
        raise ValueError("A number of ours is written with country code, such as +13045550100.")
    return value


def _origination(value: str) -> str:
    if not _ORIGINATION.fullmatch(value):
        raise ValueError(
            "A sender of texts is a number such as +13045550100, a short code of five or six "
            "digits, or a pool such as pool-0123456789abcdef."
        )
    return value


Price = Annotated[WholeNumber, Field(ge=1, le=1_000_000)]
Budget = Annotated[WholeNumber, Field(ge=0, le=10_000_000)] | None


class EmailChannel(Section):
    """Mail: links, notices, and codes where a contract allows them by e-mail."""

    provider: Literal["amazon_ses", "smtp"] = "amazon_ses"
    senders: tuple[EmailAddress, ...] = ()
    """Addresses that the provider has verified; none: those of the brands, which then must be."""
    cents_per_thousand: Price = 10
    """What a thousand mails cost, in US cents; the budget is reckoned by it."""
    monthly_budget_dollars: Budget = None
    """What a calendar month may cost in US dollars; without one nobody is warned."""


class TextChannel(Section):
    """Text messages: one-time codes."""

    provider: Literal["aws_end_user_messaging", "amazon_sns"] = "aws_end_user_messaging"
    senders: tuple[Annotated[str, AfterValidator(_origination)], ...] = ()
    """Numbers, short codes or pools, the first of which is used; none: AWS_SMS_ORIGINATION's."""
    cents_per_thousand: Price = 800
    """What a thousand texts cost, in US cents, with the carriers' fees."""
    monthly_budget_dollars: Budget = None
    """What a calendar month may cost in US dollars; without one nobody is warned."""


class VoiceChannel(Section):
    """Calls: one-time codes for people without a mobile phone."""

    provider: Literal["amazon_connect"] = "amazon_connect"
    senders: tuple[Annotated[str, AfterValidator(_number)], ...] = ()
    """Numbers that are shown to who is called; none: AWS_CONNECT_SOURCE_NUMBER's."""
    cents_per_thousand: Price = 6000
    """What a thousand calls cost, in US cents."""
    monthly_budget_dollars: Budget = None
    """What a calendar month may cost in US dollars; without one nobody is warned."""


class ChannelsSection(Section):
    """The providers that carry messages in production. A local portal shows them on a page."""

    email: EmailChannel = EmailChannel()
    sms: TextChannel = TextChannel()
    voice: VoiceChannel = VoiceChannel()
    alarm_to: EmailAddress | None = None
    """Who is told of the budget; without one the first support contact that has an address."""

    def of(self, channel: str) -> EmailChannel | TextChannel | VoiceChannel:
        """Return what is said about one way: "email", "sms" or "voice"."""
        ways: dict[str, EmailChannel | TextChannel | VoiceChannel] = {
            "email": self.email,
            "sms": self.sms,
            "voice": self.voice,
        }
        return ways[channel]


class ContractBudget(Section):
    """What a contract's messages of a calendar month may cost in US dollars, by each way.

    Codes, links and security notices always go out. Past the budget what is a courtesy stays
    behind. Somebody is told at four fifths of it and at its end.
    """

    email: Budget = None
    """Mails of a calendar month, in US dollars. Without a figure nobody is warned."""
    sms: Budget = None
    """Text messages of a calendar month, in US dollars. Without a figure nobody is warned."""
    voice: Budget = None
    """Calls of a calendar month, in US dollars. Without a figure nobody is warned."""


class ContractChannelsSection(Section):
    """The contract's part in mail, text messages and calls. Their sender is `brand.sender_*`."""

    monthly_budget_dollars: ContractBudget = ContractBudget()
    """What the contract's messages of a calendar month may cost. Codes, links and security notices
    always go out."""
    alarm_to: EmailAddress | None = None
    """Who is told of the budget; without one the first support contact that has an address."""
