"""Amazon's channels: SES for mail, End User Messaging or SNS for texts, Connect for calls."""

from email.utils import formataddr
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from core.notifications.channels import aws_clients
from core.notifications.channels.base import (
    CallReading,
    ChannelReceipt,
    PermanentRefusalError,
    Sender,
)
from core.notifications.kinds import Rendered

_CHARSET: Final = "UTF-8"
_SHORTEST_LIFE: Final = 5
_RING_SECONDS: Final = 40
MESSAGE: Final = "message"
"""The contact's attribute that says whose call it is; set when the call is started."""
ENTERED: Final = "entered"
"""The contact's attribute in which the flow leaves the keys; never set from here."""


def _clean(request: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is not configured: the services refuse empty values."""
    return {name: value for name, value in request.items() if value not in ("", None, [])}


class SimpleEmailService:
    """Mail by Amazon SES."""

    repeats_safely = False

    def send(self, rendered: Rendered, *, sender: Sender, reference: str) -> ChannelReceipt:
        """Hand a mail to SES; it has taken it when it names it."""
        try:
            answer = aws_clients.email_client().send_email(
                **email_request(rendered, sender=sender, reference=reference)
            )
        except (BotoCoreError, ClientError) as error:
            # Without the cause: its text may quote what was sent.
            raise aws_clients.outcome_of(error) from None
        return ChannelReceipt(reference=answer["MessageId"])


def email_request(rendered: Rendered, *, sender: Sender, reference: str) -> dict[str, Any]:
    """Return the parameters of `SendEmail`."""
    body = {"Text": {"Data": rendered.text, "Charset": _CHARSET}}
    if rendered.html:
        body["Html"] = {"Data": rendered.html, "Charset": _CHARSET}
    return _clean(
        {
            "FromEmailAddress": formataddr((sender.name, sender.address), charset="utf-8"),
            "Destination": {"ToAddresses": [rendered.to]},
            "ReplyToAddresses": [sender.reply_to] if sender.reply_to else [],
            "Content": {
                "Simple": {
                    "Subject": {"Data": rendered.subject, "Charset": _CHARSET},
                    "Body": body,
                    # So that no out-of-office note answers a portal (RFC 3834).
                    "Headers": [{"Name": "Auto-Submitted", "Value": "auto-generated"}],
                }
            },
            "EmailTags": [{"Name": "message", "Value": reference}],
            "ConfigurationSetName": settings.AWS_SES_CONFIGURATION_SET,
        }
    )


class EndUserMessaging:
    """Text messages by AWS End User Messaging."""

    repeats_safely = False

    def send(self, rendered: Rendered, *, sender: Sender, reference: str) -> ChannelReceipt:
        """Hand a text message to End User Messaging."""
        try:
            answer = aws_clients.text_client().send_text_message(
                **text_request(rendered, sender=sender, reference=reference)
            )
        except (BotoCoreError, ClientError) as error:
            raise aws_clients.outcome_of(error) from None
        return ChannelReceipt(reference=answer["MessageId"])


def text_request(rendered: Rendered, *, sender: Sender, reference: str) -> dict[str, Any]:
    """Return the parameters of `SendTextMessage`; carriers drop it when its life is over."""
    life = rendered.life_seconds
    return _clean(
        {
            "DestinationPhoneNumber": rendered.to,
            "OriginationIdentity": sender.number or settings.AWS_SMS_ORIGINATION,
            "MessageBody": rendered.text,
            "MessageType": "TRANSACTIONAL",
            "TimeToLive": max(life, _SHORTEST_LIFE) if life is not None else None,
            "ConfigurationSetName": settings.AWS_SMS_CONFIGURATION_SET,
            "Context": {MESSAGE: reference},
        }
    )


class SimpleNotificationTexts:
    """Text messages by Amazon SNS, for deployments without End User Messaging.

    SNS writes what became of a text to a log of its own and reports nothing to the portal.
    """

    repeats_safely = False

    def send(self, rendered: Rendered, *, sender: Sender, reference: str) -> ChannelReceipt:
        """Hand a text message to SNS."""
        try:
            answer = aws_clients.topic_client().publish(**publish_request(rendered, sender=sender))
        except (BotoCoreError, ClientError) as error:
            raise aws_clients.outcome_of(error) from None
        return ChannelReceipt(reference=answer["MessageId"])


def publish_request(rendered: Rendered, *, sender: Sender) -> dict[str, Any]:
    """Return the parameters of `Publish` to one telephone."""
    attributes = {"AWS.SNS.SMS.SMSType": "Transactional"}
    number = sender.number or settings.AWS_SMS_ORIGINATION
    if number:
        attributes["AWS.MM.SMS.OriginationNumber"] = number
    return {
        "PhoneNumber": rendered.to,
        "Message": rendered.text,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }


class ConnectCalls:
    """Calls by Amazon Connect. Its contact flow (docs/howto/connect-contact-flow.json) speaks the
    prompt, collects the keys and leaves them in the contact's attributes, where they are read."""

    repeats_safely = True

    def send(self, rendered: Rendered, *, sender: Sender, reference: str) -> ChannelReceipt:
        """Ask Connect to call; asked again with the same reference it makes no second call."""
        try:
            answer = aws_clients.call_client().start_outbound_voice_contact(
                **call_request(rendered, sender=sender, reference=reference)
            )
        except (BotoCoreError, ClientError) as error:
            raise aws_clients.outcome_of(error) from None
        return ChannelReceipt(reference=answer["ContactId"])

    def read_call(self, reference: str) -> CallReading:
        """Return what the contact's attributes say, and whether the call is over."""
        client, instance = aws_clients.call_client(), settings.AWS_CONNECT_INSTANCE_ID
        try:
            # First whether it is over, then what was entered: the other way round, what comes in
            # between is lost.
            contact = client.describe_contact(InstanceId=instance, ContactId=reference)["Contact"]
            attributes = client.get_contact_attributes(
                InstanceId=instance, InitialContactId=reference
            )["Attributes"]
        except (BotoCoreError, ClientError) as error:
            raise aws_clients.outcome_of(error) from None
        ended = ""
        if contact.get("DisconnectTimestamp") is not None:
            ended = contact.get("DisconnectReason") or "ended"
        return CallReading(
            message=attributes.get(MESSAGE, ""), entered=attributes.get(ENTERED, ""), ended=ended
        )


def call_request(rendered: Rendered, *, sender: Sender, reference: str) -> dict[str, Any]:
    """Return the parameters of `StartOutboundVoiceContact`.

    Connect knows a call by its client token, so that one message is one call whatever happens on
    the way. Raises PermanentRefusalError for a message that says nothing.
    """
    prompt = rendered.voice
    if prompt is None:
        raise PermanentRefusalError("no voice prompt")
    return _clean(
        {
            "DestinationPhoneNumber": rendered.to,
            "ContactFlowId": settings.AWS_CONNECT_CONTACT_FLOW_ID,
            "InstanceId": settings.AWS_CONNECT_INSTANCE_ID,
            "SourcePhoneNumber": sender.number or settings.AWS_CONNECT_SOURCE_NUMBER,
            "ClientToken": reference,
            "RingTimeoutInSeconds": _RING_SECONDS,
            "Attributes": {
                MESSAGE: reference,
                "prompt": prompt.text,
                "expect": prompt.expect,
                "retry": prompt.retry_text,
                "accepted": prompt.accepted_text,
            },
        }
    )
