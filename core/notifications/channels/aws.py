"""Amazon's channels: SES for mail, End User Messaging for text messages, Connect for calls."""

from email.utils import formataddr
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from core.notifications.channels import aws_clients
from core.notifications.channels.base import ChannelReceipt, PermanentRefusalError, Sender
from core.notifications.kinds import Rendered

_CHARSET: Final = "UTF-8"
_SHORTEST_LIFE: Final = 5
_RING_SECONDS: Final = 40


def _clean(request: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is not configured: the services refuse empty values."""
    return {name: value for name, value in request.items() if value not in ("", None, [])}


class SimpleEmailService:
    """Mail by Amazon SES."""

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

    def send(self, rendered: Rendered, *, sender: Sender, reference: str) -> ChannelReceipt:
        """Hand a text message to End User Messaging."""
        try:
            answer = aws_clients.text_client().send_text_message(
                **text_request(rendered, reference=reference)
            )
        except (BotoCoreError, ClientError) as error:
            raise aws_clients.outcome_of(error) from None
        return ChannelReceipt(reference=answer["MessageId"])


def text_request(rendered: Rendered, *, reference: str) -> dict[str, Any]:
    """Return the parameters of `SendTextMessage`; carriers drop it when its life is over."""
    life = rendered.life_seconds
    return _clean(
        {
            "DestinationPhoneNumber": rendered.to,
            "OriginationIdentity": settings.AWS_SMS_ORIGINATION,
            "MessageBody": rendered.text,
            "MessageType": "TRANSACTIONAL",
            "TimeToLive": max(life, _SHORTEST_LIFE) if life is not None else None,
            "Context": {"message": reference},
        }
    )


class ConnectCalls:
    """Calls by Amazon Connect. Its contact flow speaks the prompt, waits for the keys and reports
    them to `/callbacks/voice/` (docs/howto/add-a-channel.md)."""

    def send(self, rendered: Rendered, *, sender: Sender, reference: str) -> ChannelReceipt:
        """Ask Connect to call."""
        try:
            answer = aws_clients.call_client().start_outbound_voice_contact(
                **call_request(rendered, reference=reference)
            )
        except (BotoCoreError, ClientError) as error:
            raise aws_clients.outcome_of(error) from None
        return ChannelReceipt(reference=answer["ContactId"])


def call_request(rendered: Rendered, *, reference: str) -> dict[str, Any]:
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
            "SourcePhoneNumber": settings.AWS_CONNECT_SOURCE_NUMBER,
            "ClientToken": reference,
            "RingTimeoutInSeconds": _RING_SECONDS,
            "Attributes": {
                "message": reference,
                "prompt": prompt.text,
                "expect": prompt.expect,
                "retry": prompt.retry_text,
                "accepted": prompt.accepted_text,
            },
        }
    )
