"""Registration codes by the API: made, taken once, revoked; and whatever goes wrong."""

import base64
import csv
import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.api.models import KeptAnswer
from contracts.registration.rules import issued_code_digest
from contracts.roster.kinds import REMINDER_KIND
from contracts.roster.models import IssuedCode, Mailing, MailingLetter, MailingPiece, RosterEntry
from contracts.roster.tasks import make_mailing
from core.audit.models import AuditEvent
from core.common import clock
from core.notifications.models import OutboxMessage
from core.staff.models import StaffRole
from core.staff.permissions import StaffPermission
from tenants.context import ActiveContract, contract_context
from tests.integration.api.rosters import fill
from tests.integration.roster.conftest import LOCATION, NAMELESS_LOCATION, SECOND_LOCATION
from tests.support.api import Caller, assert_problem, caller
from tests.support.days import day_of
from tests.support.publishing import suspend
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
ROSTER = "/contracts/acentra-sample/roster/"
CODES, MAILINGS, REVOKE = f"{ROSTER}codes/", f"{ROSTER}mailings/", f"{ROSTER}codes/revoke/"
ROWS = [one | {"code": ""} for one in (LOCATION, SECOND_LOCATION, NAMELESS_LOCATION)]

REMINDERS = f"{ROSTER}reminders/"
MOST_STATEMENTS = 6


@pytest.fixture
def roster(contract_b: ActiveContract, tmp_path: Path) -> ActiveContract:
    """Return a contract whose entries have no code that works."""
    fill(contract_b, tmp_path, ROWS)
    with contract_context(contract_b):
        IssuedCode.objects.update(revoked_at=clock.now())
    return contract_b


def entry_of(contract: ActiveContract, name: str) -> RosterEntry:
    with contract_context(contract):
        return RosterEntry.objects.get(name=name)


def wanted(**more: object) -> dict[str, object]:
    return {"reason": "Ticket 7", "form": "screen", "code": "missing", **more}


def made(who: Caller, **more: object) -> str:
    """Have codes made; a worker does it at once."""
    answer = who.post(CODES, wanted(**more))
    assert answer.status_code == 202, answer.content
    at = str(answer.headers["Location"].removeprefix("/api/v1"))
    assert who.get(at).json()["state"] == "ready"
    return at


def usable(contract: ActiveContract) -> int:
    with contract_context(contract):
        return IssuedCode.objects.filter(revoked_at=None).count()


def test_codes_for_all_that_miss_one_are_taken_once(roster: ActiveContract) -> None:
    olive = caller()
    at = made(olive)
    assert olive.get(at).json()["total"] == len(ROWS)
    answer = olive.post(f"{at}take/", key="k1")
    codes = {one["name"]: one["code"] for one in answer.json()["codes"]}
    assert {date.fromisoformat(one["until"]) > day_of() for one in answer.json()["codes"]} == {True}
    assert len({one["code"] for one in answer.json()["codes"]}) == len(ROWS)
    shown = codes[NAMELESS_LOCATION["name"]].replace("-", "").replace(" ", "")
    with contract_context(roster):
        (code,) = IssuedCode.objects.filter(entry__name=NAMELESS_LOCATION["name"])
        digest = issued_code_digest(code.entry_id, shown, version=code.key_version)
        assert bytes(code.digest) == digest
        assert not MailingPiece.objects.exists()
    assert olive.post(f"{at}take/", key="k1").json() == answer.json()
    assert_problem(olive.post(f"{at}take/"), 409, "mailing_nothing_to_take")
    assert olive.get(at).json()["state"] == "taken"
    kept = [bytes(one.sealed_body) for one in KeptAnswer.objects.all()]
    assert not any(shown.encode() in one for one in kept)
    assert_problem(olive.post(CODES, wanted()), 409, "mailing_nobody")


def test_a_code_for_one_entry_ends_its_earlier_one(roster: ActiveContract) -> None:
    olive, entry = caller(), entry_of(roster, NAMELESS_LOCATION["name"])
    one = {"entry": str(entry.id), "code": None}
    made(olive, **one)
    made(olive, **one)
    assert usable(roster) == 1
    events = AuditEvent.objects.filter(event_type="mailing.begun")
    assert {(one.actor_id, one.data["reason"]) for one in events} == {(olive.user.pk, "Ticket 7")}
    assert all(one.data["token"] for one in events)


def test_codes_for_entries_that_are_named(roster: ActiveContract) -> None:
    olive = caller()
    with contract_context(roster):
        keys = RosterEntry.objects.filter(removed_at=None).values_list("id", flat=True)
        named = [str(key) for key in keys][:2]
    at = made(olive, entries=[*named, named[0]], code=None)
    assert olive.get(at).json()["total"] == 2
    codes = olive.post(f"{at}take/").json()["codes"]
    assert {one["entry"] for one in codes} == set(named)
    assert usable(roster) == 2


def test_named_entries_all_exist(roster: ActiveContract, contract_a: ActiveContract) -> None:
    olive, here = caller(), str(entry_of(roster, NAMELESS_LOCATION["name"]).id)
    there = CODES.replace(roster.slug, contract_a.slug)
    for path, keys, places in (
        (CODES, [here, str(uuid4()), "00000000-0000-0000-0000-000000000000"], [1, 2]),
        (REVOKE, [str(uuid4()), here], [0]),
        (there, [here], [0]),
    ):
        body = wanted(entries=keys, code=None)
        if path == REVOKE:
            del body["form"]
        answer = olive.post(path, body)
        assert_problem(answer, 422, "entries_unknown")
        pointers = [error["pointer"] for error in answer.json()["errors"]]
        assert pointers == [f"/entries/{place}" for place in places]
    assert usable(roster) == 0


@pytest.mark.parametrize(("form", "state"), [("mail", "sent"), ("letters", "ready")])
def test_providers_are_reminded(roster: ActiveContract, form: str, state: str) -> None:
    olive, entry = caller(), entry_of(roster, NAMELESS_LOCATION["name"])
    with contract_context(roster):
        RosterEntry.objects.filter(pk=entry.pk).update(notice_email="front@clinic.example")
    body = {"reason": "Ticket 9", "form": form, "entry": str(entry.id)}
    answer = olive.post(REMINDERS, body)
    assert answer.status_code == 202, answer.content
    facts = olive.get(answer.headers["Location"].removeprefix("/api/v1")).json()
    assert (facts["act"], facts["state"], facts["total"]) == ("remind", state, 1)
    told = OutboxMessage.objects.filter(kind=REMINDER_KIND).values_list("to", flat=True)
    assert list(told) == (["front@clinic.example"] if form == "mail" else [])
    assert usable(roster) == 0


def test_no_code_goes_out_with_a_reminder(roster: ActiveContract) -> None:
    body = {"reason": "x", "form": "screen", "standing": "open"}
    assert_problem(caller().post(REMINDERS, body), 400, "body_invalid")


def test_sent_again_the_answer_is_the_same_when_the_entry_has_left(roster: ActiveContract) -> None:
    olive, entry = caller(), entry_of(roster, NAMELESS_LOCATION["name"])
    body = wanted(entries=[str(entry.id)], code=None)
    first = olive.post(CODES, body, key="k1")
    # As an upload leaves it: nobody can be sent a code for it any more
    with contract_context(roster):
        RosterEntry.objects.filter(pk=entry.pk).update(removed_at=clock.now())
    assert_problem(olive.post(CODES, body, key="k2"), 409, "mailing_nobody")
    again = olive.post(CODES, body, key="k1")
    assert (again.status_code, again.json()) == (202, first.json())


def test_a_sheet_is_a_file(roster: ActiveContract) -> None:
    olive = caller()
    taken = olive.post(f"{made(olive, form='sheet')}take/").json()
    assert (taken["codes"], taken["content_type"]) == (None, "text/csv")
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(taken["content"]).decode("utf-8-sig"))))
    assert NAMELESS_LOCATION["name"] in {row["name"] for row in rows}
    last_days = {(row["valid_until"], row["valid_until_date"]) for row in rows}
    (printed, kept) = last_days.pop()
    assert not last_days
    assert printed == f"{date.fromisoformat(kept):%B %-d, %Y}"


def test_nobody_is_reminded_by_mail_twice_a_day(roster: ActiveContract) -> None:
    olive, entry = caller(), entry_of(roster, NAMELESS_LOCATION["name"])
    with contract_context(roster):
        RosterEntry.objects.filter(pk=entry.pk).update(notice_email="front@clinic.example")
    body = {"reason": "Ticket 9", "form": "mail", "entry": str(entry.id)}

    def remind(**other: object) -> int:
        """Return how many were left out."""
        answer = olive.post(REMINDERS, body | other)
        return int(olive.get(answer.headers["Location"].removeprefix("/api/v1")).json()["left_out"])

    assert [remind(), remind(), remind(form="letters")] == [0, 1, 0]
    assert OutboxMessage.objects.filter(kind=REMINDER_KIND).count() == 1
    with contract_context(roster):
        MailingLetter.objects.update(done_at=clock.now() - timedelta(days=1))
    assert remind() == 0


def test_nobody_else_takes_it(roster: ActiveContract) -> None:
    at = made(caller())
    otto = caller(name="otto")
    assert_problem(otto.post(f"{at}take/"), 404, "not_found")
    assert otto.get(at).json()["state"] == "ready"


def test_codes_are_revoked(roster: ActiveContract) -> None:
    olive, entry = caller(), entry_of(roster, NAMELESS_LOCATION["name"])
    made(olive)
    one = olive.post(REVOKE, {"reason": "Lost", "entry": str(entry.id)}, key="k1")
    assert (one.status_code, one.json()) == (200, {"codes": 1})
    assert olive.post(REVOKE, {"reason": "Lost", "entry": str(entry.id)}, key="k1").json() == {
        "codes": 1
    }
    event = AuditEvent.objects.get(event_type="issued_code.revoked")
    assert (event.subject_id, event.data["reason"]) == (entry.id, "Lost")
    rest = olive.post(REVOKE, {"reason": "All of them", "standing": "open"})
    assert rest.json() == {"codes": len(ROWS) - 1}
    assert usable(roster) == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"reason": "x"}, 422),
        ({"reason": "x", "q": "  "}, 422),
        ({"reason": "x", "entry": str(uuid4()), "standing": "open"}, 422),
        ({"reason": "x", "entry": str(uuid4()), "entries": [str(uuid4())]}, 422),
        ({"reason": "x", "entries": [str(uuid4())], "q": "fern"}, 422),
        ({"reason": "x", "entries": []}, 400),
        ({"reason": "x", "entries": [str(uuid4())] * 1_001}, 400),
        ({"reason": " ", "standing": "open"}, 400),
        ({"reason": "x", "standing": "registered"}, 400),
        ({"reason": "x", "entry": "no-key"}, 400),
        ({"reason": "x", "standing": "open", "colour": 1}, 400),
    ],
)
def test_who_is_meant_is_said_clearly(
    roster: ActiveContract, body: dict[str, Any], status: int
) -> None:
    olive = caller()
    made(olive)
    code = {400: "body_invalid", 422: "entries_unclear"}[status]
    assert_problem(olive.post(REVOKE, body), status, code)
    assert_problem(olive.post(CODES, {**body, "form": "sheet"}), status, code)
    assert usable(roster) == len(ROWS)


def test_where_the_rule_has_no_codes_none_are_made(contract_a: ActiveContract) -> None:
    olive, there = caller(), f"/contracts/{contract_a.slug}/roster/codes/"
    assert_problem(olive.post(there, wanted(q="fern")), 409, "no_issued_codes")
    revoked = olive.post(f"{there}revoke/", {"reason": "x", "q": "fern"})
    assert_problem(revoked, 409, "no_issued_codes")
    with contract_context(contract_a):
        assert not Mailing.objects.exists()


def test_rights_and_scope(roster: ActiveContract, contract_a: ActiveContract) -> None:
    olive, entry = caller(), entry_of(roster, NAMELESS_LOCATION["name"])
    at = made(olive)
    foreign = caller(StaffRole.CONTRACT_ADMIN, contract_a, name="foreign")
    auditor = caller(StaffRole.AUDITOR, name="auditor")
    reader = caller(
        name="reader", rights=(StaffPermission.CONTRACTS_VIEW, StaffPermission.ROSTER_VIEW)
    )
    for path, body in (
        (CODES, wanted()),
        (REMINDERS, {"reason": "x", "form": "mail", "standing": "open"}),
        (REVOKE, {"reason": "x", "standing": "open"}),
        (f"{at}take/", None),
    ):
        assert_problem(foreign.post(path, body), 404, "not_found")
        assert_problem(auditor.post(path, body), 403, "right_missing")
        assert_problem(reader.post(path, body), 403, "right_missing")
    for path in (MAILINGS, at):
        assert_problem(foreign.get(path), 404, "not_found")
        assert auditor.get(path).status_code == 200
    elsewhere = at.replace(roster.slug, contract_a.slug)
    assert_problem(olive.get(elsewhere), 404, "not_found")
    assert_problem(olive.post(f"{elsewhere}take/"), 404, "not_found")
    there = CODES.replace(roster.slug, contract_a.slug)
    strange = wanted(entry=str(entry.id), code=None)
    assert_problem(olive.post(there, strange), 404, "not_found")
    assert usable(roster) == len(ROWS)


def test_a_suspended_contract_issues_none(roster: ActiveContract) -> None:
    olive = caller()
    suspend(roster.slug)
    assert_problem(olive.post(CODES, wanted()), 409, "conflict")


def test_few_statements(roster: ActiveContract) -> None:
    olive = caller()
    at = made(olive)
    for path in (MAILINGS, at):
        with CaptureQueriesContext(connection) as captured:
            assert olive.get(path).status_code == 200
        assert len(captured) <= MOST_STATEMENTS


@pytest.mark.django_db(transaction=True)
def test_of_two_that_ask_at_once_one_makes_codes(
    roster: ActiveContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    callers = [caller(name=f"asker{place}") for place in range(3)]
    monkeypatch.setattr(make_mailing, "delay", lambda *_: None)
    codes = at_once(3, lambda place: callers[place].post(CODES, wanted()).status_code)
    assert sorted(codes) == [202, 409, 409]
    with contract_context(roster):
        assert Mailing.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_that_take_at_once_one_gets_the_codes(roster: ActiveContract) -> None:
    olive = caller()
    at = made(olive)
    codes = at_once(3, lambda _: olive.post(f"{at}take/").status_code)
    assert sorted(codes) == [200, 409, 409]
