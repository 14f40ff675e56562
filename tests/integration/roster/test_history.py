"""Going back: what an import did is undone, and undone again; the rest of the world is told."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.directory.selectors import find_matches
from contracts.roster.models import RosterChange, RosterEntry, RosterImport
from contracts.roster.selectors import list_entries
from contracts.roster.services.history import (
    NoWayBackError,
    begin_way_back,
    go_back,
    way_back,
)
from contracts.roster.services.purging import CHANGES_KEPT, purge_uploads
from contracts.roster.services.runs import run_upload
from contracts.roster.services.uploads import UploadOpenError, confirm_upload
from core.audit.models import AuditEvent
from tenants.context import ActiveContract
from tests.integration.roster.conftest import AT, CLINIC, NO_CODE, NO_NPI, WriteRoster, take
from tests.integration.roster.test_command import roster
from tests.support.people import make_person

pytestmark = pytest.mark.django_db
FIELDS = [
    field.name for field in RosterEntry._meta.get_fields() if field.concrete and field.name != "id"
]


def present() -> list[dict[str, Any]]:
    return list(list_entries().order_by("unit_key").values(*FIELDS))


def latest() -> RosterImport:
    return RosterImport.objects.filter(applied=True).latest("id")


def back_to_before(one: RosterImport, **options: Any) -> RosterImport:
    return go_back(import_id=one.id, by=None, reason="A wrong file", at=AT, **options)


@pytest.fixture
def three(in_contract_a: ActiveContract, write_roster: WriteRoster) -> list[list[dict[str, Any]]]:
    """Import three files that add, change, drop and bring back; returns what was there each time.

    The first is of before.
    """
    dated = CLINIC | {"starts_on": "2026-01-01", "ends_on": "2027-01-01", "phone": "304-555-0100"}
    after = [present()]
    for day, rows in enumerate(
        ([CLINIC, NO_NPI], [dated, NO_CODE], [CLINIC | {"city": "Elkins"}, NO_NPI])
    ):
        take(write_roster(rows), at=AT + timedelta(days=day))
        after.append(present())
    return after


def test_each_import_is_gone_back_from_and_going_back_too(three: list[Any]) -> None:
    third, second, first = RosterImport.objects.order_by("-id")[:3]
    back_to_before(third)
    assert present() == three[2]
    way_there = latest()
    assert (way_there.goes_back, way_there.reason) == (third.id, "A wrong file")
    back_to_before(way_there)
    assert present() == three[3]
    back_to_before(second)
    assert present() == three[1]
    event = AuditEvent.objects.filter(event_type="roster.imported").latest("id")
    assert event.data["goes_back"] == str(second.id)
    back_to_before(first)
    assert present() == three[0]


def test_the_shared_index_goes_back_with_it(three: list[Any]) -> None:
    pair = NO_CODE["identifier"], NO_CODE["identifier"]
    assert not find_matches(*pair)
    back_to_before(latest())
    assert find_matches(*pair)


def test_ids_stay_what_they_were(three: list[Any]) -> None:
    before = dict(RosterEntry.objects.values_list("unit_key", "id"))
    back_to_before(latest())
    assert dict(RosterEntry.objects.values_list("unit_key", "id")) == before


def test_what_is_not_kept_has_no_way_back(three: list[Any]) -> None:
    second = RosterImport.objects.get(read_at=AT + timedelta(days=1))
    RosterChange.objects.filter(changes=second.changes or second.id).delete()
    way_back(latest().id)
    for key in (second.id, RosterImport.objects.get(read_at=AT).id, UUID(int=7)):
        with pytest.raises(NoWayBackError):
            way_back(key)


def test_what_imports_changed_is_forgotten_in_time(three: list[Any]) -> None:
    oldest = RosterImport.objects.get(read_at=AT)
    purge_uploads(at=AT + CHANGES_KEPT - timedelta(seconds=1))
    assert RosterChange.objects.filter(changes=oldest.changes or oldest.id).exists()
    purge_uploads(at=AT + CHANGES_KEPT)
    assert not RosterChange.objects.filter(changes=oldest.changes or oldest.id).exists()
    assert RosterChange.objects.filter(changes=latest().changes or latest().id).exists()


def test_the_console_shows_the_way_back_and_takes_it_once_confirmed(three: list[Any]) -> None:
    by = make_person("olive").id
    upload = begin_way_back(import_id=latest().id, by=by, at=AT)
    with pytest.raises(UploadOpenError):
        begin_way_back(import_id=latest().id, by=by, at=AT)
    run_upload(upload_id=upload.id, clock=lambda: AT + timedelta(days=5))
    upload.refresh_from_db()
    assert (upload.state, upload.added, upload.changed, upload.removed) == ("ready", 0, 2, 1)
    assert present() == three[3]
    confirm_upload(
        upload_id=upload.id, shown=(0, 2, 1), many_may_leave=True, by=by, reason="Wrong", at=AT
    )
    run_upload(upload_id=upload.id, clock=lambda: AT + timedelta(days=5))
    assert present() == three[2]
    assert latest().read_by == by


def test_the_command_lists_and_goes_back(in_contract_a: ActiveContract, three: list[Any]) -> None:
    lines = roster("history", in_contract_a.slug)[0].splitlines()
    assert lines[0].startswith(str(latest().id))
    assert "roster.csv" in lines[0]
    facts = json.loads(roster("history", in_contract_a.slug, "--json")[0].splitlines()[0])
    assert (facts["id"], facts["removed"]) == (str(latest().id), 1)
    words = ("rollback", in_contract_a.slug, facts["id"], "--reason", "Wrong file")
    assert "would make: 0 added, 2 changed, 1 removed" in roster(*words, "--dry-run")[0]
    assert present() == three[3]
    done = json.loads(roster(*words, "--json")[0])
    assert (done["goes_back"], done["reason"]) == (facts["id"], "Wrong file")
    assert present() == three[2]
