"""Which of the two reservations stands in the way: the unit's or the username's."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, transaction

from contracts.registration.models import PendingRegistration
from contracts.registration.services import registrations
from contracts.registration.services.reservations import end_registrations
from contracts.registration.states import RegistrationState
from core.audit.models import AuditEvent
from core.common.clock import now
from tests.integration.registration.journeys import Journey, acceptance, text_of

pytestmark = pytest.mark.django_db(transaction=True)

_HELD_SECONDS = 0.6


def test_an_overdue_registration_in_other_hands_is_waited_for() -> None:
    """It says nothing about the username, which nobody has."""
    Journey("wv-bh").start().inform(username="first", email="first@example.org").submit()
    PendingRegistration.objects.update(reserved_until=now())
    walk = Journey("wv-bh").start().inform()
    held = Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                PendingRegistration.objects.select_for_update().get(username="first")
                held.set()
                Event().wait(_HELD_SECONDS)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        assert held.wait(10)
        answer = walk.client.post(f"{walk.path}terms/", acceptance("wv-bh"))
        holding.result()
    assert answer.status_code == 302, text_of(answer)
    assert answer["Location"] == f"{walk.path}confirmation/"
    assert PendingRegistration.objects.get(username="dreed").is_live


def test_a_unit_that_stays_taken_is_no_taken_username(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's registration is there at each insertion and gone at each look."""
    Journey("wv-bh").start().inform(username="first", email="first@example.org").submit()
    pending = PendingRegistration.objects.get()
    with transaction.atomic():
        end_registrations([pending], state=RegistrationState.RELEASED, at=now())
    walk = Journey("wv-bh").start().inform()
    PendingRegistration.objects.update(state="submitted", ended_at=None, username="first")
    monkeypatch.setattr(registrations, "find_live_registration", lambda **_wanted: None)
    answer = walk.client.post(f"{walk.path}terms/", acceptance("wv-bh"))
    assert "This username is taken" not in answer.content.decode()
    assert "could not register" in text_of(answer)
    event = AuditEvent.objects.filter(event_type="registration.refused").latest("at")
    assert event.result == "reserved"
