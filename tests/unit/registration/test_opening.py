"""From when to when a contract takes registrations, by the day in its own time zone."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from contracts.registration.selectors import is_open, local_date
from tenants.configuration.document import ContractDocument
from tenants.configuration.loading import load_contract

_DOCUMENT = load_contract(Path("contracts/programs/wv-bh.toml"))


def _document(**dates: date) -> ContractDocument:
    section = _DOCUMENT.contract.model_copy(update=dates)
    return _DOCUMENT.model_copy(update={"contract": section})


@pytest.mark.parametrize(
    ("dates", "at", "opened"),
    [
        ({}, datetime(2026, 5, 1, tzinfo=UTC), True),
        ({"opens_on": date(2026, 5, 1)}, datetime(2026, 5, 1, 3, 59, tzinfo=UTC), False),
        ({"opens_on": date(2026, 5, 1)}, datetime(2026, 5, 1, 4, 0, tzinfo=UTC), True),
        ({"closes_on": date(2026, 5, 1)}, datetime(2026, 5, 1, 3, 59, tzinfo=UTC), True),
        ({"closes_on": date(2026, 5, 1)}, datetime(2026, 5, 1, 4, 0, tzinfo=UTC), False),
    ],
)
def test_opening(dates: dict[str, date], at: datetime, opened: bool) -> None:
    assert is_open(_document(**dates), at) is opened


def test_the_day_is_that_of_the_contract() -> None:
    assert local_date(_DOCUMENT, datetime(2026, 1, 1, 2, tzinfo=UTC)) == date(2025, 12, 31)
