"""Roster files in the console: sent, checked, looked at, swapped in; and whatever goes wrong."""

import gzip
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from contracts.roster.columns import COLUMNS
from contracts.roster.models import RosterEntry, RosterImport, RosterUpload, UploadPart
from contracts.roster.selectors import list_entries
from contracts.roster.uploads import files
from contracts.roster.uploads.states import UploadState
from core.audit.models import AuditEvent
from core.staff.models import StaffRole
from tenants.context import ActiveContract, contract_context
from tests.integration.roster.conftest import CLINIC, NO_CODE, NO_NPI, Row
from tests.support.staff import staff_client

pytestmark = pytest.mark.django_db
HERE = "/staff/contracts/wv-bh/roster/"
NEW = f"{HERE}upload/"
ROWS = [CLINIC, NO_NPI, NO_CODE]
In = Callable[[], Any]


@pytest.fixture
def operator() -> Client:
    return staff_client(StaffRole.OPERATOR)


@pytest.fixture
def inside(contract_a: ActiveContract) -> In:
    return lambda: contract_context(contract_a)


def csv_of(rows: list[Row], columns: tuple[str, ...] = COLUMNS) -> bytes:
    lines = [",".join(columns), *(",".join(row.get(name, "") for name in columns) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def send(client: Client, content: bytes, name: str = "roster.csv") -> Any:
    return client.post(NEW, {"file": SimpleUploadedFile(name, content)})


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def sent(client: Client, content: bytes) -> str:
    answer = send(client, content)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.headers["Location"])


def latest(inside: In) -> RosterUpload:
    with inside():
        return RosterUpload.objects.latest("began_at", "id")


def confirm(client: Client, at: str, inside: In, **more: str) -> Any:
    upload = latest(inside)
    shown = {name: getattr(upload, name) for name in ("added", "changed", "removed")}
    typed = {"reason": "The list of June", "removed_typed": str(upload.removed)}
    return client.post(f"{at}confirm/", {**shown, **typed, **more})


def roster(inside: In) -> list[str]:
    with inside():
        return list(list_entries().order_by("name").values_list("name", flat=True))


def test_a_file_is_checked_first_and_swapped_in_once_confirmed(
    operator: Client, inside: In
) -> None:
    before = roster(inside)
    at = sent(operator, csv_of(ROWS))
    shown = page(operator, at)
    assert "All 3 rows passed the checks" in shown
    assert "Removed: " in shown
    assert "Cedar Hollow Clinic" in page(operator, f"{at}changes/?kind=changed")
    assert roster(inside) == before
    assert confirm(operator, at, inside).headers["Location"] == at
    assert "This file is the roster now" in page(operator, at)
    assert roster(inside) == ["Cedar Hollow Clinic", "Fern Gap House", "Rowan Hill Services"]
    with inside():
        imported = RosterImport.objects.latest("id")
        assert (imported.applied, imported.rows, imported.reason) == (True, 3, "The list of June")
        assert imported.file_digest == hashlib.sha256(csv_of(ROWS)).hexdigest()
    event = AuditEvent.objects.filter(event_type="roster.imported").latest("id")
    assert event.subject_id == imported.id
    assert "The list of June" in page(operator, HERE)


def test_fields_that_change_are_shown_one_by_one(operator: Client, inside: In) -> None:
    at = sent(operator, csv_of(ROWS))
    confirm(operator, at, inside)
    moved = CLINIC | {"city": "Elkins", "starts_on": "2026-05-01"}
    again = sent(operator, csv_of([moved, NO_NPI, NO_CODE]))
    shown = page(operator, again)
    assert "Changed: 1" in shown
    assert '<span class="muted">Cedar Hollow</span> → Elkins' in shown
    assert '<span class="muted">(empty)</span> → 2026-05-01' in shown


def test_a_file_that_changes_nothing_says_so(operator: Client, inside: In) -> None:
    confirm(operator, sent(operator, csv_of(ROWS)), inside)
    shown = page(operator, sent(operator, csv_of(ROWS)))
    assert "It would change nothing" in shown
    assert "Swap it in" not in shown


def test_rejected_rows_are_named_and_nothing_changes(operator: Client, inside: In) -> None:
    before = roster(inside)
    formula = CLINIC | {"identifier": "=HYPERLINK(1)", "name": "=cmd|calc"}
    at = sent(operator, csv_of([CLINIC, formula, NO_CODE | {"state": "Nowhere"}]))
    shown = page(operator, at)
    assert "2 of 3 rows rejected: nothing was changed" in shown
    sheet = b"".join(operator.get(f"{at}rejected.csv")).decode()
    assert "3,identifier," in sheet
    assert "4,state,This is not the two-letter code of a state." in sheet
    assert "HYPERLINK" not in sheet
    for later in (HERE, f"{HERE}history/"):
        assert f'<a href="{at}">roster.csv</a>' in page(operator, later)
    assert roster(inside) == before
    assert AuditEvent.objects.filter(event_type="roster.refused").exists()
    assert operator.get(f"{at}confirm/").headers["Location"] == at


BAD: dict[str, tuple[bytes, str]] = {
    "an empty file with a header": (csv_of([]), "The file has a header and no row."),
    "another encoding": (csv_of([CLINIC | {"name": "é"}]).decode().encode("latin-1"), "UTF-8"),
    "UTF-16": (csv_of(ROWS).decode().encode("utf-16"), "UTF-8"),
    "a workbook": (b"PK\x03\x04" + b"\0" * 50, "Excel workbook"),
    "semicolons": (csv_of(ROWS).replace(b",", b";"), "not separated by commas"),
    "a quotation without an end": (csv_of(ROWS) + b'"never', "not well-formed CSV"),
    "a line without an end": (csv_of(ROWS) + b"x" * 300_000, "this is no table"),
    "an unknown column": (csv_of(ROWS, (*COLUMNS, "npi")), "The column &#x27;npi&#x27;"),
    "a ragged row": (csv_of(ROWS) + b"1,2,3\n", "The row has 3 values, the header 17."),
    "a damaged archive": (gzip.compress(csv_of(ROWS))[:-9], "The compressed file is damaged"),
    "the same identifier twice": (csv_of([CLINIC, CLINIC]), "stands in row 2"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_refused_with_a_reason_and_changes_nothing(
    operator: Client, inside: In, kind: str
) -> None:
    content, sentence = BAD[kind]
    before = roster(inside)
    shown = page(operator, sent(operator, content))
    assert "nothing was changed" in shown
    assert sentence in shown
    assert roster(inside) == before
    assert latest(inside).state == UploadState.REFUSED


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbf" + csv_of(ROWS), gzip.compress(csv_of(ROWS))], ids=["BOM", "gzip"]
)
def test_a_byte_order_mark_and_compression_are_fine(operator: Client, content: bytes) -> None:
    assert "All 3 rows passed" in page(operator, sent(operator, content))


def test_a_file_that_inflates_without_end_is_stopped(
    operator: Client, inside: In, settings: Any
) -> None:
    settings.PORTAL_LARGEST_ROSTER_INFLATED = 1_000_000
    bomb = gzip.compress(csv_of(ROWS) + b"\n" * 50_000_000)
    assert "inflates to more than 1 MB" in page(operator, sent(operator, bomb))


def test_a_file_that_is_too_large_or_empty_is_refused_at_the_field(
    operator: Client, settings: Any
) -> None:
    settings.PORTAL_LARGEST_ROSTER = 100
    assert "MB at most" in send(operator, csv_of(ROWS)).content.decode()
    assert "The file is empty." in send(operator, b"").content.decode()


def test_one_file_at_a_time_and_the_other_is_told(operator: Client, inside: In) -> None:
    at = sent(operator, csv_of(ROWS))
    answer = send(operator, csv_of(ROWS), "other.csv")
    assert answer.status_code == 200
    assert "Another roster file of this contract is on its way" in answer.content.decode()
    assert at in answer.content.decode()
    operator.post(f"{at}cancel/")
    assert "This was cancelled" in page(operator, at)
    sent(operator, csv_of(ROWS))


def test_many_that_leave_are_confirmed_by_typing_how_many(operator: Client, inside: In) -> None:
    at = sent(operator, csv_of([CLINIC]))
    assert "More than 10 % of the roster would leave." in page(operator, at)
    refused = confirm(operator, at, inside, removed_typed="1")
    assert "Type the number of entries that leave" in refused.content.decode()
    assert "The list of June" in refused.content.decode()
    assert latest(inside).state == UploadState.READY
    confirm(operator, at, inside)
    assert roster(inside) == ["Cedar Hollow Clinic"]


def test_a_roster_that_changed_meanwhile_is_compared_again(operator: Client, inside: In) -> None:
    confirm(operator, sent(operator, csv_of(ROWS)), inside)
    at = sent(operator, csv_of([CLINIC | {"city": "Elkins"}, NO_NPI, NO_CODE]))
    with inside():
        RosterEntry.objects.filter(name="Fern Gap House").update(phone="+13045550100")
    confirm(operator, at, inside)
    shown = page(operator, at)
    assert "this difference was made again" in shown
    assert "Changed: 2" in shown
    # What was on the page before confirms nothing any more
    stale = {"added": 0, "changed": 1, "removed": 0, "reason": "x"}
    operator.post(f"{at}confirm/", stale)
    assert latest(inside).state == UploadState.READY
    confirm(operator, at, inside)
    with inside():
        assert RosterEntry.objects.get(identifier="1234567893").city == "Elkins"
        assert RosterEntry.objects.get(name="Fern Gap House").phone == ""


def test_a_browser_with_script_sends_parts_and_goes_on_after_a_break(
    operator: Client, inside: In, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PART_BYTES", 100)
    content = csv_of(ROWS)
    begun = {"name": "roster.csv", "size": str(len(content))}
    state = operator.post(f"{NEW}begin/", begun).json()
    pieces = [content[at : at + 100] for at in range(0, len(content), 100)]

    def put(number: int, piece: bytes, digest: str = "") -> Any:
        part = SimpleUploadedFile("blob", piece)
        return operator.post(state["parts"], {"number": number, "digest": digest, "part": part})

    for number in range(1, len(pieces)):
        assert put(number, pieces[number]).status_code == 200
    damaged = put(0, pieces[0], digest="0" * 64)
    assert (damaged.status_code, damaged.json()["problem"][:20]) == (409, "A part of the file w")
    assert put(0, pieces[0] + b"x").status_code == 409
    assert put(99, pieces[0]).status_code == 409
    assert "of" in page(operator, state["page"])
    # The same file once more: what is there is named, with its digest
    again = operator.post(f"{NEW}begin/", begun).json()
    assert again["parts"] == state["parts"]
    assert again["there"]["1"] == hashlib.sha256(pieces[1]).hexdigest()
    assert "0" not in again["there"]
    assert operator.post(f"{NEW}begin/", begun | {"size": "9"}).status_code == 409
    assert put(1, pieces[1]).json()["state"] == "receiving"
    last = put(0, pieces[0])
    assert last.json()["page"] == state["page"]
    assert "All 3 rows passed" in page(operator, state["page"])
    assert put(0, pieces[0]).status_code == 409


def test_what_lies_in_the_database_is_sealed(operator: Client, inside: In) -> None:
    sent(operator, csv_of(ROWS))
    with inside():
        [part] = UploadPart.objects.all()
        assert b"Cedar" not in bytes(part.sealed)


def test_a_contract_admin_imports_for_the_own_contract_alone(contract_a: ActiveContract) -> None:
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_a)
    at = sent(admin, csv_of(ROWS))
    auditor = staff_client(StaffRole.AUDITOR, name="audrey")
    assert "Swap it in" not in page(auditor, at)
    assert auditor.post(f"{at}cancel/").status_code == 403
    other = at.replace("wv-bh", "ms-um")
    assert admin.get(other).status_code == 404
    assert staff_client(StaffRole.OPERATOR, name="oscar").get(other).status_code == 404
    assert staff_client(StaffRole.HELP_DESK, name="helen").get(at).status_code == 403


def test_where_an_entry_is_a_location_the_page_says_so_and_takes_no_file_of_npis(
    operator: Client,
) -> None:
    assert "(NPPES) is taken" in page(operator, NEW)
    locations = page(operator, "/staff/contracts/acentra-sample/roster/upload/")
    assert "An entry is a location" in locations
    assert "NPPES" not in locations
