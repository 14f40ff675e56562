"""Which terms of use are due: never accepted, superseded, superseded without asking."""

from datetime import date

import pytest

from contracts.registration.terms import terms_are_due, terms_digest
from tenants.configuration.document import ContractDocument, TermsVersion
from tests.unit.configuration.documents import changed, sample

TODAY = date(2026, 7, 1)
FIRST, SECOND, THIRD = date(2026, 1, 1), date(2026, 7, 1), date(2026, 7, 2)


def document(*versions: tuple[date, bool]) -> ContractDocument:
    base = sample()
    terms = [
        {
            **base.terms[0].model_dump(mode="json"),
            "version": f"{effective_on}",
            "effective_on": f"{effective_on}",
            "text": [f"The text of {effective_on}."],
            "reaccept": reaccept,
        }
        for effective_on, reaccept in versions
    ]
    return changed(base, terms=terms)


def due(document: ContractDocument, *accepted: date) -> str | None:
    digests = {terms_digest(one) for one in document.terms if one.effective_on in accepted}
    found: TermsVersion | None = terms_are_due(document, digests, on=TODAY)
    return found.version if found else None


@pytest.mark.parametrize(
    ("versions", "accepted", "expected"),
    [
        ([(FIRST, True)], [], FIRST),
        ([(FIRST, False)], [], FIRST),
        ([(FIRST, True)], [FIRST], None),
        ([(FIRST, True), (SECOND, True)], [FIRST], SECOND),
        ([(FIRST, True), (SECOND, False)], [FIRST], None),
        ([(FIRST, True), (SECOND, False)], [], SECOND),
        ([(FIRST, True), (SECOND, True)], [SECOND], None),
        # In effect from tomorrow
        ([(FIRST, True), (THIRD, True)], [FIRST], None),
        # The one between asks again, the present one does not say so itself
        ([(FIRST, True), (date(2026, 3, 1), True), (SECOND, False)], [FIRST], SECOND),
        ([(FIRST, True), (date(2026, 3, 1), True), (SECOND, False)], [date(2026, 3, 1)], None),
        # None has begun: the first one counts
        ([(THIRD, True)], [], THIRD),
        ([(THIRD, True)], [THIRD], None),
    ],
)
def test_what_is_due(
    versions: list[tuple[date, bool]], accepted: list[date], expected: date | None
) -> None:
    answer = due(document(*versions), *accepted)
    assert answer == (f"{expected}" if expected else None)


def test_an_edited_text_is_another_text() -> None:
    present = document((FIRST, True))
    edited = present.terms[0].model_copy(update={"text": ("Something else.",)})
    assert terms_are_due(present, {terms_digest(edited)}, on=TODAY)


def test_an_accepted_version_that_is_no_longer_listed_counts_as_an_earlier_one() -> None:
    assert terms_are_due(document((SECOND, False)), {"0" * 64}, on=TODAY) is None
    assert terms_are_due(document((SECOND, True)), {"0" * 64}, on=TODAY)
