"""One task for all contracts: warnings once each, the closing on the day."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from core.accounts.models import InactivityWarning, User
from core.accounts.services import inactivity
from core.accounts.services.accounts import deactivate_account
from core.accounts.services.inactivity import Watched, watch_inactivity
from core.accounts.services.purging import purge_warnings
from core.accounts.sessions.guarding import RECORD_KEY
from core.audit.models import AuditEvent
from core.common import clock
from core.notifications.models import LocalMessage, OutboxMessage
from tenants import registry
from tenants.context import ActiveContract
from tests.support.people import (
    deliver_all,
    give_deputy,
    make_person,
    make_provider,
)
from tests.support.publishing import publish_change
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
# Noon in the east.
USED = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def midnight(day: int) -> datetime:
    """Return when the day begins in the east that is so many days after the last use."""
    return datetime(2026, 3, 2, 4, 0, tzinfo=UTC) + timedelta(days=day)


def unused(name: str = "dana", since: datetime = USED) -> User:
    user = make_person(name)
    User.objects.filter(pk=user.pk).update(last_used_at=since)
    return User.objects.get(pk=user.pk)


def messages(user: User) -> list[str]:
    found = OutboxMessage.objects.filter(account_id=user.id).order_by("created_at", "id")
    return [message.kind for message in found]


@pytest.fixture
def user(contract_a: ActiveContract) -> User:
    """Return Dana, who works in a program in the east with 60 days, and has not come since."""
    assert contract_a.document.contract.time_zone == "America/New_York"
    person = unused()
    make_provider(person, contract_a)
    return person


def test_each_warning_goes_out_once_and_the_account_closes_on_the_day(user: User) -> None:
    assert watch_inactivity(at=midnight(45) - SECOND) == Watched()
    assert watch_inactivity(at=midnight(45)) == Watched(warned=1)
    assert watch_inactivity(at=midnight(45) + timedelta(hours=1)) == Watched()
    assert watch_inactivity(at=midnight(55) - SECOND) == Watched()
    assert watch_inactivity(at=midnight(55)) == Watched(warned=1)
    assert watch_inactivity(at=midnight(60) - SECOND) == Watched()
    assert User.objects.get(pk=user.pk).is_active
    assert watch_inactivity(at=midnight(60)) == Watched(closed=1)
    assert watch_inactivity(at=midnight(61)) == Watched()
    assert messages(user) == ["inactivity_warning", "inactivity_warning", "account_not_used"]
    closed = User.objects.get(pk=user.pk)
    assert closed.is_dormant
    assert closed.deactivated_at == midnight(60)
    assert closed.security_epoch == user.security_epoch + 1


def test_it_is_recorded_without_names(user: User, contract_a: ActiveContract) -> None:
    for day in (45, 60):
        watch_inactivity(at=midnight(day))
    warned = AuditEvent.objects.get(event_type="account.inactivity_warned")
    assert (warned.subject_id, warned.contract_id) == (user.id, contract_a.id)
    assert warned.data == {"day": 45, "days": 60}
    closed = AuditEvent.objects.get(event_type="account.deactivated")
    assert closed.data == {"reason": "inactivity", "days": 60}


def test_the_mail_names_the_day_in_the_programs_time_zone(user: User) -> None:
    watch_inactivity(at=midnight(45))
    User.objects.filter(pk=user.pk).update(last_used_at=USED)
    deliver_all()
    mail = LocalMessage.objects.get(to=user.email)
    assert "May 1, 2026" in mail.subject
    assert "Friday, May 1, 2026" in mail.text
    assert "not used for 60 days" in mail.text


def test_days_missed_by_the_beat_give_one_warning(user: User) -> None:
    assert watch_inactivity(at=midnight(57)) == Watched(warned=1)
    assert InactivityWarning.objects.get().days == 55
    assert watch_inactivity(at=midnight(58)) == Watched()


def test_a_use_begins_anew(user: User) -> None:
    watch_inactivity(at=midnight(45))
    User.objects.filter(pk=user.pk).update(last_used_at=midnight(46))
    assert watch_inactivity(at=midnight(60)) == Watched()
    assert watch_inactivity(at=midnight(46 + 45)) == Watched(warned=1)
    assert InactivityWarning.objects.count() == 2


def test_a_warning_that_waits_is_not_sent_to_somebody_who_came_back(user: User) -> None:
    watch_inactivity(at=midnight(45))
    User.objects.filter(pk=user.pk).update(last_used_at=midnight(46))
    deliver_all()
    assert not LocalMessage.objects.filter(to=user.email).exists()


def test_one_who_never_came_counts_from_the_making_of_the_account(contract_a: object) -> None:
    user = make_person()
    User.objects.filter(pk=user.pk).update(last_used_at=None, created_at=USED)
    assert watch_inactivity(at=midnight(45)) == Watched(warned=1)


def test_without_a_program_the_deployments_days_hold() -> None:
    user = unused()
    zone = registry.get_deployment().deployment.time_zone
    assert zone == "America/New_York"
    assert watch_inactivity(at=midnight(60)) == Watched(closed=1)
    assert User.objects.get(pk=user.pk).is_dormant


def test_the_strictest_program_decides(user: User, contract_b: ActiveContract) -> None:
    publish_change(
        contract_b.slug, accounts__inactivity_days=30, accounts__inactivity_warn_days=[20]
    )
    make_provider(user, contract_b, identifier="1245319599")
    alone = unused("robin")
    assert watch_inactivity(at=midnight(20)) == Watched(warned=1)
    assert OutboxMessage.objects.get().contract_id == contract_b.id
    assert watch_inactivity(at=midnight(30)) == Watched(closed=1)
    assert User.objects.get(pk=alone.pk).is_active


def test_closed_accounts_are_left_alone(user: User) -> None:
    User.objects.filter(pk=give_deputy(user).pk).update(last_used_at=midnight(59))
    deactivate_account(user_id=user.id, reason="left", by=None, at=midnight(1))
    assert watch_inactivity(at=midnight(60)) == Watched()
    assert not User.objects.get(pk=user.pk).is_dormant


def test_many_go_in_batches_and_a_cut_off_run_is_taken_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inactivity, "BATCH", 2)
    people = [unused(f"person-{number}") for number in range(5)]
    real, calls = inactivity._close, []

    def cut_off(one: object, *, at: datetime) -> None:
        calls.append(one)
        if len(calls) == 4:
            raise ConnectionError
        real(one, at=at)  # type: ignore[arg-type]

    monkeypatch.setattr(inactivity, "_close", cut_off)
    with pytest.raises(ConnectionError):
        watch_inactivity(at=midnight(60))
    assert User.objects.filter(is_active=False).count() == 2
    monkeypatch.setattr(inactivity, "_close", real)
    assert watch_inactivity(at=midnight(60)) == Watched(closed=3)
    assert [messages(person) for person in people] == [["account_not_used"]] * 5


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_do_everything_once() -> None:
    people = [unused(f"person-{number}") for number in range(12)]
    ready, done = threading.Barrier(4), []

    def beat() -> None:
        from django.db import connection

        try:
            ready.wait(10)
            done.append(watch_inactivity(at=midnight(45)))
        finally:
            connection.close()

    beats = [threading.Thread(target=beat) for _ in range(4)]
    for one in beats:
        one.start()
    for one in beats:
        one.join(60)
    # What one had in hand the others skipped; the next run does what all of them skipped.
    done.append(watch_inactivity(at=midnight(45)))
    assert sum(one.warned for one in done) == 12
    assert [messages(person) for person in people] == [["inactivity_warning"]] * 12


def test_a_session_in_use_counts_as_use(client: Client, contract_a: ActiveContract) -> None:
    user = make_person()
    make_provider(user, contract_a)
    sign_in_directly(client, user)
    hour_ago = clock.now() - timedelta(hours=1)
    User.objects.filter(pk=user.pk).update(last_used_at=hour_ago + timedelta(seconds=30))
    client.get("/home/")
    assert User.objects.get(pk=user.pk).last_used_at == hour_ago + timedelta(seconds=30)
    User.objects.filter(pk=user.pk).update(last_used_at=hour_ago)
    client.get("/home/", headers={"X-Portal-Background": "1"})
    assert User.objects.get(pk=user.pk).last_used_at == hour_ago
    client.get("/home/")
    used_at = User.objects.get(pk=user.pk).last_used_at
    assert used_at is not None
    assert clock.now() - used_at < timedelta(minutes=1)
    assert client.session[RECORD_KEY]["began_at"]


def test_notes_about_warnings_go_in_time(user: User) -> None:
    watch_inactivity(at=midnight(45))
    assert purge_warnings(at=midnight(45 + 800)) == 0
    assert purge_warnings(at=midnight(45 + 800) + SECOND) == 1
