"""The weekly mail: by choice, once a week, within reach, in numbers, and easily stopped."""

import base64
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.test import Client

from core.accounts.models import User
from core.accounts.services.accounts import deactivate_account
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.models import Provider, Role, WeeklyMail, WeeklyMailMade
from core.groups.services.join_requests import ask_to_join
from core.groups.services.memberships import grant_provider_role
from core.groups.services.purging import purge_weeks
from core.groups.services.weekly import (
    WEEKLY_KIND,
    link_token,
    make_weekly_mails,
    switch_off_by_link,
    switch_weekly_mail,
)
from core.groups.weekly.figures import week_figures
from core.notifications.models import LocalMessage, OutboxMessage
from tenants import registry
from tests.support.naive import fails_with
from tests.support.people import (
    START,
    after,
    deliver_all,
    make_person,
    make_provider,
)
from tests.support.sign_in import sign_in_directly
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
# Six in the morning in the east, the day after the clock went forward.
NEXT = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
SWITCH = "/setup/activity/weekly-mail/"


def wants(user: User) -> WeeklyMail:
    switch_weekly_mail(user=user, on=True, at=START)
    return WeeklyMail.objects.get(user=user)


def ask(name: str, provider: Provider) -> None:
    asked_at = after(hours=1)
    ask_to_join(user=make_person(name), provider_id=provider.id, number="", note="", at=asked_at)


@pytest.fixture
def then(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hand mail over on that Monday: two days later nobody wants it any more."""
    monkeypatch.setattr(clock, "now", lambda: NEXT + timedelta(hours=2))


def weekly_mails() -> list[LocalMessage]:
    deliver_all()
    kinds = OutboxMessage.objects.filter(kind=WEEKLY_KIND)
    return list(LocalMessage.objects.filter(message_id__in=kinds.values("id")))


def test_it_comes_on_monday_morning_once(head: User, elm: Provider) -> None:
    wants(head)
    ask("zoe", elm)
    minute = timedelta(minutes=1)
    assert make_weekly_mails(at=NEXT - minute) == 0
    assert make_weekly_mails(at=NEXT) == 1
    assert make_weekly_mails(at=NEXT + minute) == 0
    assert make_weekly_mails(at=NEXT + timedelta(days=1)) == 0
    assert make_weekly_mails(at=NEXT + timedelta(days=7)) == 1
    assert set(OutboxMessage.objects.filter(kind=WEEKLY_KIND).values_list("to", flat=True)) == {
        head.email
    }


def test_nobody_gets_it_who_did_not_ask(head: User, elm: Provider) -> None:
    ask("zoe", elm)
    assert make_weekly_mails(at=NEXT) == 0


def test_where_there_is_nothing_to_say_nothing_comes(head: User, elm: Provider) -> None:
    wants(head)
    assert make_weekly_mails(at=NEXT) == 0
    assert WeeklyMailMade.objects.get().user == head
    # Nor is it looked at again in that week.
    ask("zoe", elm)
    assert make_weekly_mails(at=NEXT + timedelta(hours=1)) == 0


@pytest.mark.usefixtures("then")
def test_it_counts_within_reach_and_names_nobody(
    head: User, chief: User, dana: User, oak: Provider, stranger_provider: Provider
) -> None:
    elm = Provider.objects.get(name="Elm Clinic")
    grant_provider_role(
        user=make_person("nina"), provider=oak, role=Role.STAFF, by=head.id, at=after(hours=2)
    )
    ask("zoe", elm)
    ask("kim", oak)
    ask("lee", stranger_provider)
    User.objects.filter(pk=dana.pk).update(last_used_at=START - timedelta(days=60))
    wants(head)
    wants(chief)
    wants(dana)
    # The first of head's programs by name is an hour further in the west.
    assert make_weekly_mails(at=NEXT) == 1
    assert make_weekly_mails(at=NEXT + timedelta(hours=1)) == 1
    mails = {one.to: " ".join(one.text.split()) for one in weekly_mails()}
    assert set(mails) == {head.email, chief.email}
    of_head, of_chief = mails[head.email], mails[chief.email]
    assert "2 people ask to join your providers." in of_head
    assert "One person asks to join your providers." in of_chief
    assert "One user has not been here for three weeks or longer." in of_chief
    for text in mails.values():
        for name in ("Zoe", "Kim", "Lee", "Dana", "Nina", "Elm Clinic", "Oak", "Ash"):
            assert name not in text
        assert "only Provider Group Admin" not in text


def test_new_is_who_had_no_role_in_the_group_before(
    head: User, dana: User, elm: Provider, oak: Provider
) -> None:
    # Dana has worked for the group before: one more provider makes nobody new.
    at = START + timedelta(days=10)
    grant_provider_role(user=dana, provider=oak, role=Role.STAFF, by=head.id, at=at)
    assert week_figures(head, at=at).new == 0
    nina = make_person("nina")
    for provider in (elm, oak):
        grant_provider_role(user=nina, provider=provider, role=Role.STAFF, by=head.id, at=at)
    assert week_figures(head, at=at).new == 1
    assert week_figures(dana, at=at).lines == []


@pytest.mark.usefixtures("then")
def test_it_is_counted_anew_when_it_leaves_and_stops_with_the_switch(
    head: User, elm: Provider
) -> None:
    wants(head)
    ask("zoe", elm)
    make_weekly_mails(at=NEXT)
    switch_weekly_mail(user=head, on=False, at=NEXT)
    assert weekly_mails() == []


def test_a_closed_account_gets_none(head: User, chief: User, elm: Provider) -> None:
    wants(chief)
    ask("zoe", elm)
    deactivate_account(user_id=chief.id, reason="left", by=head.id, at=after(hours=2))
    assert make_weekly_mails(at=NEXT) == 0


def test_the_switch_stands_on_activity_and_is_off_at_first(
    admin: Client, head: User, dana: User
) -> None:
    assert "Send me a weekly mail" in admin.get("/setup/activity/").content.decode()
    for _ in range(2):
        admin.post(SWITCH, {"weekly": "on"})
    assert WeeklyMail.objects.get().user == head
    assert "Stop the weekly mail" in admin.get("/setup/activity/").content.decode()
    for _ in range(2):
        admin.post(SWITCH, {"weekly": "off"})
    assert not WeeklyMail.objects.exists()
    assert admin.post(SWITCH, {"weekly": "perhaps"}).status_code == 404
    events = AuditEvent.objects.filter(event_type__startswith="weekly_mail.")
    assert sorted(event.event_type for event in events) == [
        "weekly_mail.switched_off",
        "weekly_mail.switched_on",
    ]
    client = Client()
    sign_in_directly(client, dana)
    assert client.post(SWITCH, {"weekly": "on"}).status_code == 302
    assert not WeeklyMail.objects.exists()


def link_in(text: str) -> str:
    found = re.search(r"https?://[^/\s]+(/\S*weekly-mail/off/[\w-]{43}/)", text)
    assert found is not None
    return found.group(1)


@pytest.mark.usefixtures("then")
def test_the_link_in_the_mail_stops_it_by_a_button(head: User, elm: Provider) -> None:
    wants(head)
    ask("zoe", elm)
    make_weekly_mails(at=NEXT)
    [mail] = weekly_mails()
    link, client = link_in(mail.text), Client()
    # A scanner that follows links changes nothing.
    for method in (client.get, client.head):
        assert method(link).status_code == 200
    assert WeeklyMail.objects.exists()
    for _ in range(2):
        answer = client.post(link)
        assert answer.headers["Location"].endswith("/weekly-mail/off/")
    assert not WeeklyMail.objects.exists()
    assert "is off" in client.get(answer.headers["Location"]).content.decode()
    assert client.session.get("_auth_user_id") is None
    assert AuditEvent.objects.get(event_type="weekly_mail.switched_off").actor_id == head.id


def test_a_link_is_nobody_elses_and_ends_with_its_choice(head: User, chief: User) -> None:
    token = link_token(wants(head))
    other = wants(chief)
    switch_weekly_mail(user=head, on=False, at=START)
    wants(head)
    # The former link is right, and stops nothing that was switched on since.
    assert switch_off_by_link(token=token, at=START)
    forged = link_token(other)[:-6] + "AAAAAA"
    for wrong in (forged, "nothing", token + "A", "é" * 43, ""):
        assert not switch_off_by_link(token=wrong, at=START), wrong
    assert Client().post("/weekly-mail/off/nothing/").status_code == 404
    assert WeeklyMail.objects.count() == 2


def test_old_weeks_are_forgotten(head: User, elm: Provider) -> None:
    wants(head)
    make_weekly_mails(at=NEXT)
    assert purge_weeks(at=NEXT + timedelta(days=29)) == 0
    assert purge_weeks(at=NEXT + timedelta(days=31)) == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_make_one_mail() -> None:
    for place in range(3):
        head = make_person(f"head{place}")
        elm = make_provider(head, registry.get_contract("wv-bh"), identifier=f"90000000{place:02}")
        ask(f"zoe{place}", elm)
        wants(head)
    made = at_once(5, lambda _place: make_weekly_mails(at=NEXT))
    assert sum(made) == OutboxMessage.objects.filter(kind=WEEKLY_KIND).count() == 3
    assert make_weekly_mails(at=NEXT + timedelta(hours=1)) == 0


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_switch_it_on_once() -> None:
    head = make_person("head")

    def press(_place: int) -> None:
        switch_weekly_mail(user=head, on=True, at=START)

    at_once(5, press)
    assert WeeklyMail.objects.count() == 1
    assert AuditEvent.objects.filter(event_type="weekly_mail.switched_on").count() == 1


def test_a_link_with_a_key_and_nothing_else_could_be_made_up(head: User, chief: User) -> None:
    """The naive way: a key that nobody guesses is proof enough."""

    def naive(token: str) -> UUID | None:
        try:
            return UUID(bytes=base64.urlsafe_b64decode(f"{token}=")[:16])
        except ValueError:
            return None

    fails_with(
        "core.groups.services.weekly._key_of",
        naive,
        lambda: test_a_link_is_nobody_elses_and_ends_with_its_choice(head, chief),
        where="assert not switch_off_by_link(token=wrong",
    )
