"""When a waiver's owners are told that it ends, and how one end is told apart from another."""

from collections.abc import Iterable
from datetime import date
from typing import Final
from uuid import UUID, uuid5

from tenants.configuration.document import Waiver

NOTICE_DAYS: Final = (30, 7)
"""Days before the end of a waiver at which its owners are told (docs/design.md)."""
_ENDS: Final = UUID("0b6f3c1e-5d0f-5c53-9c57-6a3b2f4d8e10")


def notice_due(waiver: Waiver, on: date) -> int | None:
    """Return which of `NOTICE_DAYS` has come, the latest one of them; None before and after.

    A day on which nothing ran is made up for on the next.
    """
    left = (waiver.until - on).days
    return min((days for days in NOTICE_DAYS if 0 <= left <= days), default=None)


def notice_id(contract_id: UUID | None, waiver: Waiver, days: int) -> UUID:
    """Return the id under which one notice of one waiver's end is recorded.

    A waiver that was renewed has another end, and so other notices.
    """
    return uuid5(_ENDS, f"{contract_id or 'deployment'}:{waiver.rule}:{waiver.until}:{days}")


def still_ending(waivers: Iterable[Waiver], rules: Iterable[str], on: date) -> list[Waiver]:
    """Return those of the named waivers that still end soon: not mended, renewed or over."""
    wanted = set(rules)
    return [
        waiver for waiver in waivers if waiver.rule in wanted and notice_due(waiver, on) is not None
    ]
