"""The local outbox: what was delivered, for people and for programs, and a telephone."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from core.common.ids import uuid7
from core.notifications import kinds
from core.notifications.kinds import Expected, MessageKind, Prepare, Rendered, VoicePrompt
from core.notifications.models import LocalMessage, OutboxMessage
from core.notifications.services.delivery import deliver_message
from core.notifications.states import Channel
from tests.integration.notifications.conftest import AT, put

pytestmark = pytest.mark.django_db
LINK = "http://localhost:8000/wv-bh/l/abc/"


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, announced: list[UUID]) -> list[str]:
    """What the calls heard. Kinds: a mail, a text message, a # call and a call for digits."""
    heard: list[str] = []

    def on_keys(subject_id: UUID, digits: str, at: datetime) -> bool:
        heard.append(digits)
        return digits in {"#", "482913"}

    def mail(message: OutboxMessage, at: datetime) -> Rendered:
        return Rendered(
            to=message.to,
            subject="Confirm <your> registration",
            text=f"Follow {LINK}",
            html=f'<p style="color:red">Follow <a href="{LINK}">it</a></p>',
            link=LINK,
        )

    def text(message: OutboxMessage, at: datetime) -> Rendered:
        return Rendered(to=message.to, subject="", text="Your code is 482913", code="482913")

    def ring(expect: Expected) -> Prepare:
        prompt = VoicePrompt(text="This is the portal.", expect=expect)
        return lambda message, at: Rendered(to=message.to, subject="", text="", voice=prompt)

    table = {
        name: MessageKind(
            name=name, channel=way, at_most_once=True, prepare=prepare, on_keys=on_keys
        )
        for name, way, prepare in (
            ("sample_mail", Channel.EMAIL, mail),
            ("sample_text", Channel.SMS, text),
            ("sample_pound", Channel.VOICE, ring("pound")),
            ("sample_digits", Channel.VOICE, ring("digits")),
        )
    }
    monkeypatch.setattr(kinds, "_kinds", {**kinds._kinds, **table})
    return heard


def deliver(kind: str, *, to: str = "dana@example.org") -> LocalMessage:
    message = put(kind, to=to)
    assert deliver_message(message_id=message.id, clock=lambda: AT) == "sent"
    return LocalMessage.objects.get(message_id=message.id)


def press(client: Client, call: LocalMessage, digits: str) -> Any:
    return client.post(
        f"/outbox/{call.id}/keys", data={"digits": digits}, content_type="application/json"
    )


def test_the_list_for_programs(client: Client, keys: list[str]) -> None:
    first = deliver("sample_mail")
    second = deliver("sample_text", to="+13045550123")
    found = client.get("/outbox.json").json()
    assert [entry["id"] for entry in found] == [str(second.id), str(first.id)]
    assert set(found[0]) == {
        "id", "channel", "to", "subject", "body", "code", "link", "created_at", "sent_at"
    }  # fmt: skip
    assert (found[0]["channel"], found[0]["code"]) == ("sms", "482913")
    assert found[1]["link"] == LINK
    assert found[1]["created_at"] == AT.isoformat()


@pytest.mark.parametrize("asked", ["dana@example.org", "DANA@example.org", " dana@example.org "])
def test_the_list_of_one_person(client: Client, keys: list[str], asked: str) -> None:
    deliver("sample_mail")
    deliver("sample_mail", to="other@example.org")
    found = client.get("/outbox.json", {"to": asked}).json()
    assert [entry["to"] for entry in found] == ["dana@example.org"]


@pytest.mark.parametrize("query", ["to=%2B13045550123", "to=+13045550123"])
def test_the_list_of_one_phone(client: Client, keys: list[str], query: str) -> None:
    deliver("sample_text", to="+13045550123")
    assert len(client.get(f"/outbox.json?{query}").json()) == 1


def test_the_list_is_the_mailbox_and_not_the_outbox(client: Client, keys: list[str]) -> None:
    put("sample_mail")
    assert OutboxMessage.objects.count() == 1
    assert client.get("/outbox.json").json() == []


@pytest.mark.parametrize("to", ["\x00", "x" * 10_000, "%", "'"])
def test_an_odd_address_finds_nothing(client: Client, keys: list[str], to: str) -> None:
    deliver("sample_mail")
    expected = 1 if to == "\x00" else 0
    assert len(client.get("/outbox.json", {"to": to}).json()) == expected
    assert client.get("/outbox/", {"to": to}).status_code == 200


def test_the_page_shows_mails_and_text_messages(client: Client, keys: list[str]) -> None:
    deliver("sample_mail")
    deliver("sample_text", to="+13045550123")
    page = client.get("/outbox/").content.decode()
    assert "Confirm &lt;your&gt; registration" in page
    assert f'href="{LINK}"' in page
    assert "<strong>482913</strong>" in page
    assert "?to=%2B13045550123" in page


def test_the_page_of_one_person(client: Client, keys: list[str]) -> None:
    deliver("sample_mail")
    deliver("sample_text", to="+13045550123")
    page = client.get("/outbox/", {"to": "+13045550123"}).content.decode()
    assert "482913" in page
    assert "Confirm" not in page


def test_an_empty_outbox_says_so(client: Client, keys: list[str]) -> None:
    assert "Nothing has been sent yet" in client.get("/outbox/").content.decode()


def test_the_page_asks_for_news_and_gets_none(client: Client, keys: list[str]) -> None:
    deliver("sample_mail")
    version = client.get("/outbox/").context["mailbox"].version
    assert client.get("/outbox/messages", {"seen": version}).status_code == 204
    deliver("sample_text", to="+13045550123")
    news = client.get("/outbox/messages", {"seen": version})
    assert news.status_code == 200
    assert "482913" in news.content.decode()
    assert "<html" not in news.content.decode()


def test_a_mail_is_shown_as_it_was_sent_and_can_run_nothing(
    client: Client, keys: list[str]
) -> None:
    message = deliver("sample_mail")
    response = client.get(f"/outbox/{message.id}/mail")
    assert 'style="color:red"' in response.content.decode()
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    text = deliver("sample_text", to="+13045550123")
    assert client.get(f"/outbox/{text.id}/mail").status_code == 404


def test_a_call_rings_is_answered_and_confirmed(client: Client, keys: list[str]) -> None:
    call = deliver("sample_pound", to="+13045550123")
    page = client.get("/outbox/").content.decode()
    assert "Incoming call" in page
    assert "This is the portal." not in page, "nothing is heard before it is answered"
    client.post(f"/outbox/{call.id}/keys", {"action": "answer"})
    page = client.get("/outbox/").content.decode()
    assert "This is the portal." in page
    assert "Keypad" in page
    client.post(f"/outbox/{call.id}/keys", {"key": "#"})
    call.refresh_from_db()
    assert (call.call_state, call.accepted, keys) == ("ended", True, ["#"])
    assert "Answered and confirmed" in client.get("/outbox/").content.decode()


def test_digits_gather_until_the_pound_key(client: Client, keys: list[str]) -> None:
    call = deliver("sample_digits", to="+13045550123")
    for key in "482913":
        client.post(f"/outbox/{call.id}/keys", {"key": key})
    assert keys == []
    assert "482913" in client.get("/outbox/").content.decode()
    client.post(f"/outbox/{call.id}/keys", {"key": "#"})
    assert keys == ["482913"]


def test_wrong_digits_can_be_entered_again(client: Client, keys: list[str]) -> None:
    call = deliver("sample_digits", to="+13045550123")
    client.post(f"/outbox/{call.id}/keys", {"digits": "111111"})
    assert "Please try once more" in client.get("/outbox/").content.decode()
    client.post(f"/outbox/{call.id}/keys", {"digits": "482913#"})
    assert keys == ["111111", "482913"]
    call.refresh_from_db()
    assert call.accepted is True


def test_keys_as_json_answer_the_call_too(client: Client, keys: list[str]) -> None:
    call = deliver("sample_pound", to="+13045550123")
    assert press(client, call, "5").json() == {"accepted": False}
    assert press(client, call, "#").json() == {"accepted": True}
    assert press(client, call, "#").json() == {"accepted": False}, "the call has ended"
    assert keys == ["5", "#"]


def test_a_declined_call_hears_nothing(client: Client, keys: list[str]) -> None:
    call = deliver("sample_pound", to="+13045550123")
    client.post(f"/outbox/{call.id}/keys", {"action": "hang_up"})
    assert press(client, call, "#").json() == {"accepted": False}
    assert keys == []
    assert "Ended without a confirmation" in client.get("/outbox/").content.decode()


@pytest.mark.parametrize("body", ["[]", "{", '{"keys": "#"}'])
def test_json_that_is_no_keys_is_refused(client: Client, keys: list[str], body: bytes) -> None:
    call = deliver("sample_pound", to="+13045550123")
    response = client.post(f"/outbox/{call.id}/keys", data=body, content_type="application/json")
    assert response.status_code == 400


def test_keys_of_no_call_are_not_found(client: Client, keys: list[str]) -> None:
    mail = deliver("sample_mail")
    assert press(client, mail, "#").status_code == 404
    assert client.post(f"/outbox/{uuid7()}/keys", {"key": "#"}).status_code == 404


def test_buttons_need_a_token_and_json_does_not(keys: list[str]) -> None:
    strict = Client(enforce_csrf_checks=True)
    call = deliver("sample_pound", to="+13045550123")
    assert strict.post(f"/outbox/{call.id}/keys", {"key": "#"}).status_code == 403
    assert keys == []
    assert press(strict, call, "#").json() == {"accepted": True}


def test_buttons_lead_back_to_the_person_shown(client: Client, keys: list[str]) -> None:
    call = deliver("sample_pound", to="+13045550123")
    response = client.post(f"/outbox/{call.id}/keys", {"action": "answer", "to": "+13045550123"})
    assert response.headers["Location"] == "/outbox/?to=%2B13045550123"


def test_a_call_that_nobody_answers_is_missed_after_a_while(
    client: Client, keys: list[str]
) -> None:
    deliver("sample_pound", to="+13045550123")
    LocalMessage.objects.update(sent_at=AT - timedelta(days=1))
    page = client.get("/outbox/").content.decode()
    assert "Missed." in page
    assert "Incoming call" not in page


def test_a_number_has_one_telephone(client: Client, keys: list[str]) -> None:
    for _ in range(3):
        deliver("sample_pound", to="+13045550123")
    page = client.get("/outbox/").content.decode()
    assert page.count("Incoming call") == 1
    assert page.count("Missed.") == 2
    assert "304-555-0123" in page


def put_mail(subject: str, to: str) -> None:
    LocalMessage.objects.create(
        message_id=uuid7(),
        channel=Channel.EMAIL,
        to=to,
        sender="Portal",
        subject=subject,
        text="",
        created_at=AT,
        sent_at=AT,
    )


def test_older_messages_are_folded_away_and_found(client: Client) -> None:
    for number in range(8):
        put_mail(f"Message {number}", f"person{number}@clinic.example")
    page = client.get("/outbox/").content.decode()
    assert "2 older messages" in page
    found = client.get("/outbox/", {"find": "message 3"}).content.decode()
    assert "Message 3" in found
    assert "Message 4" not in found
    assert "older" not in found


def test_clear_forgets_one_persons_messages_or_all_by_a_post_alone(client: Client) -> None:
    for name in ("dana", "dana", "lee"):
        put_mail("Hello", f"{name}@clinic.example")
    assert client.get("/outbox/clear")["Location"] == "/outbox/"
    assert LocalMessage.objects.count() == 3
    client.post("/outbox/clear", {"to": "dana@clinic.example"})
    assert [message.to for message in LocalMessage.objects.all()] == ["lee@clinic.example"]
    client.post("/outbox/clear", {"to": ""})
    assert not LocalMessage.objects.exists()
