"""The phone provider's reports: signed, fresh, and with an effect once."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from pytest_django import Settings

from core.common.clock import now
from core.common.ids import uuid7
from core.notifications import kinds
from core.notifications.kinds import MessageKind
from core.notifications.models import CallAnswer
from core.notifications.signatures import HEADER, sign
from tests.integration.notifications.conftest import Minter, put

pytestmark = pytest.mark.django_db
SECRET = "s" * 40
URL = "/callbacks/voice/"


@pytest.fixture
def heard(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, announced: list[UUID]
) -> list[tuple[UUID, str]]:
    """What the kind of call `sample_ring` heard; it accepts the pound key."""
    settings.PORTAL_VOICE_CALLBACK_SECRET = SECRET
    keys: list[tuple[UUID, str]] = []

    def on_keys(subject_id: UUID, digits: str, at: datetime) -> bool:
        keys.append((subject_id, digits))
        return digits == "#"

    kind = MessageKind(
        name="sample_ring",
        channel="voice",
        at_most_once=True,
        prepare=lambda message, at: None,
        on_keys=on_keys,
    )
    monkeypatch.setattr(kinds, "_kinds", {**kinds._kinds, "sample_ring": kind})
    return keys


def report(
    client: Client,
    message_id: UUID,
    digits: str = "#",
    *,
    secret: str = SECRET,
    at: datetime | None = None,
) -> Any:
    body = json.dumps({"message": str(message_id), "digits": digits}).encode()
    return post(client, body, sign(body, secret=secret, at=at or now()))


def post(client: Client, body: bytes, signature: str) -> Any:
    return client.post(URL, data=body, content_type="application/json", headers={HEADER: signature})


def test_right_keys_reach_the_kind(client: Client, heard: list[tuple[UUID, str]]) -> None:
    call = put("sample_ring", to="+13045550123")
    response = report(client, call.id)
    assert response.json() == {"accepted": True}
    assert heard == [(call.subject_id, "#")]


def test_wrong_keys_are_answered_and_can_be_tried_again(
    client: Client, heard: list[tuple[UUID, str]]
) -> None:
    call = put("sample_ring", to="+13045550123")
    assert report(client, call.id, "5").json() == {"accepted": False}
    assert report(client, call.id, "#").json() == {"accepted": True}
    assert [digits for _, digits in heard] == ["5", "#"]


def test_a_report_that_comes_again_has_no_effect_and_the_same_answer(
    client: Client, heard: list[tuple[UUID, str]]
) -> None:
    call = put("sample_ring", to="+13045550123")
    body = json.dumps({"message": str(call.id), "digits": "#"}).encode()
    signature = sign(body, secret=SECRET, at=now())
    answers = [post(client, body, signature).json() for _ in range(3)]
    assert answers == [{"accepted": True}] * 3
    assert len(heard) == 1


@pytest.mark.parametrize("wrong", ["t" * 40, ""])
def test_a_wrong_signature_is_refused(
    client: Client, heard: list[tuple[UUID, str]], wrong: str
) -> None:
    call = put("sample_ring", to="+13045550123")
    assert report(client, call.id, secret=wrong).status_code == 401
    assert heard == []
    assert not CallAnswer.objects.exists()


def test_an_unconfigured_portal_refuses_every_report(
    client: Client, heard: list[tuple[UUID, str]], settings: Settings
) -> None:
    settings.PORTAL_VOICE_CALLBACK_SECRET = ""
    call = put("sample_ring", to="+13045550123")
    assert report(client, call.id, secret="").status_code == 401
    assert heard == []


def test_an_unsigned_report_is_refused(client: Client, heard: list[tuple[UUID, str]]) -> None:
    response = client.post(URL, data="{}", content_type="application/json")
    assert response.status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"message": "x", "digits": "#"}', b"\xff", b'"text"']
)
def test_a_signed_body_that_is_no_report_is_named_so(
    client: Client, heard: list[tuple[UUID, str]], body: bytes
) -> None:
    assert post(client, body, sign(body, secret=SECRET, at=now())).status_code == 400


@pytest.mark.parametrize("digits", ["", "x", "1" * 21, "٣", "#\n"])
def test_what_no_keypad_can_enter_never_reaches_the_kind(
    client: Client, heard: list[tuple[UUID, str]], digits: str
) -> None:
    call = put("sample_ring", to="+13045550123")
    assert report(client, call.id, digits).json() == {"accepted": False}
    assert heard == []


def test_a_call_that_does_not_exist_is_not_told_apart(
    client: Client, heard: list[tuple[UUID, str]]
) -> None:
    assert report(client, uuid7()).json() == {"accepted": False}


def test_a_message_that_is_no_call_has_no_keys(
    client: Client, heard: list[tuple[UUID, str]], minter: Minter
) -> None:
    mail = put("sample_link")
    assert report(client, mail.id).json() == {"accepted": False}


def test_keys_are_not_stored(client: Client, heard: list[tuple[UUID, str]]) -> None:
    call = put("sample_ring", to="+13045550123")
    report(client, call.id, "482913")
    assert "482913" not in str(CallAnswer.objects.values().get())


def test_only_post_is_answered(client: Client, heard: list[tuple[UUID, str]]) -> None:
    assert client.get(URL).status_code == 405


def test_a_call_of_another_release_can_be_reported_again(
    client: Client, heard: list[tuple[UUID, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    call = put("sample_ring", to="+13045550123")
    body = json.dumps({"message": str(call.id), "digits": "#"}).encode()
    signature = sign(body, secret=SECRET, at=now())
    with monkeypatch.context() as patch:
        patch.setattr(kinds, "_kinds", {})
        assert post(client, body, signature).json() == {"accepted": False}
    assert post(client, body, signature).json() == {"accepted": True}
