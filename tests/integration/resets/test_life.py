"""How long a run lives, and how long its row."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from unittest import mock

import pytest
from django.test import Client

from core.audit.models import AuditEvent
from core.mfa.models import PasswordReset
from core.mfa.services.purging import RESETS_KEPT, purge_mfa
from core.mfa.services.resets import begin_reset, find_reset
from core.mfa.services.resets.beginning import RUNS_PER_HOUR
from tests.integration.resets.walking import begin, choose_password, newest, to_new_password
from tests.support.people import START, after, make_person

pytestmark = pytest.mark.django_db
MINUTES = 20
SECOND = timedelta(seconds=1)


def begun(email: str, *, at: datetime = START, address: str = "192.0.2.1") -> PasswordReset:
    reset = begin_reset(email=email, contract_id=None, address=address, replaces=None, at=at).reset
    assert reset is not None
    return reset


@pytest.mark.parametrize(("seconds", "goes_on"), [(-1, True), (0, False), (1, False)])
def test_a_run_ends_on_the_second(seconds: int, goes_on: bool) -> None:
    reset = begun(make_person().email)
    at = after(minutes=MINUTES) + timedelta(seconds=seconds)
    assert (find_reset(reset.id, at=at) is not None) is goes_on


@pytest.fixture
def later() -> Iterator[mock.Mock]:
    """Let the clock of the pages stand where the test puts it."""
    from core.common import clock

    real = clock.now
    with mock.patch("core.common.clock.now") as now:
        now.side_effect = real
        yield now


def test_the_last_page_says_that_the_time_is_over(client: Client, later: mock.Mock) -> None:
    user = make_person()
    to_new_password(client, user)
    later.side_effect = None
    later.return_value = newest().expires_at
    answer = choose_password(client)
    assert answer.status_code == 410
    assert "begin again" in answer.content.decode()


def test_a_network_begins_so_many_runs_in_an_hour() -> None:
    make_person()
    for place in range(RUNS_PER_HOUR):
        begun(f"p{place}@clinic.example", at=after(seconds=place))
    refused = begin_reset(
        email="dana@clinic.example",
        contract_id=None,
        address="192.0.2.1",
        replaces=None,
        at=after(minutes=59),
    )
    assert refused.reset is None
    assert refused.retry_at == after(hours=1)
    begun("dana@clinic.example", at=after(minutes=59), address="192.0.2.2")
    begun("dana@clinic.example", at=after(hours=1))


def test_the_page_says_that_a_network_asked_too_often(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.mfa.services.resets.beginning.RUNS_PER_HOUR", 1)
    begin(client, "p@clinic.example")
    answer = begin(client, "q@clinic.example")
    assert answer.status_code == 429
    assert "Too many requests" in answer.content.decode()


def test_rows_are_deleted_a_day_after_their_end() -> None:
    reset = begun(make_person().email)
    purge_mfa(at=reset.expires_at + RESETS_KEPT)
    assert PasswordReset.objects.exists()
    purge_mfa(at=reset.expires_at + RESETS_KEPT + SECOND)
    assert not PasswordReset.objects.exists()


def test_a_run_that_gives_way_to_a_newer_one_is_recorded() -> None:
    first = begun("somebody@clinic.example")
    begin_reset(
        email=first.email, contract_id=None, address="192.0.2.1", replaces=first.id, at=START
    )
    (event,) = AuditEvent.objects.filter(event_type="password_reset.closed")
    assert event.data == {"reset": str(first.id), "reason": "replaced"}
