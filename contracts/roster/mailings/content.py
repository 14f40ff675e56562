"""The file of a mailing: codes for the screen, a sheet for a mail merge, or letters."""

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from contracts.registration.rules import group_code
from contracts.roster.mailings.letters import LetterFacts, letters_pdf
from contracts.roster.mailings.states import MailingForm
from contracts.roster.models import Mailing, RosterEntry
from core.common.tables import sheet_pieces
from tenants.configuration.revisions import day_in, zone_of
from tenants.context import ActiveContract, require_contract
from tenants.routing import absolute_reverse

SHEET_COLUMNS: Final = (
    "name",
    "address_1",
    "address_2",
    "city",
    "state",
    "zip",
    "identifier",
    "code",
    "valid_until",
    "valid_until_date",
    "registration_page",
)


@dataclass(frozen=True)
class Addressed:
    """One entry with the code that it is sent, in the only moment in which it can be read."""

    entry: RosterEntry
    code: str
    expires_at: datetime | None


def content_of(mailing: Mailing, addressed: Sequence[Addressed], *, at: datetime) -> bytes:
    """Return the file, in the contract in hand."""
    contract = require_contract()
    page = absolute_reverse("registration:start", contract=contract)
    match MailingForm(mailing.form):
        case MailingForm.LETTERS:
            facts = [_facts(contract, one) for one in addressed]
            today = day_in(zone_of(contract.document), at)
            return letters_pdf(contract.document, facts, page=page, on=_in_words(today))
        case MailingForm.SHEET:
            return _sheet(contract, addressed, page)
    return json.dumps([_shown(contract, one) for one in addressed]).encode()


@dataclass(frozen=True)
class ShownCode:
    """A code that is shown once, and its last day in the contract's time zone."""

    entry: UUID
    name: str
    code: str
    until: date


def shown_codes(content: bytes) -> list[ShownCode]:
    """Return what a mailing for the screen holds."""
    return [
        ShownCode(UUID(one["entry"]), one["name"], one["code"], date.fromisoformat(one["until"]))
        for one in json.loads(content)
    ]


def _sheet(contract: ActiveContract, addressed: Iterable[Addressed], page: str) -> bytes:
    rows = (_row(contract, one, page) for one in addressed)
    file = io.StringIO()
    file.writelines(sheet_pieces(_with_header(rows)))
    return file.getvalue().encode()


def _with_header(rows: Iterable[Sequence[str]]) -> Iterable[Sequence[str]]:
    yield SHEET_COLUMNS
    yield from rows


def _row(contract: ActiveContract, one: Addressed, page: str) -> Sequence[str]:
    entry = one.entry
    place = (entry.address_1, entry.address_2, entry.city, entry.state, entry.zip)
    until = _last_day(contract, one)
    printed = (_in_words(until), until.isoformat()) if until else ("", "")
    return (entry.name, *place, entry.identifier, group_code(one.code), *printed, page)


def _shown(contract: ActiveContract, one: Addressed) -> dict[str, str]:
    until = _last_day(contract, one)
    return {
        "entry": str(one.entry.id),
        "name": one.entry.name,
        "code": group_code(one.code),
        "until": until.isoformat() if until else "",
    }


def _facts(contract: ActiveContract, one: Addressed) -> LetterFacts:
    entry, until = one.entry, _last_day(contract, one)
    town = " ".join(part for part in (entry.state, entry.zip) if part)
    lines = (entry.name, entry.address_1, entry.address_2, f"{entry.city}, {town}")
    return LetterFacts(
        name=entry.name,
        lines=tuple(line for line in lines if line),
        identifier=entry.identifier,
        code=group_code(one.code),
        until=_in_words(until) if until else "",
    )


def _last_day(contract: ActiveContract, one: Addressed) -> date | None:
    return day_in(zone_of(contract.document), one.expires_at) if one.expires_at else None


def _in_words(day: date) -> str:
    return f"{day:%B %-d, %Y}"
