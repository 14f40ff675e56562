"""Who makes a letter of what staff write: an app that knows how, and registers itself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True)
class PlainLetter:
    """A letter without a code: whom it is for, and its words."""

    contract_id: UUID
    name: str
    lines: tuple[str, ...]
    words: str
    on: date


LetterMaker = Callable[[PlainLetter], bytes]
_makers: list[LetterMaker] = []


def register_letter_maker(make: LetterMaker) -> None:
    """Name what makes a PDF. Called in `ready()` of the app that owns letters."""
    _makers[:] = [make]


def find_letter_maker() -> LetterMaker | None:
    """Return what makes letters; None: only mail is offered."""
    return _makers[0] if _makers else None
