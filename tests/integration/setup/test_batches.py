"""Invite many by HTTP: the check before anything happens, the work after it, the report."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.groups import tasks
from core.groups.batches.sheet import COLUMNS
from core.groups.models import BatchRow, Invitation, InvitationBatch, Provider, Role
from core.groups.services import batches
from core.groups.services.batches import invite_next, list_standing_still
from core.groups.services.purging import FILES_WAIT, purge_batches
from core.groups.services.roles import end_membership
from core.groups.services.suspending import mark_leaving
from core.notifications.models import LocalMessage
from tests.support.naive import fails_with
from tests.support.people import EVERYWHERE, deliver_all, make_person
from tests.support.sign_in import sign_in_directly
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
ELM, OAK, ASH = "1234567893", "1000000012", "1000000020"
HEADER = "provider,first_name,last_name,email,fax"
Commit = Callable[[], Any]


@pytest.fixture
def commit(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Commit:
    return lambda: django_capture_on_commit_callbacks(execute=True)


def rows(*lines: str, header: str = HEADER) -> str:
    return "\n".join((header, *lines))


def person(name: str, provider: str = ELM, more: str = "") -> str:
    return f"{provider},{name.title()},Vale,{name}@clinic.example,3045550133{more}"


def send(admin: Client, text: str | bytes, name: str = "new.csv") -> Any:
    content = text if isinstance(text, bytes) else text.encode()
    return admin.post("/setup/invite-many/", {"file": SimpleUploadedFile(name, content)})


def checked(admin: Client, text: str) -> InvitationBatch:
    answer = send(admin, text)
    assert answer.status_code == 302, answer.content.decode()
    batch = InvitationBatch.objects.latest("uploaded_at")
    assert answer.headers["Location"] == f"/setup/invite-many/{batch.id}/"
    return batch


def problems(batch: InvitationBatch) -> dict[int, str]:
    found = batch.rows.exclude(problem="").order_by("number")
    return {row.number: f"{row.column}: {row.problem}" for row in found}


def start(admin: Client, batch: InvitationBatch, commit: Commit) -> None:
    with commit():
        admin.post(f"/setup/invite-many/{batch.id}/start/")


def test_nobody_is_invited_before_the_admin_says_so(admin: Client, elm: Provider) -> None:
    batch = checked(admin, rows(person("noor"), person("sam", provider="9999")))
    page = admin.get(f"/setup/invite-many/{batch.id}/").content.decode()
    assert "1 of 2 rows can be invited" in page
    assert "None of your providers has this number." in page
    assert not Invitation.objects.exists()
    deliver_all()
    assert not LocalMessage.objects.filter(to="noor@clinic.example").exists()


def test_then_all_right_rows_are_invited_and_the_report_says_what_became_of_each(
    admin: Client, elm: Provider, head: User, commit: Commit
) -> None:
    batch = checked(admin, rows(person("noor"), person("sam", provider="9999"), person("ida")))
    start(admin, batch, commit)
    invited = Invitation.objects.order_by("username")
    assert [one.username for one in invited] == ["ida.vale", "noor.vale"]
    assert {one.invited_by for one in invited} == {head.id}
    assert {one.role for one in invited} == {Role.STAFF}
    assert all(list(one.providers.all()) == [elm] for one in invited)
    deliver_all()
    assert LocalMessage.objects.get(to="ida@clinic.example").subject.startswith("Head Reed invites")
    page = admin.get(f"/setup/invite-many/{batch.id}/").content.decode()
    assert "Done: 2 users invited" in page
    assert "/setup/invitations/" in page
    report = admin.get(f"/setup/invite-many/{batch.id}/report.csv")
    assert report.headers["Content-Disposition"].startswith("attachment")
    lines = report.getvalue().decode("utf-8-sig").splitlines()
    assert lines[1] == "2,noor@clinic.example,noor.vale,invited,,,mail sent"
    assert lines[2].startswith("3,sam@clinic.example,,not invited,provider,")
    events = AuditEvent.objects.filter(event_type__startswith="invitation_batch.")
    assert list(events.order_by("at", "id").values_list("event_type", flat=True)) == [
        "invitation_batch.checked",
        "invitation_batch.started",
        "invitation_batch.ended",
    ]


FAULTS = [
    ("x,Noor,Vale,noor@clinic.example,3045550133", "provider: None of your providers"),
    (",Noor,Vale,noor@clinic.example,3045550133", "provider: Enter the number"),
    (f"{ASH},Noor,Vale,noor@clinic.example,3045550133", "provider: None of your providers"),
    (f"{ELM};{OAK},Noor,Vale,noor@clinic.example,3045550133", "provider: These providers"),
    (f"{ELM},,Vale,noor@clinic.example,3045550133", "first_name: Enter"),
    (f"{ELM},Noor,Vale,noor at clinic,3045550133", "email: "),
    (f"{ELM},Noor,Vale,noor@clinic.example,12", "fax: "),
    (f"{ELM},Noor,Vale,noor@clinic.example,", "fax: Enter"),
    (f"{ELM},Noor,Vale,noor@clinic.example", ": The row has 4 values"),
    (f"{ELM},N\u0000oor,Vale,noor@clinic.example,3045550133", "first_name: "),
    (f"{ELM},{'N' * 200},Vale,noor@clinic.example,3045550133", "first_name: "),
]


@pytest.mark.usefixtures("oak", "stranger_provider")
@pytest.mark.parametrize(("line", "told"), FAULTS)
def test_a_row_with_a_fault_says_where_and_why(admin: Client, line: str, told: str) -> None:
    batch = checked(admin, rows(line, person("fine")))
    found = problems(batch)
    assert list(found) == [2]
    assert found[2].startswith(told)


def test_all_that_is_wrong_with_a_row_is_told_at_once(admin: Client, elm: Provider) -> None:
    wrong = f"{ELM},,Vale,noor@clinic.example,12,manager"
    batch = checked(admin, rows(person("noor", more=","), wrong, header=HEADER + ",role"))
    told = problems(batch)[3]
    assert told.startswith("role: This is not a role.")
    for column in ("first_name: Enter", "fax: ", "email: This address is in row 2 already."):
        assert f" {column}" in told
    assert list(problems(batch)) == [3]


def test_columns_that_may_be_left_out(admin: Client, elm: Provider, commit: Commit) -> None:
    header = ",".join(COLUMNS)
    full = (
        f"{ELM},Sam,Ives,sam@clinic.example,provider admin,sam.ives,(304) 555-0142,304-555-0143,"
        "1 Elm Street,Suite 2,Charleston,WV,25301"
    )
    batch = checked(admin, rows(full, header=header))
    assert problems(batch) == {}
    start(admin, batch, commit)
    made = Invitation.objects.get()
    assert (made.username, made.role, made.state) == ("sam.ives", Role.PROVIDER_ADMIN, "WV")
    assert (made.fax, made.zip) == ("+13045550143", "25301")


def test_roles_are_held_against_those_of_the_admin(
    client: Client, chief: User, elm: Provider
) -> None:
    sign_in_directly(client, chief)
    batch = checked(
        client,
        rows(
            person("noor", more=",Provider Group Admin"),
            person("ida", more=",manager"),
            person("sam", more=",STAFF"),
            header=HEADER + ",role",
        ),
    )
    found = problems(batch)
    assert found[2] == "role: This role is not yours to give there."
    assert found[3].startswith("role: This is not a role.")
    assert list(found) == [2, 3]


def test_the_same_person_twice_and_somebody_invited_already(
    admin: Client, elm: Provider, commit: Commit
) -> None:
    start(admin, checked(admin, rows(person("noor"))), commit)
    batch = checked(admin, rows(person("noor"), person("ida"), person("IDA")))
    found = problems(batch)
    assert "invitation of your group that is still open" in found[2]
    assert found[4] == "email: This address is in row 3 already."
    assert list(found) == [2, 4]


def test_usernames_are_proposed_and_never_somebody_elses(
    admin: Client, elm: Provider, dana: User, commit: Commit
) -> None:
    lines = [f"{ELM},Zoë,O'Hara,zoe{n}@clinic.example,3045550133," for n in range(3)]
    lines.append(f"{ELM},Ann,Lee,ann@clinic.example,3045550133,zoe.ohara2")
    lines.append(f"{ELM},Bo,Lee,bo@clinic.example,3045550133,{dana.username.upper()}")
    batch = checked(admin, rows(*lines, header=HEADER + ",username"))
    assert problems(batch) == {
        6: "username: This username is taken. Leave the cell empty to have one proposed."
    }
    start(admin, batch, commit)
    names = Invitation.objects.order_by("email").values_list("username", flat=True)
    assert list(names) == ["zoe.ohara2", "zoe.ohara", "zoe.ohara3", "zoe.ohara4"]


def test_a_file_that_asks_who_has_an_account_is_refused(
    admin: Client, elm: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "_MOST_TAKEN", 1)
    for name in ("taken.one", "taken.two"):
        make_person(name)
    lines = [person(f"p{n}", more=f",taken.{name}") for n, name in enumerate(("one", "two"))]
    answer = send(admin, rows(*lines, header=HEADER + ",username"))
    assert answer.status_code == 200
    assert "usernames cannot be had" in answer.content.decode()
    assert not InvitationBatch.objects.exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "The file is empty."),
        (HEADER, "a header and no row"),
        ("first_name,last_name,email\nA,B,c@d.example", "The column provider is missing."),
        (HEADER + ",password\n", "is not one of a file of new users"),
        (HEADER.replace(",", ";"), "not separated by commas"),
        (b"\xff\xfe\x00", "not in UTF-8"),
        (HEADER + '\n"unclosed', "not well-formed CSV"),
    ],
)
def test_a_file_that_is_none_says_why(
    admin: Client, elm: Provider, content: str | bytes, told: str
) -> None:
    answer = send(admin, content)
    assert answer.status_code == 200
    assert told in answer.content.decode()
    assert not InvitationBatch.objects.exists()


def test_too_long_too_large_and_too_often(
    admin: Client, elm: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MOST_ROWS", 2)
    answer = send(admin, rows(*(person(name) for name in ("a", "b", "c"))))
    assert "has 2 rows at most" in answer.content.decode()
    large = BytesIO(b"x" * 2_000_001).getvalue()
    assert "larger than 2 MB" in send(admin, large).content.decode()
    monkeypatch.setattr(batches, "_FILES_PER_HOUR", 1)
    assert "several files within the hour" in send(admin, rows(person("a"))).content.decode()


def test_lost_leading_zeros_are_named(admin: Client, elm: Provider) -> None:
    Provider.objects.filter(pk=elm.pk).update(identifier="0012345")
    batch = checked(admin, rows(person("noor", provider="12345")))
    assert "lost its leading zeros" in problems(batch)[2]


def test_another_admins_file_does_not_exist(
    admin: Client, elm: Provider, chief: User, commit: Commit
) -> None:
    batch = checked(admin, rows(person("noor")))
    other = Client()
    sign_in_directly(other, chief)
    for path in ("", "progress/", "report.csv"):
        assert other.get(f"/setup/invite-many/{batch.id}/{path}").status_code == 404
    for path in ("start/", "discard/"):
        assert other.post(f"/setup/invite-many/{batch.id}/{path}").status_code == 404
    batch.refresh_from_db()
    assert batch.started_at is None


def test_what_changed_since_the_check_is_told_row_by_row(
    admin: Client, elm: Provider, commit: Commit
) -> None:
    batch = checked(admin, rows(person("noor"), person("ida")))
    make_person("noor.vale")
    start(admin, batch, commit)
    assert list(Invitation.objects.values_list("username", flat=True)) == ["ida.vale"]
    assert "taken" in batch.rows.get(number=2).problem


def test_an_admin_who_is_none_any_more_invites_nobody(
    client: Client, chief: User, head: User, elm: Provider, commit: Commit
) -> None:
    sign_in_directly(client, chief)
    batch = checked(client, rows(person("noor")))
    batches.start_batch(batch_id=batch.id, entered=EVERYWHERE, at=clock.now())
    role = chief.memberships.get()
    end_membership(
        membership_id=role.id, was=Role(role.role), by=head.id, entered=EVERYWHERE, at=clock.now()
    )
    invite_next(batch_id=batch.id, at=clock.now())
    assert not Invitation.objects.exists()
    assert batch.rows.get().problem != ""


def test_a_file_is_started_once_and_not_thrown_away_then(
    admin: Client, elm: Provider, commit: Commit
) -> None:
    batch = checked(admin, rows(person("noor")))
    start(admin, batch, commit)
    answer = admin.post(f"/setup/invite-many/{batch.id}/start/", follow=True)
    assert "on their way already" in answer.content.decode()
    admin.post(f"/setup/invite-many/{batch.id}/discard/")
    assert InvitationBatch.objects.filter(pk=batch.pk).exists()
    assert Invitation.objects.count() == 1


def test_a_file_that_is_thrown_away_is_gone(admin: Client, elm: Provider) -> None:
    batch = checked(admin, rows(person("noor")))
    admin.post(f"/setup/invite-many/{batch.id}/discard/")
    assert not BatchRow.objects.exists()
    assert admin.get(f"/setup/invite-many/{batch.id}/").status_code == 404


def test_a_batch_whose_worker_was_lost_goes_on_where_it_stood(
    admin: Client, elm: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 2)
    batch = checked(admin, rows(*(person(f"p{n}") for n in range(5))))
    began = clock.now()
    batches.start_batch(batch_id=batch.id, entered=EVERYWHERE, at=began)
    assert invite_next(batch_id=batch.id, at=began)
    assert Invitation.objects.count() == 2
    assert "2 of 5" in admin.get(f"/setup/invite-many/{batch.id}/progress/").content.decode()
    assert list(list_standing_still(at=began)) == []
    assert list(list_standing_still(at=began + timedelta(minutes=1))) == [batch.id]
    monkeypatch.setattr(tasks, "now", lambda: began + timedelta(minutes=1))
    tasks.take_up_batches.delay()
    assert Invitation.objects.count() == 5
    batch.refresh_from_db()
    assert batch.ended_at is not None
    assert not invite_next(batch_id=batch.id, at=began)


def test_files_are_not_kept_for_ever(admin: Client, elm: Provider, commit: Commit) -> None:
    left = checked(admin, rows(person("noor")))
    ended = checked(admin, rows(person("ida")))
    start(admin, ended, commit)
    purge_batches(at=left.uploaded_at + FILES_WAIT - timedelta(seconds=1))
    assert InvitationBatch.objects.count() == 2
    purge_batches(at=left.uploaded_at + FILES_WAIT + timedelta(minutes=1))
    assert list(InvitationBatch.objects.all()) == [ended]
    purge_batches(at=left.uploaded_at + timedelta(days=31))
    assert not InvitationBatch.objects.exists()
    assert Invitation.objects.exists()


def test_the_empty_file_is_taken_as_it_is(admin: Client, elm: Provider, oak: Provider) -> None:
    empty = admin.get("/setup/invite-many/new-users.csv").getvalue()
    header = empty.decode("utf-8-sig").splitlines()[0]
    assert header == ",".join(COLUMNS)
    answer = send(admin, empty)
    assert answer.status_code == 302


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_workers_invite_nobody_twice(
    admin: Client, elm: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 2)
    batch = checked(admin, rows(*(person(f"p{n}") for n in range(7))))
    batches.start_batch(batch_id=batch.id, entered=EVERYWHERE, at=clock.now())

    def work(_place: int) -> None:
        while invite_next(batch_id=batch.id, at=clock.now()):
            pass

    at_once(3, work)
    while invite_next(batch_id=batch.id, at=clock.now()):
        pass
    assert Invitation.objects.count() == 7
    assert AuditEvent.objects.filter(event_type="invitation.sent").count() == 7
    assert AuditEvent.objects.filter(event_type="invitation_batch.ended").count() == 1


def test_rows_that_were_right_when_they_were_read_would_be_invited(
    client: Client, chief: User, head: User, elm: Provider, commit: Commit
) -> None:
    """The naive way: the file was checked when it came."""
    fails_with(
        "core.groups.services.batches.require_role",
        lambda *_given, **_more: None,
        lambda: test_an_admin_who_is_none_any_more_invites_nobody(client, chief, head, elm, commit),
        where="assert not Invitation.objects.exists()",
    )


def test_nobody_is_invited_to_a_provider_that_is_leaving(
    admin: Client, elm: Provider, oak: Provider, commit: Commit
) -> None:
    batch = checked(admin, rows(person("noor"), person("sam", provider=OAK)))
    suspends_at = clock.now() + timedelta(days=30)
    assert mark_leaving(provider_id=elm.id, suspends_at=suspends_at)
    # Between the check and the work, and before the check.
    start(admin, batch, commit)
    assert [one.email for one in Invitation.objects.all()] == ["sam@clinic.example"]
    told = "is not on the program's list of providers"
    assert [told in said for said in problems(batch).values()] == [True]
    assert told in str(problems(checked(admin, rows(person("kim")))))
