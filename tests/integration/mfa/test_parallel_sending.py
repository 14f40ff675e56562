"""Codes asked for at the same moment, each on a connection of its own."""

from collections import Counter

import pytest

from core.common.ids import uuid7
from core.mfa.codes import OWNER_LIMITS
from core.mfa.models import Challenge
from tests.integration.mfa.helpers import ask, asked
from tests.integration.mfa.helpers import registration_owner as new_owner
from tests.support.people import PHONE, START, after
from tests.support.threads import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave messages in the outbox."""
    monkeypatch.setattr("core.notifications.services.outbox.announce", lambda _message: None)


def test_the_limit_of_an_owner_holds_over_destinations_asked_for_at_once() -> None:
    owner = new_owner()
    hourly = OWNER_LIMITS[0]
    for place in range(hourly.count - 1):
        asked(owner, destination=f"d{place}@clinic.example", at=after(seconds=place))

    def one_more(place: int) -> bool:
        by_phone = {"channel": "sms", "destination": f"{PHONE[:-1]}{place}"}
        by_mail = {"channel": "email", "destination": f"more{place}@clinic.example"}
        way = by_phone if place % 2 else by_mail
        return ask(owner, at=after(minutes=1), **way).challenge is not None  # type: ignore[arg-type]

    assert Counter(at_once(8, one_more)) == {True: 1, False: 7}
    assert Challenge.objects.filter(owner_id=owner.id).count() == hourly.count


def test_owners_who_share_destinations_in_any_order_do_not_wait_for_each_other() -> None:
    owners = [new_owner(), new_owner()]
    places = ["first@clinic.example", "second@clinic.example"]

    def run(place: int) -> int:
        mine, sent = owners[place % 2], 0
        for step in range(6):
            destination = places[(place + step) % 2]
            started = ask(mine, destination=destination, binding=uuid7(), at=START)
            sent += started.challenge is not None
        return sent

    assert sum(at_once(8, run)) == 4
