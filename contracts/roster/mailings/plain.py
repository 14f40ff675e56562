"""A letter of what staff write about a request, on the paper of the other letters."""

from contracts.roster.mailings.letters import LetterFacts, letters_pdf
from core.staff.letter_makers import PlainLetter
from tenants import registry


def plain_letter_pdf(letter: PlainLetter) -> bytes:
    """Return the letter as a PDF (LetterMaker)."""
    document = registry.get_contract_by_id(letter.contract_id).document
    words = "\n".join(letter.words.splitlines())
    facts = LetterFacts(name=letter.name, lines=(letter.name, *letter.lines), words=words)
    on = f"{letter.on:%B} {letter.on.day}, {letter.on.year}"
    return letters_pdf(document, [facts], page="", on=on)
