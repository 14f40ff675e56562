"""A roster file and people at one moment: one of both wins, and the other is told."""

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from contracts.roster.models import RosterEntry, RosterUpload
from contracts.roster.rows import RosterRow, read_row
from contracts.roster.services import runs
from contracts.roster.services.entries import EntryChangedError, change_entry, version_of
from contracts.roster.services.runs import run_upload
from contracts.roster.services.staging import roster_mark
from contracts.roster.services.uploads import cancel_upload, confirm_upload, take_file
from contracts.roster.uploads.states import UploadState, UploadStateError
from core.common.clock import now
from core.common.ids import uuid7
from tenants.context import ActiveContract, contract_context
from tests.integration.roster.conftest import CLINIC, NO_NPI, WriteRoster, take
from tests.support.threads import at_once, until_blocked_or

pytestmark = pytest.mark.django_db(transaction=True)
BY = uuid7()


def checked(path: Path) -> RosterUpload:
    """Send a file and have it checked, in the contract in hand."""
    with path.open("rb") as file:
        upload = take_file(
            file=file, file_name=path.name, size=path.stat().st_size, by=BY, at=now()
        )
    run_upload(upload_id=upload.id, clock=now)
    upload.refresh_from_db()
    assert upload.state == UploadState.READY
    return upload


def confirm(upload: RosterUpload) -> None:
    shown = (upload.added, upload.changed, upload.removed)
    confirm_upload(
        upload_id=upload.id, shown=shown, many_may_leave=True, by=BY, reason="x", at=now()
    )


def test_of_confirming_and_cancelling_at_once_one_wins(
    contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    with contract_context(contract_a):
        upload = checked(write_roster([CLINIC, NO_NPI]))
    acts: list[Callable[[], None]] = [
        lambda: confirm(upload),
        lambda: cancel_upload(upload_id=upload.id, by=BY, at=now()),
    ]

    def act(place: int) -> bool:
        with contract_context(contract_a):
            try:
                acts[place]()
            except UploadStateError:
                return False
            return True

    for _ in range(5):  # they have to meet between two statements
        with contract_context(contract_a):
            RosterUpload.objects.update(state=UploadState.READY, ended_at=None)
        assert sorted(at_once(2, act)) == [False, True]


def test_an_entry_is_not_edited_between_the_last_look_and_the_swap(
    contract_a: ActiveContract, write_roster: WriteRoster, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contract_context(contract_a):
        take(write_roster([CLINIC]))
        upload = checked(write_roster([CLINIC | {"city": "Elkins"}]))
        confirm(upload)
        entry = RosterEntry.objects.get(identifier=CLINIC["identifier"])
        seen = version_of(entry)
        row = read_row(contract_a.document.registration, 1, CLINIC | {"name": "Named by hand"})
    assert isinstance(row, RosterRow)
    looked, over = Event(), Event()

    def slow() -> str:
        found = roster_mark()
        looked.set()
        until_blocked_or(over)
        return found

    def act(place: int) -> str:
        with contract_context(contract_a):
            if place == 0:
                run_upload(upload_id=upload.id, clock=now)
                return ""
            assert looked.wait(30)
            try:
                change_entry(entry_id=entry.id, row=row, seen=seen, by=BY, at=now())
            except EntryChangedError as error:
                return error.code
            finally:
                over.set()
            return "edited"

    monkeypatch.setattr(runs, "roster_mark", slow)
    assert at_once(2, act)[1] == EntryChangedError.code
    with contract_context(contract_a):
        entry.refresh_from_db()
    assert (entry.city, entry.name) == ("Elkins", CLINIC["name"])
