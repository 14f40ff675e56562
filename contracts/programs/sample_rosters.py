"""The rosters of the sample contracts: who is on them, and the script that writes them.

`python -m contracts.programs.sample_rosters` writes `rosters/<slug>.csv` anew, always the same.
Every name and place is invented. The NPIs count up from 1000000004, below the first number that
was ever given out, with right check digits; telephone numbers are 555-01xx, addresses example.org.
The first rows of each file are those that `make run` prints to try.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from contracts.roster.columns import COLUMNS
from core.common.identifiers import npi_check_digit
from core.common.tables import write_sheet

ROSTERS: Final = Path(__file__).parent / "rosters"
_ROWS: Final = 220
# The example that CMS prints in its description of the check digit.
_FIRST_NPI: Final = "1234567893"

_PLACES = (
    "Alder Fork",
    "Amber Falls",
    "Birch Landing",
    "Briar Crossing",
    "Cedar Hollow",
    "Clover Bend",
    "Copper Ridge",
    "Dogwood Mills",
    "Elk Meadow",
    "Fern Gap",
    "Granite Spur",
    "Hazel Run",
    "Juniper Flats",
    "Laurel Notch",
    "Maple Ferry",
    "Otter Bluff",
    "Pine Kettle",
    "Quail Springs",
    "Rowan Hill",
    "Willow Ford",
)
_STREETS = ("Main Street", "Mill Road", "Orchard Lane", "Station Avenue", "River Drive")
_NAMESAKES = ("Northgate", "Bluebird", "Lantern", "Harbor", "Juniper", "Meridian", "Cornerstone")


@dataclass(frozen=True)
class SampleRegistration:
    """A row to try in the running portal."""

    identifier: str
    code: str
    name: str
    note: str
    city: str = ""
    """Where one name stands on the roster twice."""
    remittance_on: str = ""
    remittance_amount: str = ""


@dataclass(frozen=True)
class _Program:
    slug: str
    state: str
    area_code: str
    zip_prefix: str
    npi_start: int
    kinds: tuple[str, ...]
    provider_types: tuple[str, ...]
    tries: tuple[tuple[dict[str, str], str], ...] = field(default=())
    without_code: str = ""
    """An identifier whose location has no code yet, to ask for one."""


_BEHAVIORAL = _Program(
    slug="wv-bh",
    state="WV",
    area_code="304",
    zip_prefix="259",
    npi_start=100_000_000,
    kinds=("Counseling Center", "Recovery House", "Behavioral Health", "Family Services"),
    provider_types=("Behavioral Health Clinic", "Residential Treatment", "Psychologist"),
    tries=(
        (
            {"identifier": _FIRST_NPI, "code": "0012345678", "name": "Cedar Hollow Counseling"},
            "NPI and Medicaid ID",
        ),
        (
            {"identifier": "", "code": "0090000012", "name": "Fern Gap Recovery House"},
            "no NPI: the Medicaid ID in both fields",
        ),
        (
            {"identifier": "1000000012", "code": "", "name": "Rowan Hill Family Services"},
            "no Medicaid ID: the NPI in both fields",
        ),
        (
            {
                "identifier": "1000000020",
                "code": "0012345702",
                "name": "Elk Meadow Counseling",
                "ends_on": "2024-12-31",
            },
            "refused: the entry has ended",
        ),
    ),
)

_UTILIZATION = _Program(
    slug="ms-um",
    state="MS",
    area_code="601",
    zip_prefix="399",
    npi_start=100_100_000,
    kinds=("Hospital", "Surgery Center", "Rehabilitation Center", "Home Health", "Hospice"),
    provider_types=("Hospital", "Ambulatory Surgery", "Rehabilitation", "Home Health", "Hospice"),
    tries=(
        (
            {"identifier": _FIRST_NPI, "code": "000412345", "name": "Copper Ridge Hospital"},
            "NPI and BCBS ID",
        ),
        (
            {"identifier": "", "code": "000477001", "name": "Maple Ferry Home Health"},
            "no NPI: the BCBS ID in both fields",
        ),
        (
            {
                "identifier": "1001000011",
                "code": "000412399",
                "name": "Otter Bluff Hospice",
                "starts_on": "2099-01-01",
            },
            "refused: the entry has not started",
        ),
    ),
)

_LOCATIONS = _Program(
    slug="acentra-sample",
    state="OH",
    area_code="614",
    zip_prefix="459",
    npi_start=100_200_000,
    without_code="1002000085",
    kinds=("Clinic", "Medical Group", "Therapy Associates", "Imaging", "Dental Care"),
    provider_types=("Clinic", "Physicians", "Therapy", "Imaging", "Dental"),
    tries=(
        (
            {
                "identifier": _FIRST_NPI,
                "code": "K7QM2XRT9B",
                "name": "Harbor Medical Group",
                "address_1": "12 River Drive",
                "city": "Willow Ford",
            },
            "NPI and the location's own code",
        ),
        (
            {
                "identifier": _FIRST_NPI,
                "code": "W4HD8NPC3Z",
                "name": "Harbor Medical Group",
                "address_1": "400 Station Avenue",
                "city": "Alder Fork",
            },
            "the same NPI, another location with another code",
        ),
        (
            {"identifier": "", "code": "R6TJ2VYG5M", "name": "Lantern Therapy Associates"},
            "no NPI: the code in both fields",
        ),
        (
            {
                "identifier": "1002000036",
                "code": "B9XE4KSU7F",
                "name": "Bluebird Imaging",
                "ends_on": "2024-06-30",
            },
            "refused: the entry has ended",
        ),
    ),
)

_PAYMENTS = _Program(
    slug="va-dmas",
    state="VA",
    area_code="804",
    zip_prefix="249",
    npi_start=100_090_000,
    kinds=("Home Care", "Medical Supply", "Adult Day Center", "Nursing Services"),
    provider_types=("Personal Care", "Medical Supply", "Adult Day Health Care", "Nursing"),
    tries=(
        (
            {
                "identifier": _FIRST_NPI,
                "name": "Meridian Home Care",
                "remittance_on": "2026-02-27",
                "remittance_amount": "1234.50",
            },
            "date and amount of the latest remittance advice",
        ),
        (
            {
                "identifier": "1000900013",
                "code": "T5CZ9WGA3H",
                "name": "Cornerstone Nursing Services",
            },
            "no payment so far: the issued code",
        ),
        (
            {
                "identifier": "0040012345",
                "identifier_type": "api",
                "name": "Quail Springs Adult Day Center",
                "remittance_on": "2026-01-16",
                "remittance_amount": "88.00",
            },
            "an API instead of an NPI, with leading zeros",
        ),
    ),
)

_PROGRAMS: Final = {
    program.slug: program for program in (_BEHAVIORAL, _UTILIZATION, _LOCATIONS, _PAYMENTS)
}


def sample_slugs() -> list[str]:
    """Return the contracts that have a sample roster, in the order in which they are shown."""
    return list(_PROGRAMS)


def sample_roster(slug: str) -> Path:
    """Return the roster file of a sample contract; KeyError for another."""
    return ROSTERS / f"{_PROGRAMS[slug].slug}.csv"


def sample_registrations(slug: str) -> list[SampleRegistration]:
    """Return the rows to try, as a person types them; none for a contract without a sample."""
    program = _PROGRAMS.get(slug)
    return [_registration(row, note) for row, note in program.tries] if program else []


def sample_without_code(slug: str) -> str:
    """Return an identifier that has no code yet, to try *I do not have a code*; "" for none."""
    program = _PROGRAMS.get(slug)
    return program.without_code if program else ""


def roster_rows(slug: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a sample roster, the ones to try first. Always the same rows."""
    program = _PROGRAMS[slug]
    chance = random.Random(slug)  # noqa: S311 - sample data, meant to repeat
    tries = [row for row, _ in program.tries]
    # Locations of one provider follow one another, so the number of the provider may stay.
    serial = len(tries)
    for index in range(_ROWS):
        own = tries[index] if index < len(tries) else _edge_case(program, index)
        row = _common_fields(program, index, chance)
        if own.get("identifier") is None:
            if not (program is _LOCATIONS and index % 9 == 0):
                serial += 1
            row["identifier"] = _npi(program.npi_start + serial)
        yield {column: (row | own).get(column, "") for column in COLUMNS}


def write_rosters() -> None:
    """Write every sample roster to its file."""
    ROSTERS.mkdir(exist_ok=True)
    for slug in _PROGRAMS:
        with sample_roster(slug).open("w", encoding="utf-8", newline="") as file:
            write_sheet(file, [COLUMNS])
            write_sheet(file, (row.values() for row in roster_rows(slug)))


def _registration(row: dict[str, str], note: str) -> SampleRegistration:
    identifier, code = row["identifier"], row.get("code", "")
    paid = "remittance_on" in row
    return SampleRegistration(
        identifier=identifier or code,
        code="" if paid else code or identifier,
        name=row["name"],
        note=note,
        city=row.get("city", ""),
        remittance_on=row.get("remittance_on", ""),
        remittance_amount=row.get("remittance_amount", ""),
    )


def _common_fields(program: _Program, index: int, chance: random.Random) -> dict[str, str]:
    kind = index % len(program.kinds)
    place = chance.choice(_PLACES)
    namesake = chance.choice(_NAMESAKES)
    number = f"{index % 100:02d}"
    name = f"{place} {namesake} {program.kinds[kind]}"
    return {
        "name": name,
        "code": _program_code(program, index),
        "provider_type": program.provider_types[index % len(program.provider_types)],
        "address_1": f"{100 + index} {chance.choice(_STREETS)}",
        "address_2": f"Suite {100 + index}" if index % 5 == 0 else "",
        "city": place,
        "state": program.state,
        "zip": f"{program.zip_prefix}{index % 100:02d}",
        "phone": f"{program.area_code}-555-01{number}",
        "fax": f"{program.area_code}-555-01{(index + 50) % 100:02d}",
        "notice_email": f"office{index:03d}@{program.slug}.example.org",
        "starts_on": f"{2015 + index % 9}-07-01",
        **_payment(program, index, chance),
    }


def _program_code(program: _Program, index: int) -> str:
    """Return the program's own number; issued codes are made on import, not on the roster."""
    if program is _BEHAVIORAL:
        return f"{20_000_000 + index * 7:010d}"
    if program is _UTILIZATION:
        return f"{500_000 + index * 11:09d}"
    return ""


def _payment(program: _Program, index: int, chance: random.Random) -> dict[str, str]:
    # Every twelfth provider is new: it has had no payment, and needs an issued code.
    if program is not _PAYMENTS or index < len(program.tries) or index % 12 == 0:
        return {}
    return {
        "remittance_on": f"2026-{1 + index % 6:02d}-{1 + index % 28:02d}",
        "remittance_amount": f"{chance.randint(1_000, 9_999_999) / 100:.2f}",
    }


def _edge_case(program: _Program, index: int) -> dict[str, str]:
    """Return what is special about a row beyond the first ones: one of the rule's edge cases."""
    by_payment = program is _PAYMENTS
    cases = [
        (index % 50 == 0, {"ends_on": "2024-12-31"}),
        (index % 51 == 0, {"starts_on": "2099-07-01"}),
        (index % 10 == 0 and not by_payment, {"identifier": ""}),
        (index % 10 == 5 and program is _BEHAVIORAL, {"code": ""}),
        (
            index % 20 == 5 and by_payment,
            {"identifier": f"00400{index:05d}", "identifier_type": "api"},
        ),
        # A provider across the border, in a state whose ZIP codes begin with a zero.
        (index % 33 == 0, {"city": "Birch Landing", "state": "CT", "zip": "06999"}),
    ]
    return next((fields for applies, fields in cases if applies), {})


def _npi(body: int) -> str:
    return f"{body}{npi_check_digit(str(body))}"


if __name__ == "__main__":
    write_rosters()
