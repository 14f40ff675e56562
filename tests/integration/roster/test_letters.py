"""Letters of the roster: made whatever stands in a name or in what staff write."""

import io

import pypdf
import pytest

from contracts.roster.mailings.letters import LetterFacts, letters_pdf
from contracts.roster.mailings.plain import plain_letter_pdf
from core.staff.letter_makers import PlainLetter
from tenants.context import ActiveContract
from tests.integration.roster.conftest import AT

pytestmark = pytest.mark.django_db
UNSEEN = "".join(map(chr, [*range(32), *range(127, 160), 0x200B, 0x202E, 0xFEFF])).replace("\n", "")


def text_of(content: bytes) -> str:
    return pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text()


def test_letters_are_made_whatever_a_name_holds(contract_b: ActiveContract) -> None:
    facts = LetterFacts(name=f"Cedar{UNSEEN}Hollow", lines=(UNSEEN, f"1{UNSEEN} Main"), code="K7")
    text = text_of(letters_pdf(contract_b.document, [facts], page="example.org", on="June 1, 2026"))
    assert "CedarHollow" in text


def test_a_letter_of_words_keeps_its_lines_and_drops_what_nobody_sees(
    contract_b: ActiveContract,
) -> None:
    words = "Dear\x07 Sir,\nplease\x0b\x00 come.\x85\u2028Bye\x1b[31m {{7*7}}"
    letter = PlainLetter(
        contract_b.id, "Cedar \x08Hollow", ("1 Main\x0c Street",), words, AT.date()
    )
    text = text_of(plain_letter_pdf(letter))
    assert "Dear Sir,\nplease" in text
    assert "{{7*7}}" in text
