"""The users of an admin as a file: within reach, harmless in a spreadsheet, recorded."""

import csv
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.groups.models import Membership, Provider, Role
from core.groups.services.memberships import grant_provider_role
from tests.support.naive import fails_with
from tests.support.people import START, make_person
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db


def rows_of(client: Client, path: str = "/setup/users/export/") -> list[dict[str, str]]:
    answer = client.post(path)
    assert answer.status_code == 200
    assert answer.streaming
    assert "attachment" in answer.headers["Content-Disposition"]
    text = answer.getvalue().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_each_role_with_when_and_how(
    admin: Client, dana: User, oak: Provider, stranger_provider: Provider
) -> None:
    User.objects.filter(pk=dana.pk).update(last_used_at=START, first_name="=SUM(A1)")
    rows = {row["username"]: row for row in rows_of(admin)}
    assert set(rows) == {"head", "dana"}
    assert rows["dana"] == {
        "name": "'=SUM(A1) Reed",
        "username": "dana",
        "e-mail": "dana@clinic.example",
        "role": "Provider Staff Account",
        "provider": "Elm Clinic",
        "number": "1234567893",
        "program": "West Virginia Behavioral Health",
        "last here": "2026-03-02 15:00 UTC",
        "signs in with": "E-mail, Phone",
        "account": "active",
        "confirmed": "2026-03-02 15:00 UTC",
        "confirmed by": "Head Reed",
        "third party": "",
    }
    assert rows["head"]["role"] == "Provider Group Admin"
    assert rows["head"]["provider"].startswith("All of ")
    event = AuditEvent.objects.get(event_type="users.exported")
    assert event.data["roles"] == 2


def test_a_provider_admin_and_a_programs_page_give_less(
    admin: Client, chief: User, dana: User, oak: Provider, head: User
) -> None:
    grant_provider_role(user=dana, provider=oak, role=Role.STAFF, by=head.id, at=START)
    assert len(rows_of(admin)) == 4
    assert "Oak Clinic" not in {
        row["provider"] for row in rows_of(admin, "/wv-bh/setup/users/export/")
    }
    client = Client()
    sign_in_directly(client, chief)
    assert {row["username"] for row in rows_of(client)} == {"chief", "dana"}


def test_who_manages_nobody_gets_nothing_and_leaves_no_trace(dana: User) -> None:
    client = Client()
    sign_in_directly(client, dana)
    assert client.post("/setup/users/export/").status_code == 302
    assert client.get("/setup/users/export/").status_code == 405
    assert not AuditEvent.objects.filter(event_type="users.exported").exists()


def test_more_users_than_one_reading_takes(
    admin: Client, elm: Provider, head: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.groups.exports._BATCH", 2)
    for place in range(5):
        user = make_person(f"user{place}", factors=False)
        grant_provider_role(user=user, provider=elm, role=Role.STAFF, by=head.id, at=START)
    with CaptureQueriesContext(connection) as queries:
        names = [row["username"] for row in rows_of(admin)]
    assert sorted(names) == ["head", *(f"user{place}" for place in range(5))]
    assert sum('"core_groups_membership"."id" >' in one["sql"] for one in queries) == 3


def test_names_as_they_are_would_be_run_by_a_spreadsheet(
    admin: Client, dana: User, oak: Provider, stranger_provider: Provider
) -> None:
    """The naive way: a sheet is text."""
    fails_with(
        "core.common.tables.harmless",
        lambda cell: cell,
        lambda: test_each_role_with_when_and_how(admin, dana, oak, stranger_provider),
        where='assert rows["dana"] ==',
    )


def test_all_roles_of_the_users_would_leave_with_the_list(
    admin: Client, chief: User, dana: User, oak: Provider, head: User
) -> None:
    """The naive way: whoever is managed somewhere leaves with all that they do."""
    fails_with(
        "core.groups.exports.list_reached_memberships",
        lambda *_reach: Membership.objects.filter(until__isnull=True).select_related(
            "user", "provider", "group"
        ),
        lambda: test_a_provider_admin_and_a_programs_page_give_less(admin, chief, dana, oak, head),
        where='assert "Oak Clinic" not in',
    )
