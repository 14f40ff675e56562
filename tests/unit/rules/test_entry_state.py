"""What is asked of every entry, whatever the family: dates, removal, provider type."""

from datetime import date
from typing import Any

import pytest

from contracts.registration.rules import Reason, evaluate
from tests.unit.rules.builders import AT, MEDICAID_ID, NPI, ON, PROGRAM_ID, entry, registration

RULE = registration(PROGRAM_ID)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"starts_on": date(2026, 3, 5)}, Reason.ACCEPTED),
        ({"starts_on": date(2026, 3, 6)}, Reason.ENTRY_NOT_STARTED),
        ({"ends_on": date(2026, 3, 5)}, Reason.ACCEPTED),
        ({"ends_on": date(2026, 3, 4)}, Reason.ENTRY_ENDED),
        ({"starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31)}, Reason.ACCEPTED),
        ({"removed": True}, Reason.ENTRY_REMOVED),
        ({"removed": True, "ends_on": date(2026, 3, 4)}, Reason.ENTRY_REMOVED),
    ],
)
def test_dates(fields: dict[str, Any], reason: Reason) -> None:
    decision = evaluate(
        rule=RULE, identifier=NPI, code=MEDICAID_ID, entry=entry(**fields), on=ON, at=AT
    )
    assert decision.reason is reason


@pytest.mark.parametrize(
    ("allowed", "provider_type", "reason"),
    [
        ((), "Dentist", Reason.ACCEPTED),
        (("Clinic",), "Clinic", Reason.ACCEPTED),
        (("Clinic",), "Dentist", Reason.PROVIDER_TYPE_NOT_ALLOWED),
        (("Clinic",), "", Reason.PROVIDER_TYPE_NOT_ALLOWED),
    ],
)
def test_provider_types(allowed: tuple[str, ...], provider_type: str, reason: Reason) -> None:
    decision = evaluate(
        rule=registration(PROGRAM_ID, provider_types=allowed),
        identifier=NPI,
        code=MEDICAID_ID,
        entry=entry(provider_type=provider_type),
        on=ON,
        at=AT,
    )
    assert decision.reason is reason


def test_a_wrong_code_is_the_reason_even_where_the_entry_has_ended() -> None:
    ended = entry(ends_on=date(2026, 1, 1))
    decision = evaluate(rule=RULE, identifier=NPI, code="0", entry=ended, on=ON, at=AT)
    assert decision.reason is Reason.WRONG_CODE
