"""Providers that hang, break, throttle, and lose their answer, over a real line.

End User Messaging and Connect are not in moto: a scripted server answers in their place, and the
real client with its real limits asks it.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from core.notifications import kinds
from core.notifications.channels import aws_clients
from core.notifications.kinds import MessageKind, Rendered, VoicePrompt
from core.notifications.models import CallWatch, OutboxMessage
from core.notifications.selectors import list_down_channels
from core.notifications.services.delivery import deliver_message
from core.notifications.services.settling import Outcome
from core.notifications.services.sweeping import sweep
from core.notifications.services.watching import look_at_calls
from core.notifications.states import MessageStatus
from tests.integration.notifications.conftest import AT, Clock, Minter, put
from tests.support.naive import fails_with
from tests.support.providers import CLOSE, HANG, Reply, ScriptedProvider, scripted_provider

pytestmark = pytest.mark.django_db
PHONE = "+13045550123"
CONTACT = Reply(json.dumps({"ContactId": "contact-1"}))
TAKEN = {"sample_link": Reply('{"MessageId": "m-1"}'), "sample_code": Reply('{"MessageId": "m-1"}')}


@pytest.fixture
def provider(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, announced: list[UUID], minter: Minter
) -> Iterator[ScriptedProvider]:
    """All of Amazon's services at one scripted address; an answer is waited for half a second."""
    with scripted_provider() as scripted:
        monkeypatch.setenv("AWS_ENDPOINT_URL", scripted.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        monkeypatch.setattr(aws_clients, "READ_SECONDS", 0.5)
        settings.PORTAL_CHANNELS = {}
        settings.AWS_CONNECT_INSTANCE_ID = "instance-1"
        settings.AWS_CONNECT_CONTACT_FLOW_ID = "flow-1"
        settings.AWS_CONNECT_SOURCE_NUMBER = "+18005550100"
        aws_clients._client.cache_clear()
        yield scripted
        aws_clients._client.cache_clear()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch, minter: Minter) -> list[str]:
    """What the kind of call `sample_ring` heard; it accepts the pound key."""
    keys: list[str] = []

    def on_keys(subject_id: UUID, digits: str, at: Any) -> bool:
        keys.append(digits)
        return digits == "#"

    kind = MessageKind(
        name="sample_ring",
        channel="voice",
        at_most_once=True,
        prepare=lambda message, at: Rendered(
            to=message.to, subject="", text="", voice=VoicePrompt("Press pound.")
        ),
        on_keys=on_keys,
    )
    monkeypatch.setattr(kinds, "_kinds", {**kinds._kinds, "sample_ring": kind})
    return keys


def put_phone(name: str) -> OutboxMessage:
    return put(name, to=PHONE, not_after=AT + timedelta(minutes=10))


def bodies(provider: ScriptedProvider) -> list[dict[str, Any]]:
    return [json.loads(body) for _, _, body in provider.requests if body]


@pytest.mark.parametrize("trouble", [HANG, CLOSE, Reply(status=500), Reply(status=503)])
def test_a_code_whose_answer_is_lost_is_never_sent_again_by_itself(
    provider: ScriptedProvider, clock: Clock, trouble: Reply | str
) -> None:
    message = put_phone("sample_code")
    provider.script = [trouble]
    reached = deliver_message(message_id=message.id, clock=clock)
    for _ in range(30):
        clock.forward(seconds=10)
        sweep(clock=clock)
    assert len(provider.requests) == 1
    assert reached == "unknown"


def test_asking_again_would_send_a_second_code(provider: ScriptedProvider, clock: Clock) -> None:
    """The naive way retries: two codes on one phone, and the second makes the first wrong."""

    def naive(_kind: MessageKind, reason: str, *, trouble: bool | None = None) -> Outcome:
        return Outcome(MessageStatus.QUEUED, failure=reason, trouble=trouble)

    fails_with(
        "core.notifications.services.delivery.lost_answer",
        naive,
        lambda: test_a_code_whose_answer_is_lost_is_never_sent_again_by_itself(
            provider, clock, CLOSE
        ),
        where="assert len(provider.requests) == 1",
    )


@pytest.mark.parametrize("trouble", [HANG, CLOSE, Reply(status=500)])
def test_a_link_whose_answer_is_lost_is_made_anew(
    provider: ScriptedProvider, clock: Clock, minter: Minter, trouble: Reply | str
) -> None:
    message = put("sample_link")
    provider.script = [trouble, TAKEN["sample_link"]]
    assert deliver_message(message_id=message.id, clock=clock) == "queued"
    clock.forward(seconds=10)
    sweep(clock=clock)
    message.refresh_from_db()
    assert (message.status, minter.minted) == ("sent", ["secret-1", "secret-2"])


@pytest.mark.parametrize("name", ["sample_link", "sample_code"])
def test_throttling_is_waited_for_as_long_as_it_asks(
    provider: ScriptedProvider, clock: Clock, name: str
) -> None:
    throttled = Reply(
        json.dumps({"__type": "TooManyRequestsException", "message": "slow down"}),
        status=429,
        headers={"Retry-After": "90", "x-amzn-ErrorType": "TooManyRequestsException"},
    )
    message = put(name, to=PHONE if name == "sample_code" else "dana@clinic.example.org")
    provider.script = [throttled, TAKEN[name]]
    assert deliver_message(message_id=message.id, clock=clock) == "queued"
    message.refresh_from_db()
    assert message.next_attempt_at == AT + timedelta(seconds=90)
    clock.forward(seconds=89)
    assert deliver_message(message_id=message.id, clock=clock) is None
    clock.forward(seconds=1)
    assert deliver_message(message_id=message.id, clock=clock) == "sent"


@pytest.mark.parametrize("lost", [HANG, CLOSE, Reply(status=500)])
def test_a_call_whose_answer_is_lost_is_asked_for_under_the_same_token(
    provider: ScriptedProvider, heard: list[str], clock: Clock, lost: Reply | str
) -> None:
    message = put_phone("sample_ring")
    provider.script = [lost, CONTACT]
    assert deliver_message(message_id=message.id, clock=clock) == "unknown"
    clock.forward(seconds=10)
    sweep(clock=clock)
    message.refresh_from_db()
    assert (message.status, message.provider_reference) == ("sent", "contact-1")
    tokens = [body["ClientToken"] for body in bodies(provider)]
    assert tokens == [str(message.id)] * 2


def test_the_keys_of_a_call_are_read_at_the_provider(
    provider: ScriptedProvider, heard: list[str], clock: Clock
) -> None:
    message = put_phone("sample_ring")
    provider.script = [CONTACT]
    deliver_message(message_id=message.id, clock=clock)
    attributes = {"message": str(message.id), "entered": "#"}
    provider.script = [
        Reply(json.dumps({"Contact": {"Id": "contact-1"}})),
        Reply(json.dumps({"Attributes": attributes})),
    ]
    clock.forward(seconds=3)
    look_at_calls(clock=clock)
    assert heard == ["#"]
    paths = [path for _, path, _ in provider.requests[1:]]
    assert paths == [
        "/contacts/instance-1/contact-1",
        "/contact/attributes/instance-1/contact-1",
    ]
    assert CallWatch.objects.get().closed_at == clock.at


def test_a_provider_that_hangs_is_left_alone_after_five(
    provider: ScriptedProvider, clock: Clock
) -> None:
    provider.script = [HANG] * 5
    waiting = [put_phone("sample_code") for _ in range(9)]
    results = [deliver_message(message_id=one.id, clock=clock) for one in waiting]
    assert results == ["unknown"] * 5 + ["queued"] * 4
    assert len(provider.requests) == 5
    assert list_down_channels() == {"sms"}
    clock.forward(seconds=30)
    provider.script = [HANG]
    assert deliver_message(message_id=waiting[-1].id, clock=clock) == "unknown"
    clock.forward(seconds=60)
    provider.script = [TAKEN["sample_code"]]
    assert deliver_message(message_id=waiting[-2].id, clock=clock) == "sent"
    assert list_down_channels() == frozenset()


def test_the_limits_are_five_seconds_at_most() -> None:
    assert aws_clients.CONNECT_SECONDS <= 5
    assert aws_clients.READ_SECONDS <= 5
