"""Mails that name an address, delivered side by side, each on a connection of its own."""

import pytest

from core.common import clock
from core.mfa.services.unfinished import REMINDERS_PER_DAY, remind_of_address
from core.notifications.models import LocalMessage, OutboxMessage
from core.notifications.services.delivery import deliver_message
from tests.support.people import make_person
from tests.support.threads import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_workers_side_by_side_do_not_pass_the_limit_of_a_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.notifications.services.outbox.announce", lambda _message: None)
    make_person()
    for place in range(REMINDERS_PER_DAY * 3):
        address = f"192.0.2.{place}"
        remind_of_address(username="dana", contract_id=None, address=address, at=clock.now())
    waiting = list(OutboxMessage.objects.values_list("id", flat=True))

    at_once(len(waiting), lambda place: deliver_message(message_id=waiting[place], clock=clock.now))

    assert LocalMessage.objects.count() == REMINDERS_PER_DAY
