"""How long a session lasts, as its pages ask it: asking does not prolong, staying does."""

from datetime import timedelta

import pytest
from django.test import Client

from core.accounts.sessions import guarding
from core.accounts.sessions.guarding import SessionRecord, TimeLeft
from core.common import clock
from tenants.context import ActiveContract
from tests.support.naive import fails_with
from tests.support.people import START, make_person, make_provider
from tests.support.sign_in import sign_in_directly

IDLE, ABSOLUTE = 15 * 60, 12 * 3600


@pytest.fixture
def signed_in(client: Client, contract_a: ActiveContract) -> Client:
    user = make_person()
    make_provider(user, contract_a)
    sign_in_directly(client, user)
    return client


def seen(client: Client, *, began: int = 0, ago: int) -> float:
    """Have the session been seen last so many seconds ago; returns when."""
    session = client.session
    at = clock.now()
    record = session[guarding.RECORD_KEY]
    record["seen_at"] = (at - timedelta(seconds=ago)).timestamp()
    record["began_at"] = (at - timedelta(seconds=max(began, ago))).timestamp()
    session[guarding.RECORD_KEY] = record
    session.save()
    return float(record["seen_at"])


def near(seconds: int) -> list[int]:
    return [seconds - 2, seconds - 1, seconds]


@pytest.mark.django_db
def test_asking_answers_and_does_not_prolong(signed_in: Client) -> None:
    before = seen(signed_in, ago=IDLE - 90)
    for _ in range(2):
        answer = signed_in.get("/session/")
        assert answer.json()["seconds"] in near(90)
        assert (answer.json()["warn_seconds"], answer.json()["is_final"]) == (120, False)
    assert signed_in.session[guarding.RECORD_KEY]["seen_at"] == before
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.django_db
def test_staying_counts_as_use_and_answers_the_new_end(signed_in: Client) -> None:
    seen(signed_in, ago=IDLE - 90)
    assert signed_in.post("/session/").json()["seconds"] in near(IDLE)
    assert signed_in.get("/session/").json()["seconds"] in near(IDLE)


@pytest.mark.django_db
def test_nothing_prolongs_past_the_absolute_limit(signed_in: Client) -> None:
    seen(signed_in, began=ABSOLUTE - 60, ago=30)
    answer = signed_in.post("/session/").json()
    assert answer["seconds"] in near(60)
    assert answer["is_final"] is True


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_after_the_end_there_is_nothing_left_and_the_reason_waits_at_sign_in(
    signed_in: Client, method: str
) -> None:
    seen(signed_in, ago=IDLE)
    answer = getattr(signed_in, method)("/session/")
    assert (answer.status_code, answer.json()) == (401, {"signed_in": False})
    assert "because nothing happened for a while" in signed_in.get("/").content.decode()


@pytest.mark.django_db
def test_nobody_has_no_session_and_other_methods_are_refused(client: Client) -> None:
    assert client.get("/session/").status_code == 401
    assert client.put("/session/").status_code == 405


@pytest.mark.django_db
def test_staying_needs_the_token_of_a_form(signed_in: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in.cookies
    before = seen(signed_in, ago=IDLE - 90)
    assert strict.post("/session/").status_code == 403
    assert signed_in.session[guarding.RECORD_KEY]["seen_at"] == before


@pytest.mark.django_db
def test_only_pages_of_somebody_signed_in_carry_the_warning(signed_in: Client) -> None:
    page = signed_in.get("/home/").content.decode()
    assert 'role="alertdialog"' in page
    assert 'data-warn-seconds="120"' in page
    assert "data-session-warning" not in Client().get("/").content.decode()


@pytest.mark.parametrize(
    ("seen_ago", "began_ago", "expected"),
    [
        (0, 0, TimeLeft(900, 120, is_final=False)),
        (900, 900, TimeLeft(0, 120, is_final=False)),
        (1000, 1000, TimeLeft(0, 120, is_final=False)),
        (0, ABSOLUTE - 900, TimeLeft(900, 120, is_final=True)),
        (0, ABSOLUTE - 901, TimeLeft(900, 120, is_final=False)),
        (10, ABSOLUTE - 100, TimeLeft(100, 120, is_final=True)),
    ],
)
def test_the_nearer_of_two_ends_counts(seen_ago: int, began_ago: int, expected: TimeLeft) -> None:
    at = START.timestamp()
    record = SessionRecord(
        host="testserver",
        security_epoch=0,
        policy_epochs={},
        began_at=at - began_ago,
        seen_at=at - seen_ago,
        idle_seconds=IDLE,
        absolute_seconds=ABSOLUTE,
    )
    assert TimeLeft.of(record, warn_seconds=120, at=START) == expected


@pytest.mark.django_db
def test_a_button_that_asks_again_would_not_prolong(signed_in: Client) -> None:
    """The naive way: staying asks how much time is left, like the page does by itself."""
    fails_with(
        "core.accounts.middleware.mark_seen",
        lambda _request, *, at: None,
        lambda: test_staying_counts_as_use_and_answers_the_new_end(signed_in),
        where='assert signed_in.post("/session/").json()["seconds"] in near(IDLE)',
    )
