"""Mail and texts by Amazon's client over HTTP, against moto's server."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import boto3
import pytest
from pytest_django import Settings

from core.notifications.channels import aws_clients, topics
from core.notifications.channels.base import TransientRefusalError
from core.notifications.models import OutboxMessage
from core.notifications.services.delivery import deliver_message
from core.notifications.states import MessageStatus
from tests.integration.notifications.conftest import Clock, Minter, put
from tests.support.providers import fetch, moto_server

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
SENDER = "no-reply@atrezzo.acentra.com"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture
def amazon(
    server: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, announced: list[UUID]
) -> Iterator[str]:
    """The channels of production, at moto's address, with nothing in it."""
    fetch(f"{server}/moto-api/reset", data=b"")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    settings.PORTAL_CHANNELS = {}
    settings.AWS_REGION = "us-east-1"
    settings.AWS_SES_CONFIGURATION_SET = ""
    aws_clients._client.cache_clear()
    yield server
    aws_clients._client.cache_clear()


def client(service: str, url: str) -> Any:
    return boto3.session.Session().client(  # type: ignore[call-overload]
        service, region_name="us-east-1", endpoint_url=url
    )


def mails(url: str) -> list[dict[str, Any]]:
    """Return what moto's SES took."""
    found = json.loads(fetch(f"{url}/moto-api/data.json")).get("ses", {})
    return list(found.get("Message", []))


def test_a_mail_is_taken(amazon: str, minter: Minter, clock: Clock) -> None:
    client("sesv2", amazon).create_email_identity(EmailIdentity=SENDER)
    message = put("sample_link")
    assert deliver_message(message_id=message.id, clock=clock) == "sent"
    message.refresh_from_db()
    assert message.provider_reference
    (taken,) = mails(amazon)
    assert "secret-1" in taken["body"]
    assert taken["destinations"] == {"ToAddresses": [message.to]}
    assert SENDER in taken["source"]


def test_a_sender_that_is_not_verified_is_refused(
    amazon: str, minter: Minter, clock: Clock
) -> None:
    message = put("sample_link")
    assert deliver_message(message_id=message.id, clock=clock) == "failed"
    assert mails(amazon) == []


def test_a_text_is_taken_by_sns(
    amazon: str, minter: Minter, clock: Clock, settings: Settings
) -> None:
    settings.PORTAL_CHANNELS = {"sms": "core.notifications.channels.aws.SimpleNotificationTexts"}
    message = put("sample_code", to="+13045550123")
    assert deliver_message(message_id=message.id, clock=clock) == "sent"
    stored = OutboxMessage.objects.get(pk=message.pk)
    assert (stored.status, bool(stored.provider_reference)) == (MessageStatus.SENT, True)


def test_a_subscription_is_confirmed_through_the_api(amazon: str) -> None:
    topic = client("sns", amazon).create_topic(Name="portal-mail")["TopicArn"]
    topics.confirm_subscription(topic=topic, token="t" * 40)


def test_a_subscription_that_cannot_be_confirmed_now_is_said_so(
    amazon: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    aws_clients._client.cache_clear()
    with pytest.raises(TransientRefusalError):
        topics.confirm_subscription(
            topic="arn:aws:sns:us-east-1:123456789012:nothing", token="t" * 40
        )
