"""Links by username: one page, one answer, whoever asks; used once, by a button, in time."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.accounts.locking import LockRules
from core.accounts.models import LimitCount
from core.accounts.services.accounts import deactivate_account, set_credentials
from core.accounts.services.locks import record_failure
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.models import Factor, RegistrationLink
from core.mfa.registering import link_requests
from core.mfa.registering.link_requests import LinkTarget
from core.mfa.services.purging import LINKS_KEPT, purge_mfa
from core.staff.models import StaffInvitation, StaffRole
from core.staff.services.invitations import follow_invitation, invite_staff, name_invitee
from tests.integration.first_login.walking import (
    Walk,
    link_to,
    mails_to,
    make_imported,
    now_is,
)
from tests.integration.registration.journeys import Journey
from tests.support.naive import fails_with
from tests.support.people import START, deliver_all, make_person, session_account

pytestmark = pytest.mark.django_db
LOCK_AT_ONCE = LockRules(failures=1, window_minutes=None, hold_minutes=None)


def test_forgot_password_leads_by_mail_to_the_end() -> None:
    user = make_imported(password_hash="")
    walk = Walk("/wv-bh")
    page = walk.get("/first-login/").content.decode()
    assert 'href="/wv-bh/register/reset/"' in page
    assert "request was received" in walk.ask_for_link().content.decode()
    path = link_to(user.email).removeprefix("/wv-bh")
    assert "Continue" in walk.get(path).content.decode()
    assert walk.at(walk.post(path)) == "/mfa/method/"
    assert walk.at(walk.register(user.email)) == "/home/"
    assert session_account(walk.client) == user.id


def test_the_mail_prints_the_end_in_the_contracts_time_zone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_is(monkeypatch, datetime.fromisoformat("2026-07-01T20:05:00+00:00"))
    user = make_imported(password_hash="")
    Walk("/wv-bh").ask_for_link()
    mail = mails_to(user.email)[0]
    # 20 minutes, as the program's document says
    assert "until July 1, 2026, 4:25 PM EDT" in mail.text
    assert "July 1, 2026, 4:25 PM EDT" in mail.html


def test_a_link_works_until_one_second_before_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_imported(password_hash="")
    Walk("/wv-bh").ask_for_link()
    path = link_to(user.email)
    end = RegistrationLink.objects.get().expires_at
    now_is(monkeypatch, end)
    assert Walk().post(path).headers["Location"] == "/wv-bh/mfa/link-ended/"
    now_is(monkeypatch, end - timedelta(seconds=1))
    assert Walk().post(path).headers["Location"] == "/wv-bh/mfa/method/"


def test_a_link_works_once_and_looking_at_it_does_nothing() -> None:
    user = make_imported(password_hash="")
    Walk("/wv-bh").ask_for_link()
    path = link_to(user.email)
    for _ in range(3):
        assert Walk().get(path).status_code == 200
    assert Walk().post(path).headers["Location"] == "/wv-bh/mfa/method/"
    assert Walk().post(path).headers["Location"] == "/wv-bh/mfa/link-ended/"


def test_used_expired_and_unknown_links_look_the_same_and_offer_a_new_one() -> None:
    walk = Walk("/wv-bh")
    shown = [
        re.sub(r'value="[^"]{20,}"', "", walk.get(f"/mfa/link/{token}/").content.decode())
        for token in ("one", "another")
    ]
    assert shown[0] == shown[1]
    assert walk.at(walk.post("/mfa/link/one/")) == "/mfa/link-ended/"
    ended = walk.get("/mfa/link-ended/").content.decode()
    assert 'href="/wv-bh/register/reset/"' in ended


def test_a_newer_link_kills_the_older_one() -> None:
    user = make_imported(password_hash="")
    Walk("/wv-bh").ask_for_link()
    older = link_to(user.email)
    LimitCount.objects.all().delete()
    Walk("/wv-bh").ask_for_link()
    newer = link_to(user.email)
    assert Walk().post(older).headers["Location"] == "/wv-bh/mfa/link-ended/"
    assert Walk().post(newer).headers["Location"] == "/wv-bh/mfa/method/"


def test_a_link_dies_when_the_password_changes_and_works_in_its_own_program_alone() -> None:
    user = make_imported(password_hash="")
    Walk("/wv-bh").ask_for_link()
    path = link_to(user.email)
    elsewhere = path.removeprefix("/wv-bh")
    assert Walk().post(elsewhere).headers["Location"] == "/mfa/link-ended/"
    set_credentials(
        user_id=user.id, email=user.email, password_hash=make_password("x"), by=None, at=START
    )
    assert Walk().post(path).headers["Location"] == "/wv-bh/mfa/link-ended/"
    refused = AuditEvent.objects.filter(event_type="registration_link.refused")
    assert refused.count() == 2


@pytest.mark.parametrize(
    ("state", "words"),
    [("registered", "complete already"), ("locked", "is locked"), ("inactive", "not active")],
)
def test_where_there_is_nothing_to_register_the_owner_reads_why(state: str, words: str) -> None:
    user = make_person("lena", factors=state == "registered")
    if state == "locked":
        record_failure(user_id=user.id, rules=LOCK_AT_ONCE, at=clock.now())
    if state == "inactive":
        deactivate_account(user_id=user.id, reason="left", by=None, at=START)
    Walk().ask_for_link()
    mail = mails_to(user.email)[0]
    assert words in mail.text
    assert mail.link == ""


def _said(username: str) -> tuple[int, str]:
    response = Walk("/wv-bh").ask_for_link(username)
    body = response.content.decode().replace(username, "NAME")
    return response.status_code, re.sub(r'value="[^"]{20,}"', "", body)


def test_the_answer_and_the_statements_are_the_same_for_all_who_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.notifications.services.outbox.announce", lambda _message_id: None)
    make_imported("lena")
    make_person("dana")
    inactive = make_person("gone")
    deactivate_account(user_id=inactive.id, reason="left", by=None, at=START)
    Journey("wv-bh").start().inform(username="pending").submit()
    make_invited("invited")
    said: list[Any] = [_said("warm-up")]
    shapes = []
    for name in ("lena", "dana", "gone", "pending", "invited", "nobody"):
        with CaptureQueriesContext(connection) as queries:
            said.append(_said(name))
        shapes.append(
            [
                " ".join(re.findall(r'^\w+|(?:FROM|INTO|UPDATE) "\w+"', query["sql"]))
                for query in queries.captured_queries
            ]
        )
    assert all(one == said[0] for one in said)
    assert all(shape == shapes[0] for shape in shapes)


def make_invited(username: str) -> StaffInvitation:
    """Invite somebody who followed the link and chose a username, and got no further."""
    address = f"{username}@company.example"
    invitation = invite_staff(
        email=address, role=StaffRole.HELP_DESK, contract_id=None, by=None, at=clock.now()
    )
    token = link_to(address).rstrip("/").rsplit("/", 1)[1]
    assert follow_invitation(token=token, at=clock.now())
    name_invitee(
        invitation_id=invitation.id,
        first_name="Ivy",
        last_name="Reed",
        username=username,
        at=clock.now(),
    )
    return invitation


def test_somebody_invited_gets_a_new_link_of_the_same_sort_by_the_same_page() -> None:
    make_invited("invited")
    before = len(mails_to("invited@company.example"))
    Walk("/wv-bh").ask_for_link("Invited")
    mails = mails_to("invited@company.example")
    assert len(mails) == before + 1
    assert "/staff/invitation" in mails[0].link
    event = AuditEvent.objects.filter(event_type="registration.link_requested").latest("at")
    assert (event.result, event.subject_type) == ("reset", "staff_invitation")


def test_a_second_wish_within_a_minute_is_answered_alike_and_mails_nothing() -> None:
    user = make_imported(password_hash="")
    assert _said("lena") == _said("lena")
    assert len(mails_to(user.email)) == 1


def test_whoever_registered_meanwhile_is_refused_by_an_older_link() -> None:
    user = make_imported(password_hash="")
    Walk("/wv-bh").ask_for_link()
    path = link_to(user.email)
    Factor.objects.create(user=user, kind="email", verified_at=START, created_at=START)
    assert Walk().post(path).headers["Location"] == "/wv-bh/mfa/link-ended/"


def test_links_are_deleted_some_time_after_their_end() -> None:
    make_imported(password_hash="")
    Walk("/wv-bh").ask_for_link()
    deliver_all()
    over = RegistrationLink.objects.get().expires_at + LINKS_KEPT
    purge_mfa(at=over)
    assert RegistrationLink.objects.exists()
    purge_mfa(at=over + timedelta(seconds=1))
    assert not RegistrationLink.objects.exists()


def test_asking_one_place_after_another_would_tell_who_was_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The naive way: whoever is found is not looked for any further."""

    def naive(username: str, *, contract_id: UUID | None, at: datetime) -> LinkTarget | None:
        name = username.strip().lower()
        asked = (find(name, contract_id, at) for find in link_requests._finders)
        return next((target for target in asked if target is not None), None)

    fails_with(
        "contracts.registration.services.links.find_link_target",
        naive,
        lambda: test_the_answer_and_the_statements_are_the_same_for_all_who_ask(monkeypatch),
        where="assert all(shape == shapes[0]",
    )
