"""Letters of the roster: made whatever stands in a name or in what staff write."""

import io

import pypdf
import pytest

from contracts.roster.mailings.letters import LetterFacts, letters_pdf
from contracts.roster.mailings.plain import plain_letter_pdf
from core.staff.letter_makers import PlainLetter
from tenants.configuration.brand import make_tones
from tenants.context import ActiveContract
from tenants.models import LogoImage
from tests.integration.roster.conftest import AT
from tests.support.logos import naming, stored_logo
from tests.unit.configuration.documents import changed, sample

pytestmark = pytest.mark.django_db
UNSEEN = "".join(map(chr, [*range(32), *range(127, 160), 0x200B, 0x202E, 0xFEFF])).replace("\n", "")


def text_of(content: bytes) -> str:
    return pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text()


def pictures_of(content: bytes) -> int:
    return len(pypdf.PdfReader(io.BytesIO(content)).pages[0].images)


def painted(content: bytes) -> bytes:
    drawn = pypdf.PdfReader(io.BytesIO(content)).pages[0].get_contents()
    assert drawn is not None
    return drawn.get_data()


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


def test_a_letter_bears_the_logo_that_is_read_out_by_its_words() -> None:
    logo = stored_logo()
    document = changed(sample(), **naming(logo), brand__logo_alt="The program’s logo")
    facts = LetterFacts(name="A clinic", lines=("A clinic", "1 Main St"))
    plain = letters_pdf(sample(), [facts], page="example.org", on="June 1, 2026")
    made = letters_pdf(document, [facts], page="example.org", on="June 1, 2026")
    LogoImage.objects.all().delete()
    gone = letters_pdf(document, [facts], page="example.org", on="June 1, 2026")
    assert [pictures_of(one) for one in (plain, made, gone)] == [0, 1, 0]
    assert b"/Alt" in made


def test_a_colour_too_light_for_paper_is_printed_in_the_tone_that_pages_have() -> None:
    facts = LetterFacts(name="A clinic", lines=("A clinic", "1 Main St"), code="K7")

    def letter(color: str) -> bytes:
        document = changed(sample(), brand__color=color)
        return painted(letters_pdf(document, [facts], page="example.org", on="June 1, 2026"))

    assert letter("#ffee00") == letter(make_tones("#ffee00").base)
    assert letter("#ffee00") != letter("#0b5c8f")
