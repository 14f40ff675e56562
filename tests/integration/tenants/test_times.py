"""Times come out of the database as Django's own loader would bring them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import DataError, connection
from django.db.backends.postgresql.psycopg_any import register_tzloader

pytestmark = pytest.mark.django_db

WRITTEN = [
    "2026-11-22 21:36:07+00",
    "2026-11-22 21:36:07.5+00",
    "2026-11-22 21:36:07.000123+00",
    "2026-11-22 16:36:07.120000-05",
    "0001-01-01 00:00:00+00",
    "9999-12-31 23:59:59.999999+00",
]
BEYOND = ["infinity", "-infinity", "0044-03-15 12:00:00+00 BC", "12026-01-01 00:00:00+00"]


def _read(written: str, *, by_djangos: bool = False) -> Any:
    with connection.cursor() as cursor:
        if by_djangos:
            register_tzloader(UTC, cursor.cursor)
        cursor.execute("SELECT %s::timestamptz", [written])
        row = cursor.fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("written", WRITTEN)
def test_a_time_is_the_same_and_in_utc(written: str) -> None:
    found = _read(written)
    assert found == _read(written, by_djangos=True) == datetime.fromisoformat(written)
    assert found.utcoffset() == timedelta()
    assert found.tzinfo is UTC


@pytest.mark.parametrize("written", BEYOND)
def test_what_python_cannot_hold_is_the_same_error(written: str) -> None:
    for by_djangos in (False, True):
        with pytest.raises((DataError, psycopg.DataError)):
            _read(written, by_djangos=by_djangos)


def test_another_zone_of_the_session_changes_no_moment() -> None:
    moment = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'America/New_York'")
    assert _read(moment.isoformat()) == moment
