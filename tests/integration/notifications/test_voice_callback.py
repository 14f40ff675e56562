"""The signed word that a call has something to read: it makes us look, and no more."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from pytest_django import Settings

from core.common.clock import now
from core.common.ids import uuid7
from core.notifications import callbacks
from core.notifications.signatures import HEADER, sign

pytestmark = pytest.mark.django_db
SECRET = "s" * 40
URL = "/callbacks/voice/"
CALL = uuid7()


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> list[UUID]:
    """The calls that were looked at; the provider has it that the keys of `CALL` are right."""
    settings.PORTAL_VOICE_CALLBACK_SECRET = SECRET
    seen: list[UUID] = []

    def look(*, message_id: UUID, clock: Any, now: bool) -> bool:
        assert now
        seen.append(message_id)
        return message_id == CALL

    monkeypatch.setattr(callbacks, "look_at_call", look)
    return seen


def report(
    client: Client,
    content: object,
    *,
    secret: str = SECRET,
    at: datetime | None = None,
) -> Any:
    body = json.dumps(content).encode()
    return post(client, body, sign(body, secret=secret, at=at or now()))


def post(client: Client, body: bytes, signature: str) -> Any:
    return client.post(URL, data=body, content_type="application/json", headers={HEADER: signature})


def test_the_answer_is_what_the_provider_says(client: Client, looks: list[UUID]) -> None:
    other = uuid7()
    assert report(client, {"message": str(CALL)}).json() == {"accepted": True}
    assert report(client, {"message": str(other)}).json() == {"accepted": False}
    assert looks == [CALL, other]


def test_keys_in_the_report_are_not_believed(client: Client, looks: list[UUID]) -> None:
    """The naive way took `digits` from whoever knew the secret."""
    content = {"message": str(uuid7()), "digits": "#", "accepted": True}
    assert report(client, content).json() == {"accepted": False}


@pytest.mark.parametrize("wrong", ["t" * 40, ""])
def test_a_wrong_signature_is_refused(client: Client, looks: list[UUID], wrong: str) -> None:
    assert report(client, {"message": str(CALL)}, secret=wrong).status_code == 401
    assert looks == []


def test_an_unconfigured_portal_refuses_every_report(
    client: Client, looks: list[UUID], settings: Settings
) -> None:
    settings.PORTAL_VOICE_CALLBACK_SECRET = ""
    assert report(client, {"message": str(CALL)}, secret="").status_code == 401
    assert looks == []


def test_an_unsigned_report_is_refused(client: Client, looks: list[UUID]) -> None:
    response = client.post(URL, data="{}", content_type="application/json")
    assert response.status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"message": "x"}', b'{"message": 7}', b"\xff", b'"text"']
)
def test_a_signed_body_that_is_no_report_is_named_so(
    client: Client, looks: list[UUID], body: bytes
) -> None:
    assert post(client, body, sign(body, secret=SECRET, at=now())).status_code == 400


def test_a_report_that_is_too_long_is_not_read(client: Client, looks: list[UUID]) -> None:
    assert report(client, {"message": str(CALL), "more": "x" * 2000}).status_code == 401


def test_only_post_is_answered(client: Client, looks: list[UUID]) -> None:
    assert client.get(URL).status_code == 405
