"""Letters as one PDF: tagged (PDF/UA-1), for window envelopes, in the contract's brand and words.

Text goes to the typesetter as data and never as markup. A sign that its own fonts cannot draw
becomes a question mark, and those that nobody sees are dropped, control characters and what turns a
text around: with a hole in a name the typesetter refuses the whole file, as not accessible.
"""

import json
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import typst

from tenants.configuration.brand import make_tones
from tenants.configuration.document import ContractDocument, SupportContact
from tenants.logos.stored import find_logo

_TEMPLATE: Final = Path(__file__).with_name("letter.typ")
_STANDARD: Final = "ua-1"
_DRAWN: Final = ("LATIN", "GREEK", "CYRILLIC", "ARABIC LETTER")
_ALWAYS_DRAWN: Final = "\u017f"
"""The last of the letters that every font of the typesetter has."""
_MARKS: Final = "\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\u2122"


_UNSEEN: Final = {"Cc", "Cf", "Cs"}


@dataclass(frozen=True, kw_only=True)
class LetterFacts:
    """One letter: whom it is for, and the code where there is one."""

    name: str
    lines: tuple[str, ...]
    """The address, as it stands in the window."""
    identifier: str = ""
    code: str = ""
    until: str = ""
    words: str = ""
    """What staff wrote; then the letter says nothing of a code."""


def letters_pdf(
    document: ContractDocument, letters: Sequence[LetterFacts], *, page: str, on: str
) -> bytes:
    """Return letters as one PDF, each on a page of its own, in the order given.

    `page` is the address of the registration page, `on` the day of the letters.
    """
    data = {
        "title": f"{document.contract.name}: letters of {on}",
        "on": on,
        "page": page,
        "number_name": document.vocabulary.number_name,
        "code_name": document.vocabulary.code_name,
        "program": document.contract.name,
        "organization": document.brand.organization,
        "product": document.brand.product,
        "color": make_tones(document.brand.color).base,
        "contact": _contact(document.support[0]),
        "logo_alt": document.brand.logo_alt or document.brand.logo_text,
        "letters": [asdict(one) for one in letters],
    }
    logo = find_logo(document.brand.logo) if document.brand.logo else None
    try:
        return _compiled(_each_text(data, _drawn), logo or b"")
    except typst.TypstError:
        # A rare letter of a script that is else there: fewer letters, but the letters go out.
        return _compiled(_each_text(data, _surely_drawn), logo or b"")


def _compiled(data: Any, logo: bytes) -> bytes:
    made = typst.compile(
        _TEMPLATE.read_bytes(),
        format="pdf",
        sys_inputs={"data": json.dumps(data), "logo": json.dumps(list(logo))},
        pdf_standards=_STANDARD,
        ignore_system_fonts=True,
    )
    assert isinstance(made, bytes)  # noqa: S101 (no output file is named)
    return made


def _each_text(value: Any, act: Callable[[str], str]) -> Any:
    """Return data with every sign of its texts replaced."""
    if isinstance(value, str):
        return "".join(act(sign) for sign in unicodedata.normalize("NFC", value))
    if isinstance(value, dict):
        return {name: _each_text(one, act) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_each_text(one, act) for one in value]
    return value


def _drawn(sign: str) -> str:
    if unicodedata.name(sign, "").startswith(_DRAWN):
        return sign
    return _surely_drawn(sign)


def _surely_drawn(sign: str) -> str:
    if unicodedata.category(sign) in _UNSEEN and sign != "\n":
        return ""
    return sign if sign <= _ALWAYS_DRAWN or sign in _MARKS else "?"


def _contact(contact: SupportContact) -> dict[str, str]:
    return {
        "organization": contact.organization or "",
        "phone": contact.phone or "",
        "email": contact.email or "",
        "hours": contact.hours or "",
        "address": contact.postal_address or "",
    }
