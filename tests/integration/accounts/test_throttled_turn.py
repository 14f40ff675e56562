"""Whoever is throttled waits for nobody's turn, and holds none."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from core.accounts.services.throttle import (
    FAILURES_PER_HOUR,
    count_address_failure,
    hold_turn_unless_throttled,
)
from tests.support.people import START

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL, ADDRESS = "dana@clinic.example", "192.0.2.7"
HOUR = timedelta(hours=1)


def _turns_held() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


def test_the_turn_is_taken_up_to_the_last_failure_allowed_and_after_the_hour() -> None:
    for failures in range(FAILURES_PER_HOUR):
        if failures in {0, FAILURES_PER_HOUR - 1}:
            with transaction.atomic():
                assert hold_turn_unless_throttled(EMAIL, address=ADDRESS, at=START)
                assert _turns_held() == 1
        count_address_failure(ADDRESS, at=START)
    for at in (START, START + HOUR - timedelta(seconds=1)):
        with transaction.atomic():
            assert not hold_turn_unless_throttled(EMAIL, address=ADDRESS, at=at)
            assert _turns_held() == 0
    with transaction.atomic():
        assert hold_turn_unless_throttled(EMAIL, address=ADDRESS, at=START + HOUR)
        assert hold_turn_unless_throttled(EMAIL, address="192.0.2.8", at=START)
