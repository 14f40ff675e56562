"""The layout of the national file of NPIs (NPPES), known by the names in its header.

Source: CMS, the readme of NPPES data dissemination and the header of the file; the shorter names
are those of the NPI Registry's own fields. Of an NPI it takes name and practice location.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from core.common.tables import column_names

_LONG: Final = "provider_business_practice_location_address_"
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "identifier": ("npi", "number"),
    "organization": ("provider_organization_name_(legal_business_name)", "organization_name"),
    "first": ("provider_first_name", "first_name"),
    "last": ("provider_last_name_(legal_name)", "last_name"),
    "address_1": ("provider_first_line_business_practice_location_address", "address_1"),
    "address_2": ("provider_second_line_business_practice_location_address", "address_2"),
    "city": (f"{_LONG}city_name", "city"),
    "state": (f"{_LONG}state_name", "state"),
    "zip": (f"{_LONG}postal_code", "postal_code"),
    "phone": (f"{_LONG}telephone_number", "telephone_number"),
    "fax": (f"{_LONG}fax_number", "fax_number"),
}
"""What is taken, by the names of both generations of the header."""
_NEEDED: Final = ("identifier", "organization", "address_1", "city", "state", "zip")
FILLED: Final = ("name", "address_1", "address_2", "city", "state", "zip", "phone", "fax")
"""The columns of a roster that are filled."""

Layout = Mapping[str, str]
"""What is taken, to the name that it has in a file."""


def find_layout(header: Sequence[str]) -> Layout | None:
    """Return where a file of NPIs has what is taken; None for any other header."""
    there = set(column_names(header))
    layout = {
        taken: next((name for name in names if name in there), "")
        for taken, names in _NAMES.items()
    }
    return layout if all(layout[taken] for taken in _NEEDED) else None


def roster_cells(layout: Layout, cells: Mapping[str, str]) -> dict[str, str]:
    """Return a row of such a file by the columns of a roster; a person by first and last name."""
    found = {taken: cells.get(name, "").strip() for taken, name in layout.items()}
    person = " ".join(filter(None, (found.pop("first"), found.pop("last"))))
    return {**found, "name": found.pop("organization") or person, "identifier_type": "npi"}


def says_something(cells: Mapping[str, str]) -> bool:
    """Tell whether a row has more than its number, as `roster_cells` returns it."""
    return any(cells[name] for name in FILLED)
