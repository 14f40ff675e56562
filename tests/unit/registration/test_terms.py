"""The digest under which the acceptance of a text is kept."""

from datetime import date

import pytest

from contracts.registration.terms import terms_digest
from tenants.configuration.document import TermsParty, TermsVersion

_PARTY = TermsParty(legal_name="Example Inc.", address="1 Main Street")
_TERMS = TermsVersion(
    version="2026-01", effective_on=date(2026, 1, 1), party=_PARTY, text=("One.", "Two.")
)


@pytest.mark.parametrize(
    "change",
    [
        {"version": "2026-02"},
        {"effective_on": date(2026, 1, 2)},
        {"text": ("One.", "Two!")},
        {"text": ("One.Two.",)},
        {"party": TermsParty(legal_name="Example LLC", address="1 Main Street")},
    ],
)
def test_every_change_of_what_is_read_changes_the_digest(change: dict[str, object]) -> None:
    assert terms_digest(_TERMS.model_copy(update=change)) != terms_digest(_TERMS)


def test_the_same_text_has_the_same_digest() -> None:
    assert terms_digest(_TERMS) == terms_digest(_TERMS.model_copy(update={"reaccept": False}))
    assert len(terms_digest(_TERMS)) == 64
