"""The issued_code family: secret codes, bound to an entry, that expire and are used up."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.registration.rules import (
    EntryFacts,
    Reason,
    Way,
    evaluate,
    group_code,
    is_issued_code,
    issued_code_digest,
    new_issued_code,
)
from contracts.registration.rules.codes import ALPHABET
from tenants.configuration.document import RegistrationSection
from tests.unit.rules.builders import (
    AT,
    ISSUED,
    ISSUED_CODES,
    ISSUED_CODES_WITH_NPI,
    NPI,
    ON,
    OTHER_NPI,
    issued_code,
    location,
    location_without_npi,
)

WITH_NPI = location()
WITHOUT_NPI = location_without_npi()
ANOTHER_ENTRY = UUID(int=2)


@pytest.mark.parametrize(
    ("rule", "subject", "identifier", "code", "reason", "way"),
    [
        (ISSUED_CODES, WITH_NPI, NPI, ISSUED, Reason.ACCEPTED, Way.ISSUED_CODE),
        (ISSUED_CODES, WITH_NPI, NPI, "k7qm-2xrt-9b", Reason.ACCEPTED, Way.ISSUED_CODE),
        (ISSUED_CODES_WITH_NPI, WITH_NPI, NPI, ISSUED, Reason.ACCEPTED, Way.ISSUED_CODE),
        (ISSUED_CODES, WITHOUT_NPI, ISSUED, ISSUED, Reason.ACCEPTED, Way.ISSUED_CODE_IN_BOTH),
        (ISSUED_CODES, None, NPI, ISSUED, Reason.NO_ENTRY, None),
        (ISSUED_CODES, WITH_NPI, OTHER_NPI, ISSUED, Reason.WRONG_IDENTIFIER, None),
        (ISSUED_CODES, WITH_NPI, ISSUED, ISSUED, Reason.WRONG_IDENTIFIER, None),
        (ISSUED_CODES, WITH_NPI, NPI, "K7QM2XRT9C", Reason.WRONG_CODE, None),
        (ISSUED_CODES, WITH_NPI, NPI, NPI, Reason.WRONG_CODE, None),
        (ISSUED_CODES, WITH_NPI, NPI, "", Reason.NOTHING_TYPED, None),
        (ISSUED_CODES, WITHOUT_NPI, NPI, ISSUED, Reason.WRONG_IDENTIFIER, None),
        (ISSUED_CODES, WITHOUT_NPI, "", ISSUED, Reason.NOTHING_TYPED, None),
        (ISSUED_CODES_WITH_NPI, WITHOUT_NPI, ISSUED, ISSUED, Reason.FALLBACK_NOT_OPEN, None),
    ],
)
def test_rows(  # noqa: PLR0917
    rule: RegistrationSection,
    subject: EntryFacts | None,
    identifier: str,
    code: str,
    reason: Reason,
    way: Way | None,
) -> None:
    issued = issued_code()
    decision = evaluate(
        rule=rule,
        identifier=identifier,
        code=code,
        entry=subject,
        codes=[issued],
        on=ON,
        at=AT,
    )
    assert decision.reason is reason
    assert decision.way is way
    assert decision.issued_code_id == (issued.id if decision.accepted else None)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, Reason.ACCEPTED),
        ({"expires_at": AT + timedelta(microseconds=1)}, Reason.ACCEPTED),
        ({"expires_at": AT}, Reason.CODE_EXPIRED),
        ({"revoked_at": AT - timedelta(days=1)}, Reason.CODE_REVOKED),
        ({"uses": 1}, Reason.CODE_USED_UP),
        ({"uses": 1, "max_uses": 2}, Reason.ACCEPTED),
        ({"uses": 2, "max_uses": 2}, Reason.CODE_USED_UP),
        ({"uses": 1, "revoked_at": AT}, Reason.CODE_REVOKED),
        ({"entry_id": ANOTHER_ENTRY}, Reason.WRONG_CODE),
        ({"digest": issued_code_digest(ANOTHER_ENTRY, ISSUED, version=1)}, Reason.WRONG_CODE),
    ],
)
def test_states_of_a_code(fields: dict[str, Any], reason: Reason) -> None:
    decision = evaluate(
        rule=ISSUED_CODES,
        identifier=NPI,
        code=ISSUED,
        entry=WITH_NPI,
        codes=[issued_code(**fields)],
        on=ON,
        at=AT,
    )
    assert decision.reason is reason


def test_an_entry_without_codes_accepts_none() -> None:
    decision = evaluate(
        rule=ISSUED_CODES, identifier=NPI, code=ISSUED, entry=WITH_NPI, on=ON, at=AT
    )
    assert decision.reason is Reason.WRONG_CODE


def test_the_right_one_among_several_codes_is_found() -> None:
    old = issued_code("AAAABBBB22", id=UUID(int=5), revoked_at=AT)
    other = issued_code("CCCCDDDD33", id=UUID(int=6))
    right = issued_code(id=UUID(int=7))
    decision = evaluate(
        rule=ISSUED_CODES,
        identifier=NPI,
        code=ISSUED,
        entry=WITH_NPI,
        codes=[old, right, other],
        on=ON,
        at=AT,
    )
    assert decision.issued_code_id == right.id


@pytest.mark.parametrize("length", [8, 10, 32])
def test_new_codes_have_the_length_and_signs_that_are_asked_for(length: int) -> None:
    codes = {new_issued_code(length) for _ in range(50)}
    assert len(codes) == 50
    assert all(is_issued_code(code, length=length) for code in codes)


def test_codes_have_at_least_forty_bits() -> None:
    assert len(set(ALPHABET)) == 32
    with pytest.raises(ValueError, match="at least 8 signs"):
        new_issued_code(7)


@pytest.mark.parametrize("code", ["", "K7QM2XRT9", "K7QM2XRT9B2", "K7QM2XRT9O", "k7qm2xrt9b"])
def test_not_an_issued_code(code: str) -> None:
    assert not is_issued_code(code, length=10)


def test_codes_are_shown_in_groups() -> None:
    assert group_code(ISSUED) == "K7QM-2XRT-9B"


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_what_was_typed_is_digested_once_however_many_codes_there_are(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int | None] = []

    def digest(entry_id: UUID, code: str, *, version: int | None = None) -> bytes:
        made.append(version)
        return issued_code_digest(entry_id, code, version=version)

    monkeypatch.setattr("contracts.registration.rules.evaluation.issued_code_digest", digest)
    codes = [issued_code(f"AAAABBBB{place}2", id=UUID(int=place + 5)) for place in range(count)]
    decision = evaluate(
        rule=ISSUED_CODES, identifier=NPI, code=ISSUED, entry=WITH_NPI, codes=codes, on=ON, at=AT
    )
    assert decision.reason is Reason.WRONG_CODE
    assert len(made) == 1
