"""A file of NPIs fills names and addresses in, and neither adds nor removes anybody."""

from pathlib import Path

import pytest

from contracts.roster.models import RosterEntry
from contracts.roster.selectors import list_entries
from core.common.tables import TableFileError
from tenants.context import ActiveContract
from tests.integration.roster.conftest import CLINIC, NO_CODE, NO_NPI, WriteRoster, take

pytestmark = pytest.mark.django_db
PLACE = "Provider Business Practice Location Address"
LONG = (
    "NPI,Entity Type Code,Provider Organization Name (Legal Business Name),"
    "Provider Last Name (Legal Name),Provider First Name,"
    "Provider First Line Business Practice Location Address,"
    "Provider Second Line Business Practice Location Address,"
    f"{PLACE} City Name,{PLACE} State Name,{PLACE} Postal Code,"
    f"{PLACE} Country Code (If outside U.S.),{PLACE} Telephone Number,{PLACE} Fax Number"
)
SHORT = (
    "number,enumeration_type,organization_name,last_name,first_name,address_1,address_2,city,"
    "state,postal_code,country_code,telephone_number,fax_number"
)
ROWS = (
    "1234567893,2,CEDAR HOLLOW LLC,,,9 OAK ROAD,FLOOR 2,ELKINS,WV,262411234,US,3045550100,",
    "1000000012,1,,ROWAN,ALEX,12 HILL,,ELKINS,WV,26241,US,,",
    "1000000004,2,ON NO ROSTER,,,1 A STREET,,NOWHERE,ZZ,1,US,,",
)


def file_of(tmp_path: Path, header: str, *rows: str) -> Path:
    path = tmp_path / "npis.csv"
    path.write_text("\n".join((header, *rows)))
    return path


@pytest.mark.parametrize("header", [LONG, SHORT], ids=["dissemination file", "registry fields"])
def test_entries_that_are_there_get_name_and_address(
    in_contract_a: ActiveContract, write_roster: WriteRoster, tmp_path: Path, header: str
) -> None:
    take(write_roster([CLINIC, NO_CODE, NO_NPI]))
    report = take(file_of(tmp_path, header, *ROWS))
    assert report.applied, report.rejections
    assert report.difference is not None
    assert (report.difference.added, report.difference.removed) == (0, 0)
    assert report.difference.changed == 2
    assert list_entries().count() == 3
    clinic = RosterEntry.objects.get(identifier="1234567893")
    assert (clinic.name, clinic.address_2, clinic.zip) == (
        "CEDAR HOLLOW LLC",
        "FLOOR 2",
        "26241-1234",
    )
    assert (clinic.phone, clinic.code) == ("+13045550100", CLINIC["code"])
    assert RosterEntry.objects.get(identifier="1000000012").name == "ALEX ROWAN"


def test_a_wrong_row_of_an_entry_is_rejected_and_nothing_changes(
    in_contract_a: ActiveContract, write_roster: WriteRoster, tmp_path: Path
) -> None:
    take(write_roster([CLINIC]))
    report = take(file_of(tmp_path, LONG, ROWS[0].replace(",WV,", ",ZZ,"), *ROWS[1:]))
    assert [(one.row, one.column) for one in report.rejections] == [(2, "state")]
    assert RosterEntry.objects.get(identifier="1234567893").name == CLINIC["name"]


def test_a_number_that_was_deactivated_has_nothing_to_give_and_hinders_nobody(
    in_contract_a: ActiveContract, write_roster: WriteRoster, tmp_path: Path
) -> None:
    take(write_roster([CLINIC, NO_CODE]))
    report = take(file_of(tmp_path, LONG, "1234567893,,,,,,,,,,,,", *ROWS[1:]))
    assert report.applied, report.rejections
    assert RosterEntry.objects.get(identifier="1234567893").name == CLINIC["name"]
    assert RosterEntry.objects.get(identifier="1000000012").name == "ALEX ROWAN"


def test_a_roster_of_locations_is_not_filled_in(
    in_contract_b: ActiveContract, tmp_path: Path
) -> None:
    with pytest.raises(TableFileError, match="this roster lists locations"):
        take(file_of(tmp_path, LONG, *ROWS))
