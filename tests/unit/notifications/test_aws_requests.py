"""The requests to Amazon, checked against botocore's own models of its services."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber
from pytest_django import Settings

from core.notifications.channels import aws, aws_clients
from core.notifications.channels.base import (
    DeliveryError,
    OutcomeUnknownError,
    PermanentRefusalError,
    Sender,
    TransientRefusalError,
)
from core.notifications.kinds import Rendered, VoicePrompt

MakeStubber = Callable[[str], Stubber]
Way = tuple[type[Any], str, str, Rendered]
CLIENTS = {
    "sesv2": "email_client",
    "pinpoint-sms-voice-v2": "text_client",
    "connect": "call_client",
}
REFERENCE = "019a0000-0000-7000-8000-000000000001"
SENDER = Sender(name="Sample Portal", address="portal@example.org", reply_to="help@example.org")
MAIL = Rendered(to="dana@example.org", subject="A link", text="Follow it", html="<p>Follow it</p>")
TEXT = Rendered(to="+13045550123", subject="", text="Your code is 482913", life_seconds=300)
CALL = Rendered(to="+13045550123", subject="", text="", voice=VoicePrompt("Press pound."))


@pytest.fixture(autouse=True)
def _configured(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.AWS_REGION = "us-east-1"
    settings.AWS_SES_CONFIGURATION_SET = "portal"
    settings.AWS_SMS_ORIGINATION = "+18005550100"
    settings.AWS_CONNECT_INSTANCE_ID = "instance-1"
    settings.AWS_CONNECT_CONTACT_FLOW_ID = "flow-1"
    settings.AWS_CONNECT_SOURCE_NUMBER = "+18005550100"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    aws_clients._client.cache_clear()
    yield
    aws_clients._client.cache_clear()


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> MakeStubber:
    """A real client of a service whose answers are given; its model checks what it is asked."""

    def make(service: str) -> Stubber:
        client = boto3.session.Session().client(cast("Any", service), region_name="us-east-1")
        stubber = Stubber(client)
        stubber.activate()
        monkeypatch.setattr(aws_clients, CLIENTS[service], lambda: client)
        return stubber

    return make


def test_mail_goes_to_ses_as_its_model_wants_it(stubbed: MakeStubber) -> None:
    stubber = stubbed("sesv2")
    stubber.add_response(
        "send_email",
        {"MessageId": "ses-1"},
        {
            "FromEmailAddress": "Sample Portal <portal@example.org>",
            "Destination": {"ToAddresses": ["dana@example.org"]},
            "ReplyToAddresses": ["help@example.org"],
            "Content": {
                "Simple": {
                    "Subject": {"Data": "A link", "Charset": "UTF-8"},
                    "Body": {
                        "Text": {"Data": "Follow it", "Charset": "UTF-8"},
                        "Html": {"Data": "<p>Follow it</p>", "Charset": "UTF-8"},
                    },
                    "Headers": [{"Name": "Auto-Submitted", "Value": "auto-generated"}],
                }
            },
            "EmailTags": [{"Name": "message", "Value": REFERENCE}],
            "ConfigurationSetName": "portal",
        },
    )
    receipt = aws.SimpleEmailService().send(MAIL, sender=SENDER, reference=REFERENCE)
    assert receipt.reference == "ses-1"
    stubber.assert_no_pending_responses()


def test_what_is_not_configured_is_left_out(settings: Settings) -> None:
    settings.AWS_SES_CONFIGURATION_SET = ""
    request = aws.email_request(MAIL, sender=Sender("Portal", "p@example.org"), reference="x")
    assert "ConfigurationSetName" not in request
    assert "ReplyToAddresses" not in request


def test_a_sender_name_beyond_ascii_is_encoded_for_the_header() -> None:
    sender = Sender(name="Programa de Salud Señal, Inc.", address="p@example.org")
    source = aws.email_request(MAIL, sender=sender, reference="x")["FromEmailAddress"]
    assert source.isascii()
    assert source.endswith("<p@example.org>")


def test_a_text_message_goes_out_as_the_model_wants_it(stubbed: MakeStubber) -> None:
    stubber = stubbed("pinpoint-sms-voice-v2")
    stubber.add_response(
        "send_text_message",
        {"MessageId": "sms-1"},
        {
            "DestinationPhoneNumber": "+13045550123",
            "OriginationIdentity": "+18005550100",
            "MessageBody": "Your code is 482913",
            "MessageType": "TRANSACTIONAL",
            "TimeToLive": 300,
            "Context": {"message": REFERENCE},
        },
    )
    receipt = aws.EndUserMessaging().send(TEXT, sender=SENDER, reference=REFERENCE)
    assert receipt.reference == "sms-1"
    stubber.assert_no_pending_responses()


def test_a_text_message_lives_no_shorter_than_the_service_allows() -> None:
    brief = Rendered(to="+13045550123", subject="", text="482913", life_seconds=2)
    assert aws.text_request(brief, sender=SENDER, reference="x")["TimeToLive"] == 5


def test_a_call_is_started_as_the_model_wants_it(stubbed: MakeStubber) -> None:
    stubber = stubbed("connect")
    stubber.add_response(
        "start_outbound_voice_contact",
        {"ContactId": "call-1"},
        {
            "DestinationPhoneNumber": "+13045550123",
            "ContactFlowId": "flow-1",
            "InstanceId": "instance-1",
            "SourcePhoneNumber": "+18005550100",
            "ClientToken": REFERENCE,
            "RingTimeoutInSeconds": 40,
            "Attributes": {
                "message": REFERENCE,
                "prompt": "Press pound.",
                "expect": "pound",
                "retry": "That was not it. Please listen to the message again.",
                "accepted": "Thank you. You can hang up now.",
            },
        },
    )
    receipt = aws.ConnectCalls().send(CALL, sender=SENDER, reference=REFERENCE)
    assert receipt.reference == "call-1"
    stubber.assert_no_pending_responses()


def test_a_call_without_words_is_refused() -> None:
    with pytest.raises(PermanentRefusalError):
        aws.ConnectCalls().send(TEXT, sender=SENDER, reference=REFERENCE)


REFUSALS = [
    ("MessageRejected", 400, PermanentRefusalError),
    ("BadRequestException", 400, PermanentRefusalError),
    ("TooManyRequestsException", 429, TransientRefusalError),
    ("SendingPausedException", 400, TransientRefusalError),
    ("AccessDeniedException", 403, TransientRefusalError),
    ("ExpiredTokenException", 403, TransientRefusalError),
    ("Whatever", 429, TransientRefusalError),
    ("InternalFailure", 500, OutcomeUnknownError),
    ("ServiceUnavailable", 503, OutcomeUnknownError),
]


@pytest.mark.parametrize(("code", "status", "outcome"), REFUSALS)
def test_what_a_refusal_means(
    stubbed: MakeStubber, code: str, status: int, outcome: type[DeliveryError]
) -> None:
    stubber = stubbed("sesv2")
    stubber.add_client_error(
        "send_email", service_error_code=code, service_message="dana", http_status_code=status
    )
    with pytest.raises(outcome) as refusal:
        aws.SimpleEmailService().send(MAIL, sender=SENDER, reference=REFERENCE)
    assert refusal.value.reason == code


TEXTS = (aws.EndUserMessaging, "pinpoint-sms-voice-v2", "send_text_message", TEXT)
CALLS = (aws.ConnectCalls, "connect", "start_outbound_voice_contact", CALL)
REFUSALS_BY_PHONE = [
    (TEXTS, "ThrottlingException", 400, TransientRefusalError),
    (TEXTS, "ConflictException", 409, PermanentRefusalError),
    (TEXTS, "InternalServerException", 500, OutcomeUnknownError),
    (CALLS, "DestinationNotAllowedException", 403, PermanentRefusalError),
    (CALLS, "LimitExceededException", 429, TransientRefusalError),
    (CALLS, "InternalServiceException", 500, OutcomeUnknownError),
]


@pytest.mark.parametrize(("way", "code", "status", "outcome"), REFUSALS_BY_PHONE)
def test_what_a_refusal_means_by_phone(
    stubbed: MakeStubber, way: Way, code: str, status: int, outcome: type[DeliveryError]
) -> None:
    channel, service, method, message = way
    stubbed(service).add_client_error(method, service_error_code=code, http_status_code=status)
    with pytest.raises(outcome):
        channel().send(message, sender=SENDER, reference=REFERENCE)


def test_clients_never_retry_and_never_wait_long() -> None:
    for client in (
        aws_clients.email_client(),
        aws_clients.text_client(),
        aws_clients.call_client(),
    ):
        config = cast("Any", client).meta.config
        assert config.retries["total_max_attempts"] == 1
        assert config.connect_timeout + config.read_timeout < 30
