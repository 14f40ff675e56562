"""One line of the go-live list, whoever knows it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class LineState(StrEnum):
    """Whether a line is in order. A note is neither: it works, and somebody should know how."""

    GOOD = "good"
    OPEN = "open"
    NOTE = "note"


@dataclass(frozen=True)
class Line:
    """One line: what it asks for, how it stands, who brought that about when, and what is next."""

    title: str
    state: LineState
    detail: str = ""
    by: UUID | None = None
    since: datetime | None = None
    todo: str = ""
    """What to do about it; empty where there is nothing to do."""
    url: str = ""
    """The page on which that is done."""
