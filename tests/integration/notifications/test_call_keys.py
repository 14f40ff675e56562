"""What was pressed in a call, once it is known: by the provider's word or the phone simulator's."""

from datetime import datetime
from uuid import UUID

import pytest

from core.common.ids import uuid7
from core.notifications import kinds
from core.notifications.kinds import MessageKind
from core.notifications.models import CallAnswer
from core.notifications.services.calls import KeysResult, report_keys
from tests.integration.notifications.conftest import AT, Minter, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch, announced: list[UUID]) -> list[tuple[UUID, str]]:
    """What the kind of call `sample_ring` heard; it accepts the pound key."""
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


def press(message_id: UUID, digits: str, *, report: bytes | None = None) -> KeysResult:
    return report_keys(message_id=message_id, digits=digits, report=report or uuid7().bytes, at=AT)


def test_right_keys_reach_the_kind(heard: list[tuple[UUID, str]]) -> None:
    call = put("sample_ring", to="+13045550123")
    assert not press(call.id, "5").accepted
    assert press(call.id, "#").accepted
    assert heard == [(call.subject_id, "5"), (call.subject_id, "#")]


def test_a_report_that_comes_again_has_no_effect_and_the_same_answer(
    heard: list[tuple[UUID, str]],
) -> None:
    call = put("sample_ring", to="+13045550123")
    answers = [press(call.id, "#", report=b"one") for _ in range(3)]
    assert [answer.accepted for answer in answers] == [True] * 3
    assert [answer.repeated for answer in answers] == [False, True, True]
    assert len(heard) == 1


@pytest.mark.parametrize("digits", ["", "x", "1" * 21, "٣", "#\n", "Timeout"])
def test_what_no_keypad_can_enter_never_reaches_the_kind(
    heard: list[tuple[UUID, str]], digits: str
) -> None:
    call = put("sample_ring", to="+13045550123")
    assert not press(call.id, digits).accepted
    assert heard == []


def test_a_call_that_does_not_exist_is_not_told_apart(heard: list[tuple[UUID, str]]) -> None:
    assert press(uuid7(), "#") == KeysResult(accepted=False)


def test_a_message_that_is_no_call_has_no_keys(
    heard: list[tuple[UUID, str]], minter: Minter
) -> None:
    assert press(put("sample_link").id, "#") == KeysResult(accepted=False)


def test_keys_are_not_stored(heard: list[tuple[UUID, str]]) -> None:
    call = put("sample_ring", to="+13045550123")
    press(call.id, "482913")
    assert "482913" not in str(CallAnswer.objects.values().get())


def test_a_call_of_another_release_can_be_reported_again(
    heard: list[tuple[UUID, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    call = put("sample_ring", to="+13045550123")
    with monkeypatch.context() as patch:
        patch.setattr(kinds, "_kinds", {})
        assert not press(call.id, "#", report=b"one").accepted
    assert press(call.id, "#", report=b"one").accepted
