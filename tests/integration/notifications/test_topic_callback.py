"""What Amazon SNS posts: believed when SNS has signed it, for topics that the settings name."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from pytest_django import Settings

from core.common import clock as real_clock
from core.notifications import callbacks
from core.notifications.channels.base import TransientRefusalError
from core.notifications.models import OutboxMessage, SuppressedAddress
from core.notifications.states import MessageStatus
from tests.integration.notifications.conftest import AT, Minter, put
from tests.support.topics import TOPIC, Signer, make_signer

pytestmark = pytest.mark.django_db
URL = "/callbacks/topic/"


@pytest.fixture(scope="module")
def signer() -> Signer:
    return make_signer(begins=AT - timedelta(days=1))


@pytest.fixture(autouse=True)
def confirmed(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    signer: Signer,
    minter: Minter,
    announced: list[UUID],
) -> list[tuple[str, str]]:
    """The subscriptions that were confirmed; the topic is named and the certificate at hand."""
    settings.AWS_EVENT_TOPICS = (TOPIC,)
    done: list[tuple[str, str]] = []
    monkeypatch.setattr(real_clock, "now", lambda: AT)
    monkeypatch.setattr(callbacks, "signing_certificate", lambda url: signer.pem)
    monkeypatch.setattr(
        callbacks, "confirm_subscription", lambda *, topic, token: done.append((topic, token))
    )
    return done


@pytest.fixture
def sent() -> OutboxMessage:
    message = put("sample_link")
    OutboxMessage.objects.filter(pk=message.pk).update(
        status=MessageStatus.SENT, sent_at=AT, provider_reference="ses-1", attempts=1
    )
    return message


def post(client: Client, body: bytes) -> Any:
    return client.post(URL, data=body, content_type="text/plain")


def bounce(message: OutboxMessage) -> str:
    recipient = {"emailAddress": message.to}
    part = {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [recipient],
        "timestamp": AT.isoformat(),
    }
    mail = {"messageId": "ses-1", "tags": {"message": [str(message.id)]}}
    return json.dumps({"eventType": "Bounce", "mail": mail, "bounce": part})


def test_a_bounce_is_taken_in(client: Client, signer: Signer, sent: OutboxMessage) -> None:
    response = post(client, signer.post(at=AT, Message=bounce(sent)))
    assert (response.status_code, response.json()) == (200, {"taken": True})
    sent.refresh_from_db()
    assert sent.status == "bounced"
    assert SuppressedAddress.objects.get().address == sent.to


def test_an_unsigned_bounce_stops_nobodys_mail(
    client: Client, signer: Signer, sent: OutboxMessage
) -> None:
    """The naive way takes the body as it comes."""
    forged = json.loads(signer.post(at=AT))
    forged["Message"] = bounce(sent)
    response = post(client, json.dumps(forged).encode())
    assert (response.status_code, response.json()) == (403, {"error": "notification"})
    sent.refresh_from_db()
    assert sent.status == "sent"
    assert not SuppressedAddress.objects.exists()


def test_a_subscription_of_a_named_topic_is_confirmed(
    client: Client, signer: Signer, confirmed: list[tuple[str, str]]
) -> None:
    body = signer.post(
        "SubscriptionConfirmation", at=AT, Token="t-1", SubscribeURL="https://example.org/"
    )
    assert post(client, body).status_code == 200
    assert confirmed == [(TOPIC, "t-1")]


@pytest.mark.parametrize("named", [(), ("arn:aws:sns:us-east-1:111122223333:another",)])
def test_a_subscription_of_another_topic_is_not(
    client: Client,
    signer: Signer,
    settings: Settings,
    confirmed: list[tuple[str, str]],
    named: tuple[str, ...],
) -> None:
    settings.AWS_EVENT_TOPICS = named
    body = signer.post("SubscriptionConfirmation", at=AT, Token="t", SubscribeURL="https://x/")
    assert post(client, body).status_code == 403
    assert confirmed == []


def test_the_end_of_a_subscription_is_heard_and_nothing_more(
    client: Client, signer: Signer, confirmed: list[tuple[str, str]]
) -> None:
    body = signer.post("UnsubscribeConfirmation", at=AT, Token="t", SubscribeURL="https://x/")
    assert post(client, body).json() == {"taken": False}
    assert confirmed == []


def test_what_is_no_report_is_answered_so_that_it_does_not_come_again(
    client: Client, signer: Signer
) -> None:
    assert post(client, signer.post(at=AT, Message="hello")).json() == {"taken": False}


def test_without_the_certificate_sns_is_asked_to_come_again(
    client: Client, signer: Signer, sent: OutboxMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(url: str) -> bytes:
        raise TransientRefusalError("TimeoutError")

    monkeypatch.setattr(callbacks, "signing_certificate", nothing)
    assert post(client, signer.post(at=AT, Message=bounce(sent))).status_code == 503


def test_a_report_that_is_faster_than_the_worker_comes_again(
    client: Client, signer: Signer, sent: OutboxMessage
) -> None:
    OutboxMessage.objects.filter(pk=sent.pk).update(
        status=MessageStatus.SENDING, claimed_at=AT, sent_at=None
    )
    assert post(client, signer.post(at=AT, Message=bounce(sent))).status_code == 503


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b"x" * 300_001])
def test_anything_else_is_refused(client: Client, body: bytes) -> None:
    assert post(client, body).status_code == 403


def test_only_post_is_answered(client: Client) -> None:
    assert client.get(URL).status_code == 405


def test_it_needs_no_cookie_and_no_form_token(signer: Signer, sent: OutboxMessage) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert post(strict, signer.post(at=AT, Message=bounce(sent))).status_code == 200
