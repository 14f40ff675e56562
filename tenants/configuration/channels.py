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


Budget = Annotated[WholeNumber, Field(ge=0, le=10_000_000)] | None


class EmailChannel(Section):
    """Mail: links, notices, and codes where a contract allows them by e-mail."""

    provider: Literal["amazon_ses"] = "amazon_ses"
    senders: tuple[EmailAddress, ...] = ()
    """Addresses that the provider has verified; none: those of the brands, which then must be."""
    monthly_budget_dollars: Budget = None
    """What a calendar month may cost in US dollars; without one nobody is warned."""


class TextChannel(Section):
    """Text messages: one-time codes."""

    provider: Literal["aws_end_user_messaging"] = "aws_end_user_messaging"
    senders: tuple[Annotated[str, AfterValidator(_origination)], ...] = ()
    """Numbers, short codes or pools, the first of which is used; none: AWS_SMS_ORIGINATION's."""
    monthly_budget_dollars: Budget = None
    """What a calendar month may cost in US dollars; without one nobody is warned."""


class VoiceChannel(Section):
    """Calls: one-time codes for people without a mobile phone."""

    provider: Literal["amazon_connect"] = "amazon_connect"
    senders: tuple[Annotated[str, AfterValidator(_number)], ...] = ()
    """Numbers that are shown to who is called; none: AWS_CONNECT_SOURCE_NUMBER's."""
    monthly_budget_dollars: Budget = None
    """What a calendar month may cost in US dollars; without one nobody is warned."""


class ChannelsSection(Section):
    """The providers that carry messages in production. A local portal shows them on a page."""

    email: EmailChannel = EmailChannel()
    sms: TextChannel = TextChannel()
    voice: VoiceChannel = VoiceChannel()
