"""Workers that are lost, and workers at once: the old roster or the new one, and never two runs."""

from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from contracts.roster.columns import COLUMNS
from contracts.roster.models import RosterChange, RosterImport, RosterUpload
from contracts.roster.selectors import list_entries
from contracts.roster.services.runs import run_upload
from contracts.roster.services.uploads import (
    UploadOpenError,
    begin_upload,
    cancel_upload,
    confirm_upload,
    take_file,
)
from contracts.roster.uploads.leases import MOST_RUNS, list_waiting, take_lease
from contracts.roster.uploads.states import UploadState
from core.common.clock import now
from core.common.ids import uuid7
from tenants.context import ActiveContract, contract_context
from tests.integration.roster.conftest import AT, CLINIC, NO_CODE, NO_NPI, WriteRoster
from tests.support.kills import is_killed_at
from tests.support.publishing import publish_change
from tests.support.threads import at_once

BY = uuid7()


def sent(path: Path) -> RosterUpload:
    with path.open("rb") as file:
        return take_file(file=file, file_name=path.name, size=path.stat().st_size, by=BY, at=now())


def worker_is_killed_at(step: int, upload: RosterUpload) -> bool:
    """Tell whether the worker came to the step; nobody knows of its death before its lease ends."""
    killed = is_killed_at(step, partial(run_upload, upload_id=upload.id, clock=now))
    upload.refresh_from_db()
    if killed and upload.lease is not None:
        assert not run_upload(upload_id=upload.id, clock=now)  # another one has it, it seems
        RosterUpload.objects.update(leased_until=now(), runs=0)
    return killed


def names() -> set[str]:
    return set(list_entries().values_list("name", flat=True))


@pytest.fixture
def working(contract_a: ActiveContract) -> Iterator[None]:
    with contract_context(contract_a):
        yield


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_a_worker_killed_at_any_step_leaves_the_old_roster_and_the_next_one_goes_on(
    working: None, write_roster: WriteRoster
) -> None:
    before = names()
    upload = sent(write_roster([CLINIC, NO_NPI, NO_CODE]))
    for step in count(1):
        if not worker_is_killed_at(step, upload):
            break
        assert upload.state == UploadState.CHECKING
        assert not RosterChange.objects.filter(changes=upload.id).exists()
    assert step > 2  # taken, compared
    assert upload.state == UploadState.READY
    shown = (upload.added, upload.changed, upload.removed)
    confirm_upload(
        upload_id=upload.id, shown=shown, many_may_leave=True, by=BY, reason="x", at=now()
    )
    for step in count(1):
        if not worker_is_killed_at(step, upload):
            break
        assert upload.state == UploadState.SWAPPING
        assert list_waiting(at=now()).get() == upload
        assert names() == before
    assert step > 2  # taken, swapped
    assert upload.state == UploadState.APPLIED
    assert len(names()) == 3
    assert RosterImport.objects.filter(changes=upload.id).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_of_two_at_once_one_wins(contract_a: ActiveContract, write_roster: WriteRoster) -> None:
    def begin(_place: int) -> RosterUpload | None:
        with contract_context(contract_a):
            try:
                return begin_upload(file_name="a.csv", size=9, by=BY, at=now())
            except UploadOpenError:
                return None

    begun = [one for one in at_once(4, begin) if one]
    assert len(begun) == 1
    with contract_context(contract_a):
        cancel_upload(upload_id=begun[0].id, by=BY, at=now())
        upload = sent(write_roster([CLINIC]))

    def take(_place: int) -> bool:
        with contract_context(contract_a):
            return take_lease(upload.id, clock=now) is not None

    assert sum(at_once(4, take)) == 1
    with contract_context(contract_a):
        RosterUpload.objects.update(lease=None, leased_until=None)

    def run(_place: int) -> None:
        with contract_context(contract_a):
            run_upload(upload_id=upload.id, clock=now)

    at_once(2, run)
    with contract_context(contract_a):
        upload.refresh_from_db()
        assert upload.state == UploadState.READY
        shown = (upload.added, upload.changed, upload.removed)
        confirm_upload(
            upload_id=upload.id, shown=shown, many_may_leave=True, by=BY, reason="x", at=now()
        )
        at_once(2, run)
        upload.refresh_from_db()
        assert upload.state == UploadState.APPLIED
        assert RosterImport.objects.filter(changes=upload.id).count() == 1


@pytest.mark.django_db
def test_a_file_that_is_cancelled_stops_its_worker(
    working: None, write_roster: WriteRoster, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = sent(write_roster([CLINIC, NO_NPI]))
    before = names()
    kept = take_lease

    def cancelled_meanwhile(*args: object, **kwargs: object) -> RosterUpload | None:
        taken = kept(*args, **kwargs)  # type: ignore[arg-type]
        cancel_upload(upload_id=upload.id, by=BY, at=now())
        return taken

    monkeypatch.setattr("contracts.roster.services.runs.take_lease", cancelled_meanwhile)
    run_upload(upload_id=upload.id, clock=now)
    upload.refresh_from_db()
    assert upload.state == UploadState.CANCELLED
    assert names() == before
    assert not RosterChange.objects.filter(changes=upload.id).exists()


@pytest.mark.django_db
def test_a_rule_that_is_published_while_a_worker_has_the_file_makes_the_difference_again(
    working: None, write_roster: WriteRoster
) -> None:
    before, upload = names(), sent(write_roster([CLINIC, NO_NPI, NO_CODE]))
    run_upload(upload_id=upload.id, clock=now)
    upload.refresh_from_db()
    shown = (upload.added, upload.changed, upload.removed)
    confirm_upload(
        upload_id=upload.id, shown=shown, many_may_leave=True, by=BY, reason="x", at=now()
    )
    publish_change("wv-bh", registration__without_npi="refuse")  # this worker does not know yet
    assert run_upload(upload_id=upload.id, clock=now)
    upload.refresh_from_db()
    assert (upload.state, upload.made_again) == (UploadState.CHECKING, True)
    assert names() == before


@pytest.mark.django_db
def test_a_file_over_which_workers_are_lost_again_and_again_is_given_up(
    working: None, write_roster: WriteRoster
) -> None:
    upload = sent(write_roster([CLINIC]))
    RosterUpload.objects.update(runs=MOST_RUNS)
    run_upload(upload_id=upload.id, clock=now)
    upload.refresh_from_db()
    assert upload.state == UploadState.REFUSED
    assert "Nothing was changed" in upload.problem


@pytest.mark.django_db
def test_a_million_rows_with_one_bad_are_a_short_report(
    working: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fewer rows here; that memory is flat is measured (tests/bench/test_roster.py)."""
    path = tmp_path / "roster.csv"
    plain = ",".join(CLINIC.get(name, "") for name in COLUMNS)
    rows = [plain.replace(CLINIC["identifier"], f"{one:09d}") for one in range(3_000)]
    path.write_text("\n".join([",".join(COLUMNS), *rows]))
    monkeypatch.setattr("contracts.roster.services.checking.MOST_KEPT", 10)
    upload = sent(path)
    run_upload(upload_id=upload.id, clock=lambda: AT)
    upload.refresh_from_db()
    assert (upload.state, upload.rows, upload.rejected) == ("refused", 3_000, 3_000)
    assert upload.rejections.count() <= 12
