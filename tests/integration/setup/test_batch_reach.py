"""Invite many: what a file tells, to whom, and by whose right it goes on."""

from collections.abc import Iterator
from itertools import count

import pytest
from django.test import Client

from core.accounts.models import User
from core.accounts.services.accounts import deactivate_account
from core.common import clock
from core.groups.batches import checking
from core.groups.models import Invitation, InvitationBatch, Provider
from core.groups.services import batches
from core.groups.services.batches import invite_next
from tenants.context import ActiveContract
from tests.integration.setup.test_batches import (
    ELM,
    HEADER,
    OAK,
    checked,
    person,
    problems,
    rows,
    send,
)
from tests.support.naive import fails_with
from tests.support.people import EVERYWHERE, make_person
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db


def test_an_admin_whose_account_was_closed_invites_nobody(
    client: Client, chief: User, head: User, elm: Provider
) -> None:
    sign_in_directly(client, chief)
    batch = checked(client, rows(person("noor")))
    batches.start_batch(batch_id=batch.id, entered=EVERYWHERE, at=clock.now())
    deactivate_account(user_id=chief.id, reason="stolen", by=head.id, at=clock.now())
    invite_next(batch_id=batch.id, at=clock.now())
    assert not Invitation.objects.exists()
    assert batch.rows.get().problem != ""


def test_the_report_does_not_tell_who_has_an_account_before_anybody_is_invited(
    admin: Client, elm: Provider
) -> None:
    make_person("noor.vale")
    batch = checked(admin, rows(person("noor"), person("ida")))
    report = admin.get(f"/setup/invite-many/{batch.id}/report.csv").getvalue().decode()
    assert "noor@clinic.example,,waiting" in report
    assert "ida@clinic.example,,waiting" in report


def test_nor_of_a_row_whose_proposed_username_somebody_has_taken_meanwhile(
    admin: Client, elm: Provider
) -> None:
    batch = checked(admin, rows(person("noor"), person("ida")))
    batches.start_batch(batch_id=batch.id, entered=EVERYWHERE, at=clock.now())
    make_person("noor.vale")
    invite_next(batch_id=batch.id, at=clock.now())
    report = admin.get(f"/setup/invite-many/{batch.id}/report.csv").getvalue().decode()
    assert "noor@clinic.example,,not invited" in report
    assert "ida@clinic.example,ida.vale,invited" in report
    page = admin.get(f"/setup/invite-many/{batch.id}/").content.decode()
    assert "noor@clinic.example" in page
    assert "noor.vale" not in report + page


@pytest.mark.parametrize(
    "line",
    [
        f"{ELM},Noor,Vale,no\u0000or@clinic.example,3045550133,WV",
        f"{ELM},Noor,Vale,noor@clinic.example,3045550133,W\u0000",
    ],
)
def test_signs_that_no_database_takes_are_a_problem_of_their_row(
    admin: Client, elm: Provider, line: str
) -> None:
    batch = checked(admin, rows(line, header=HEADER + ",state"))
    assert list(problems(batch)) == [2]


def test_a_file_about_another_program_is_not_shown_where_that_is_not_entered(
    admin: Client, elm: Provider, oak: Provider, contract_a: ActiveContract
) -> None:
    both = send(admin, rows(person("noor"), person("ida", provider=OAK)), name="both.csv")
    path = both.headers["Location"]
    here = f"/{contract_a.slug}"
    assert "both.csv" in admin.get("/setup/invite-many/").content.decode()
    assert "both.csv" not in admin.get(f"{here}/setup/invite-many/").content.decode()
    for page in ("", "progress/", "report.csv"):
        assert admin.get(path + page).status_code == 200
        assert admin.get(here + path + page).status_code == 404
    for act in ("start/", "discard/"):
        assert admin.post(here + path + act).status_code == 404
    assert InvitationBatch.objects.get().started_at is None


def test_a_thousand_rows_of_one_name_look_at_each_number_once(
    admin: Client, elm: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers: list[int] = []

    def counted(start: int) -> Iterator[int]:
        for number in count(start):
            numbers.append(number)
            yield number

    monkeypatch.setattr(checking, "count", counted)
    lines = [f"{ELM},Ann,Lee,ann{n}@clinic.example,3045550133" for n in range(1000)]
    batch = checked(admin, rows(*lines))
    assert batch.rows.values("username").distinct().count() == 1000
    assert len(numbers) < 1100


def test_a_report_of_what_is_proposed_would_tell_who_has_an_account(
    admin: Client, elm: Provider
) -> None:
    """The naive way: the report has what stands in the row."""
    fails_with(
        "core.groups.batches.progress._is_invited",
        lambda _row: True,
        lambda: test_the_report_does_not_tell_who_has_an_account_before_anybody_is_invited(
            admin, elm
        ),
        where='assert "noor@clinic.example,,waiting" in report',
    )


def test_ones_own_file_would_be_shown_on_every_page(
    admin: Client, elm: Provider, oak: Provider, contract_a: ActiveContract
) -> None:
    """The naive way: whoever sent a file sees it."""
    fails_with(
        "core.groups.batches.progress._entered",
        lambda _reach, found: list(found),
        lambda: test_a_file_about_another_program_is_not_shown_where_that_is_not_entered(
            admin, elm, oak, contract_a
        ),
        where='assert "both.csv" not in',
    )
