"""Publishing drafts: now, at a time, and once a second person has approved."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from contracts.console.models import Draft, PlannedPublication
from contracts.console.services.carrying_out import LOST_AFTER, ask_to_go_on, carry_out, list_due
from contracts.console.services.publications import (
    APPROVAL_LIFE,
    DecidedMeanwhileError,
    OwnPublicationError,
    PublicationOpenError,
    Wish,
    approve_publication,
    decline_publication,
    expire_publications,
    plan_publication,
    purge_publications,
    withdraw_publication,
)
from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.notifications.models import LocalMessage
from core.staff.models import StaffMember, StaffRole
from tenants import registry
from tenants.configuration.refusals import GatesClosedError, PublishedMeanwhileError
from tenants.models import ContractRevision
from tests.support.drafts import make_draft
from tests.support.people import deliver_all
from tests.support.publishing import publish_change
from tests.support.sign_in import age_sign_in
from tests.support.staff import make_staff, staff_client
from tests.unit.configuration.documents import changed, sample

pytestmark = pytest.mark.django_db
WV = "/staff/contracts/wv-bh/"
REVIEW = f"{WV}draft/review/"
BY_FAX = [{"purpose": "Help", "fax": "304-555-0100"}]


@pytest.fixture
def olive() -> Client:
    return staff_client(StaffRole.OPERATOR)


@pytest.fixture
def otto(olive: Client) -> User:
    return make_staff(StaffRole.OPERATOR, name="otto")


def user(name: str = "olive") -> User:
    return User.objects.get(username=name)


def present() -> int:
    return registry.get_contract("wv-bh").revision


def press(client: Client, *, base: int = 1, version: int = 1, **more: Any) -> str:
    """Send the review page; returns where it leads, or what it says."""
    asked = {"when": "now", "reason": "As agreed", "base": base, "version": version, **more}
    answer = client.post(REVIEW, asked)
    return str(answer.headers.get("Location") or answer.content.decode())


def shown(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def plan(author: User, **more: Any) -> PlannedPublication:
    document = changed(registry.get_contract("wv-bh").document, brand__product="Planned")
    wish = Wish(**{"document": document, "base": present(), "note": "As agreed", **more})
    return plan_publication(wish=wish, author=author, at=clock.now())


def state_of(publication: PlannedPublication) -> str:
    publication.refresh_from_db()
    return str(publication.state)


def mails(to: User) -> list[str]:
    deliver_all()
    return [one.subject for one in LocalMessage.objects.filter(to=to.email).order_by("sent_at")]


def test_a_draft_is_published_and_gone(olive: Client) -> None:
    make_draft(user(), brand__product="New name")
    page = shown(olive, REVIEW)
    assert "What changes (1)" in page
    assert "Nobody is signed out." in page
    to = press(olive)
    assert "Published as revision 2" in shown(olive, to)
    assert registry.get_contract("wv-bh").document.brand.product == "New name"
    revision = ContractRevision.objects.get(contract__slug="wv-bh", number=2)
    assert (revision.note, revision.published_by) == ("As agreed", user().id)
    assert not Draft.objects.exists()
    assert mails(user())[-1].startswith("Your document is published")
    # Pressed once more there is no draft any more, and nothing happens.
    assert olive.post(REVIEW, {"reason": "Again"}).status_code == 404
    assert present() == 2


def test_a_reason_is_needed_and_closed_gates_keep_the_button_away(olive: Client) -> None:
    draft = make_draft(user(), support=BY_FAX)
    assert "support_is_reachable" in shown(olive, REVIEW)
    assert ">Publish<" not in shown(olive, REVIEW)
    assert "support_is_reachable" in press(olive)
    draft.delete()
    make_draft(user(), brand__product="New name")
    assert "Enter the reason" in press(olive, reason="")
    assert present() == 1


def test_what_was_published_meanwhile_is_not_undone(olive: Client) -> None:
    make_draft(user(), brand__product="New name")
    publish_change("wv-bh", mfa__attempts=2)
    page = press(olive)
    assert "The document is based on revision 1, but revision 2 is published." in page
    assert "Revision 2 was published meanwhile" in page
    assert Draft.objects.exists()
    assert present() == 2


def test_a_draft_that_was_saved_meanwhile_is_looked_at_again(olive: Client) -> None:
    make_draft(user(), brand__product="New name")
    Draft.objects.update(version=2)
    page = press(olive)
    assert "The draft was changed meanwhile" in page
    assert 'name="version" value="2"' in page
    assert "/publications/" in press(olive, version=2)


def test_at_a_time_it_waits_and_is_published_then(olive: Client) -> None:
    make_draft(user(), brand__product="New name")
    day = later().date()
    to = press(olive, when="later", due_on=day.isoformat(), due_time="08:00")
    assert f"It is published on {day:%B %-d, %Y}" in shown(olive, to)
    assert "Waits to be published" in shown(olive, WV)
    planned = PlannedPublication.objects.get()
    there = ZoneInfo("America/New_York")
    assert planned.due_at == datetime(day.year, day.month, day.day, 8, tzinfo=there)
    assert list_due(at=planned.due_at - timedelta(seconds=1)) == []
    assert list_due(at=planned.due_at) == [planned.id]
    carry_out(publication_id=planned.id, at=clock.now())  # too early
    assert present() == 1


def carry_out_later(planned: PlannedPublication, **before: Any) -> str:
    """Let its time come, once something else has happened; returns what it is told by mail."""
    if before:
        publish_change("wv-bh", **before)
    PlannedPublication.objects.update(due_at=clock.now())
    carry_out(publication_id=planned.id, at=clock.now())
    return ": ".join([state_of(planned), *mails(planned.author)[-1:]])


def later() -> datetime:
    return clock.now() + timedelta(days=2)


def test_its_author_is_told_that_it_was_published_at_its_time(olive: Client) -> None:
    assert "published: Your document is published" in carry_out_later(plan(user(), due_at=later()))
    assert present() == 2


def test_at_its_time_everything_is_asked_anew(olive: Client) -> None:
    planned = plan(user(), due_at=later())
    said = carry_out_later(planned, mfa__attempts=2)
    assert said.startswith("refused: Your document was not published")
    assert "based on revision 1, but revision 2 is published" in planned.outcome
    assert present() == 2
    event = AuditEvent.objects.filter(event_type="publication.refused").get()
    assert event.subject_id == planned.id


def test_who_is_no_operator_any_more_publishes_nothing(olive: Client) -> None:
    planned = plan(user(), due_at=later())
    StaffMember.objects.filter(user=user()).update(ended_at=clock.now())
    carry_out_later(planned)
    assert "may not publish in this contract any more" in planned.outcome
    assert present() == 1


def test_a_contract_that_asks_for_two_meanwhile_gets_two(olive: Client) -> None:
    planned = plan(user(), due_at=later(), document=changed(sample(), brand__product="X"))
    publish_change("wv-bh", publishing__second_person=True)
    PlannedPublication.objects.update(base_number=2)
    carry_out_later(planned)
    assert "asks for a second person" in planned.outcome


def test_a_publication_is_withdrawn_before_its_time(olive: Client, otto: User) -> None:
    planned = plan(user(), due_at=later())
    path = f"{WV}publications/{planned.id}/"
    assert olive.post(f"{path}withdraw/").headers["Location"] == path
    assert "Withdrawn" in shown(olive, path)
    assert carry_out_later(planned).startswith("withdrawn")
    assert present() == 1
    with pytest.raises(DecidedMeanwhileError):
        withdraw_publication(publication=planned, by=otto.id, at=clock.now())
    other = plan(otto, due_at=later())
    olive.post(f"{WV}publications/{other.id}/withdraw/")
    assert mails(otto)[-1].startswith("Your publication was withdrawn")


def test_one_author_has_one_that_waits(olive: Client, otto: User) -> None:
    plan(user(), due_at=later())
    with pytest.raises(PublicationOpenError):
        plan(user())
    plan(otto, due_at=later())


def test_what_cannot_be_published_does_not_wait(olive: Client) -> None:
    with pytest.raises(GatesClosedError):
        plan(user(), document=changed(sample(), support=BY_FAX))
    with pytest.raises(PublishedMeanwhileError):
        plan(user(), base=7)
    assert not PlannedPublication.objects.exists()


def test_a_contract_admin_asks_and_an_operator_approves(otto: User) -> None:
    admin = staff_client(StaffRole.CONTRACT_ADMIN, registry.get_contract("wv-bh"), name="carla")
    make_draft(user("carla"), brand__product="Of the program")
    assert "Ask for publication" in shown(admin, REVIEW)
    path = press(admin)
    assert "Waits for approval" in shown(admin, path)
    assert present() == 1
    assert mails(otto)[-1].startswith("A publication of West Virginia Behavioral Health waits")
    assert mails(user("carla"))[-1:] == []
    assert admin.get(f"{path}decide/").status_code == 403
    assert admin.post(f"{path}decide/", {"decision": "approve"}).status_code == 403
    client = staff_client(StaffRole.OPERATOR, name="olga")
    page, said = shown(client, f"{path}decide/"), ("Of the program", "What changes (1)", "touches")
    assert [one for one in said if one not in page] == []
    asked = {"decision": "approve", "reason": "Seen"}
    assert client.post(f"{path}decide/", asked).headers["Location"] == path
    assert "Published as revision 2" in shown(admin, path)
    revision = ContractRevision.objects.get(contract__slug="wv-bh", number=2)
    assert (revision.published_by, revision.approved_by) == (user("carla").id, user("olga").id)
    assert not Draft.objects.exists()


@pytest.fixture
def _two_persons() -> None:
    publish_change("wv-bh", publishing__second_person=True)


@pytest.mark.usefixtures("_two_persons")
def test_nobody_approves_what_they_asked_for(olive: Client, otto: User) -> None:
    make_draft(user(), publishing__second_person=False)
    Draft.objects.update(base_number=2)
    path = press(olive, base=2)
    assert "Waits for approval" in shown(olive, path)
    assert "Approve or decline" not in shown(olive, path)
    assert olive.post(f"{path}decide/", {"decision": "approve"}).headers["Location"] == path
    found = PlannedPublication.objects.get()
    for act in (approve_publication, decline_publication):
        with pytest.raises(OwnPublicationError):
            act(publication=found, by=user().id, reason="Mine", at=clock.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        PlannedPublication.objects.update(approved_by=user().id)
    assert present() == 2
    approve_publication(publication=found, by=otto.id, reason="Seen", at=clock.now())
    carry_out(publication_id=found.id, at=clock.now())
    assert present() == 3


@pytest.mark.usefixtures("_two_persons")
def test_rolling_back_is_approved_too(olive: Client, otto: User) -> None:
    back = f"{WV}revisions/1/rollback/"
    assert "Ask for approval" in shown(olive, back)
    path = olive.post(back, {"base": 2, "reason": "Too strict"}).headers["Location"]
    assert "Rolled back to revision 1: Too strict" in shown(olive, path)
    assert present() == 2
    found = PlannedPublication.objects.get()
    approve_publication(publication=found, by=otto.id, reason="Seen", at=clock.now())
    carry_out(publication_id=found.id, at=clock.now())
    assert registry.get_contract("wv-bh").document == sample()


@pytest.mark.usefixtures("_two_persons")
def test_what_is_declined_says_why_to_its_author(olive: Client, otto: User) -> None:
    found = plan(otto, needs_approval=True)
    path = f"{WV}publications/{found.id}/"
    page = olive.post(f"{path}decide/", {"decision": "decline", "reason": ""}).content.decode()
    assert "Enter the reason" in page
    olive.post(f"{path}decide/", {"decision": "decline", "reason": "Not yet"})
    assert state_of(found) == "declined"
    assert mails(otto)[-1].startswith("Your publication was declined")
    assert "Not yet" in LocalMessage.objects.filter(to=otto.email).latest("sent_at").text
    with pytest.raises(DecidedMeanwhileError):
        approve_publication(publication=found, by=user().id, reason="Late", at=clock.now())


def test_what_nobody_approves_ends(olive: Client, otto: User) -> None:
    found = plan(otto, needs_approval=True)
    over = found.asked_at + APPROVAL_LIFE
    with pytest.raises(DecidedMeanwhileError):
        approve_publication(publication=found, by=user().id, reason="Late", at=over)
    assert expire_publications(at=over - timedelta(seconds=1)) == 0
    assert [expire_publications(at=over) for _ in range(2)] == [1, 0]
    assert state_of(found) == "expired"
    assert mails(otto)[-1].startswith("Nobody approved your publication in time")
    assert purge_publications(at=over + timedelta(days=91)) == 1


def lost(found: PlannedPublication, *, ago: timedelta = LOST_AFTER) -> UUID:
    """Leave it as a worker does that is killed while it has it."""
    begun = clock.now() - ago
    PlannedPublication.objects.filter(pk=found.pk).update(state="at_work", begun_at=begun)
    return found.id


def test_what_a_lost_worker_has_left_is_taken_up(olive: Client) -> None:
    found = plan(user())
    assert list_due(at=clock.now() - LOST_AFTER) == []
    lost(found, ago=timedelta(seconds=5))
    assert list_due(at=clock.now()) == []
    path = f"{WV}publications/{found.id}/"
    for act in ("withdraw/", "go-on/"):  # too late, and its worker is not lost
        assert olive.post(f"{path}{act}").headers["Location"] == path
        assert state_of(found) == "at_work"
    assert not AuditEvent.objects.filter(event_type="publication.resumed").exists()
    lost(found)
    assert "has not been heard of" in shown(olive, path)
    assert list_due(at=clock.now()) == [found.id]
    olive.post(f"{path}go-on/")
    assert (state_of(found), present()) == ("published", 2)
    assert AuditEvent.objects.get(event_type="publication.resumed").actor_id == user().id


def test_what_is_asked_to_go_on_stays_at_work_and_needs_a_fresh_sign_in(olive: Client) -> None:
    found = plan(user())
    lost(found)
    path = f"{WV}publications/{found.id}/go-on/"
    age_sign_in(olive)
    assert olive.post(path).headers["Location"].startswith("/confirm/")
    assert path.startswith(olive.get(path).headers["Location"])  # back from there
    assert ask_to_go_on(publication_id=found.id, by=user().id, at=clock.now())
    with pytest.raises(DecidedMeanwhileError):
        withdraw_publication(publication=found, by=user().id, at=clock.now())


def test_what_a_lost_worker_had_published_is_not_published_again(olive: Client) -> None:
    found = plan(user())
    carry_out(publication_id=found.id, at=clock.now())
    publish_change("wv-bh", mfa__attempts=2)
    PlannedPublication.objects.update(revision_number=None, state="at_work", ended_at=None)
    carry_out(publication_id=lost(found), at=clock.now())
    assert (state_of(found), found.revision_number) == ("published", 2)
    assert present() == 3


def test_who_only_reads_sees_and_changes_nothing(olive: Client) -> None:
    found = plan(user(), due_at=later())
    path = f"{WV}publications/{found.id}/"
    for role, name in ((StaffRole.AUDITOR, "ann"), (StaffRole.HELP_DESK, "henry")):
        client = staff_client(role, name=name)
        assert "Waits for its time" in shown(client, path)
        for act in ("withdraw/", "go-on/", "decide/"):
            assert client.post(f"{path}{act}").status_code == 403
        assert client.post(REVIEW).status_code == 403
    other = staff_client(StaffRole.CONTRACT_ADMIN, registry.get_contract("ms-um"), name="mary")
    assert other.get(path).status_code == 404
    assert "As agreed" in shown(olive, "/staff/contracts/")
    assert "As agreed" not in shown(other, "/staff/contracts/")
    assert other.post(f"{path}withdraw/").status_code == 404
    admin = staff_client(StaffRole.CONTRACT_ADMIN, registry.get_contract("wv-bh"), name="carla")
    assert admin.post(f"{path}withdraw/").status_code == 404  # of somebody else
    assert state_of(found) == "waiting"


def test_what_was_typed_is_shown_as_text(olive: Client) -> None:
    found = plan(
        user(),
        due_at=later(),
        note="{{7*7}}<script>alert(1)</script>",
        document=changed(sample(), brand__product="<b>{{7*7}}</b>"),
    )
    page = shown(olive, f"{WV}publications/{found.id}/")
    assert "{{7*7}}&lt;script&gt;" in page
    assert "&lt;b&gt;{{7*7}}&lt;/b&gt;" in page
