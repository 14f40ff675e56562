"""Clients of Amazon's services as this app uses them: typed, impatient, and never retrying.

A request that is sent again by the client library is a second code on someone's phone, so retries
are off: the outbox alone decides what is sent again.
"""

from functools import lru_cache
from typing import Any, Final, Protocol, TypedDict, cast

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ParamValidationError,
    ReadTimeoutError,
    SSLError,
)
from django.conf import settings

from core.notifications.channels.base import (
    DeliveryError,
    OutcomeUnknownError,
    PermanentRefusalError,
    TransientRefusalError,
)

CONNECT_SECONDS: Final = 3
READ_SECONDS: Final = 5


class EmailReceipt(TypedDict):
    """What SES answers."""

    MessageId: str


class TextReceipt(TypedDict):
    """What End User Messaging answers."""

    MessageId: str


class CallReceipt(TypedDict):
    """What Connect answers."""

    ContactId: str


class ContactAttributes(TypedDict):
    """What Connect says of a contact's attributes."""

    Attributes: dict[str, str]


class Contact(TypedDict, total=False):
    """The part of Connect's description of a contact that is read."""

    DisconnectTimestamp: object
    DisconnectReason: str


class ContactDescription(TypedDict):
    """What Connect answers when a contact is described."""

    Contact: Contact


class EmailClient(Protocol):
    """The part of the `sesv2` client that is used."""

    def get_email_identity(self, **request: Any) -> dict[str, Any]:
        """Return how an address or domain stands."""

    def send_email(self, **request: Any) -> EmailReceipt:
        """Send one mail."""


class TextClient(Protocol):
    """The part of the `pinpoint-sms-voice-v2` client that is used."""

    def describe_phone_numbers(self, **request: Any) -> dict[str, Any]:
        """Return the account's numbers, a page at a time."""

    def describe_pools(self, **request: Any) -> dict[str, Any]:
        """Return the account's pools of numbers."""

    def send_text_message(self, **request: Any) -> TextReceipt:
        """Send one text message."""


class CallClient(Protocol):
    """The part of the `connect` client that is used."""

    def describe_contact_flow(self, **request: Any) -> dict[str, Any]:
        """Return a contact flow."""

    def start_outbound_voice_contact(self, **request: Any) -> CallReceipt:
        """Start one call."""

    def get_contact_attributes(self, **request: Any) -> ContactAttributes:
        """Return the attributes of a contact, as its flow left them."""

    def describe_contact(self, **request: Any) -> ContactDescription:
        """Return where a contact stands."""


class TopicClient(Protocol):
    """The part of the `sns` client that is used."""

    def publish(self, **request: Any) -> TextReceipt:
        """Send one text message."""

    def confirm_subscription(self, **request: Any) -> object:
        """Confirm a subscription to a topic."""


@lru_cache(maxsize=8)
def _client(service: str, region: str) -> Any:
    # A session of its own: boto3's default one is shared and not safe to make clients with in
    # several threads at once. Clients themselves are.
    return boto3.session.Session().client(
        cast("Any", service),
        region_name=region,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": 1, "mode": "standard"},
        ),
    )


def email_client() -> EmailClient:
    """Return the client of Amazon SES."""
    return cast("EmailClient", _client("sesv2", settings.AWS_REGION))


def text_client() -> TextClient:
    """Return the client of AWS End User Messaging."""
    return cast("TextClient", _client("pinpoint-sms-voice-v2", settings.AWS_REGION))


def call_client() -> CallClient:
    """Return the client of Amazon Connect."""
    return cast("CallClient", _client("connect", settings.AWS_REGION))


def topic_client() -> TopicClient:
    """Return the client of Amazon SNS."""
    return cast("TopicClient", _client("sns", settings.AWS_REGION))


# Refusals that are about the account, its rights or its rate, and not about this message: the
# message waits until someone has put that right.
_PASSING_CODES: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AccountSuspendedException",
        "ConfigurationSetDoesNotExist",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "KMSThrottling",
        "LimitExceededException",
        "MailFromDomainNotVerifiedException",
        "NotFoundException",
        "OptInRequired",
        "RequestExpired",
        "RequestLimitExceeded",
        "ResourceNotFoundException",
        "SendingPausedException",
        "ServiceQuotaExceededException",
        "SignatureDoesNotMatch",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "UnrecognizedClientException",
    }
)
# Of these, the ones that are about the sender or the configuration of one contract: they say
# nothing of the channel as others use it.
_NOT_THE_CHANNEL: Final = frozenset(
    {
        "ConfigurationSetDoesNotExist",
        "MailFromDomainNotVerifiedException",
        "NotFoundException",
        "ResourceNotFoundException",
    }
)
# The request never left, or no connection stood over which it could have.
_NOTHING_LEFT: Final = (ConnectTimeoutError, EndpointConnectionError)
# The request may have arrived, and its answer is lost.
_ANSWER_LOST: Final = (ReadTimeoutError, ConnectionClosedError, HTTPClientError, SSLError)


def outcome_of(error: BotoCoreError | ClientError) -> DeliveryError:
    """Return what a client's error means for the message; quotes no parameter of the request."""
    if isinstance(error, ClientError):
        return _refusal(error)
    name = type(error).__name__
    if isinstance(error, _NOTHING_LEFT):
        return TransientRefusalError(name)
    if isinstance(error, ParamValidationError):
        return PermanentRefusalError(name)
    if isinstance(error, _ANSWER_LOST):
        return OutcomeUnknownError(name)
    # What is left fails before the request is sent: credentials, region, endpoint.
    return TransientRefusalError(name)


def _refusal(error: ClientError) -> DeliveryError:
    code = str(error.response.get("Error", {}).get("Code", "unknown"))[:80]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _PASSING_CODES or status == 429:
        return TransientRefusalError(
            code, of_channel=code not in _NOT_THE_CHANNEL, retry_after=_retry_after(error)
        )
    if 400 <= status < 500:
        return PermanentRefusalError(code)
    # A server's fault comes after it took the request in; what became of it, it does not say.
    return OutcomeUnknownError(code)


def _retry_after(error: ClientError) -> float | None:
    """Return the seconds that the service asks to wait; dates are left to the back-off."""
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    text = str(headers.get("retry-after", ""))
    return float(text) if text.isascii() and text.isdigit() else None
