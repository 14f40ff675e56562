"""Links by username: one page, one answer, whoever asks; used once, by a button, in time."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test.utils import CaptureQueriesContext

from core.accounts.locking import LockRules
from core.accounts.models import LimitCount
from core.accounts.services.accounts import deactivate_account, set_credentials
from core.accounts.services.email import change_email
from core.accounts.services.locks import record_failure
from core.audit.models import AuditEvent
from core.common import clock
from core.common.tokens import has_token
from core.mfa.models import Factor, RegistrationLink
from core.mfa.registering import link_requests
from core.mfa.registering.link_requests import LinkTarget
from core.mfa.services.purging import LINKS_KEPT, purge_mfa
from core.mfa.services.registration_links import follow_account_link
from core.staff.models import StaffInvitation, StaffRole
from core.staff.services.invitations import follow_invitation, invite_staff, name_invitee
from tenants.in_hand import contract_of
from tests.integration.first_login.walking import (
    Walk,
    link_to,
    mails_to,
    make_imported,
    now_is,
)
from tests.integration.registration.journeys import Journey
from tests.support.naive import fails_with
from tests.support.people import START, after, deliver_all, make_person, session_account

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
    """Expired, used and unknown: before the button, behind it, and where that leads."""
    walk = Walk("/wv-bh")
    paths = ["/mfa/link/nobodys-token/"]
    for name in ("used", "over"):
        user = make_imported(name, password_hash="")
        walk.ask_for_link(name)
        paths.append(link_to(user.email).removeprefix("/wv-bh"))
    Walk("/wv-bh").post(paths[1])
    RegistrationLink.objects.filter(user__username="over").update(
        created_at=START, expires_at=after(minutes=20)
    )
    seen = set()
    for path in paths:
        pages = [walk.get(path), walk.post(path), walk.get("/mfa/link-ended/")]
        assert [page.status_code for page in pages] == [200, 302, 200]
        assert walk.at(pages[1]) == "/mfa/link-ended/"
        words = "".join(page.content.decode() for page in pages)
        seen.add(re.sub(r'value="[^"]{20,}"', "", words))
    assert len(seen) == 1
    assert 'href="/wv-bh/register/reset/"' in seen.pop()


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


def test_a_link_dies_when_the_address_changes() -> None:
    user = make_imported(password_hash="")
    Walk("/wv-bh").ask_for_link()
    path = link_to(user.email)
    change_email(user_id=user.id, email="lena@new.example", contract_id=None, by=None, at=START)
    assert Walk().post(path).headers["Location"] == "/wv-bh/mfa/link-ended/"


def _is_alive(link: RegistrationLink, _contract: object, at: datetime) -> bool:
    return link.used_at is None and at < link.expires_at


def _is_known(_link: RegistrationLink, _contract: object, _at: datetime) -> bool:
    return True


def _is_not_over(link: RegistrationLink, _contract: object, at: datetime) -> bool:
    return link.used_at is None and at <= link.expires_at


ENDED = 'headers["Location"] == "/wv-bh/mfa/link-ended/"'


@pytest.mark.parametrize(
    ("naive", "check"),
    [
        (_is_known, test_a_link_works_once_and_looking_at_it_does_nothing),
        (_is_alive, test_a_link_dies_when_the_address_changes),
    ],
)
def test_a_token_that_is_right_would_be_enough(
    naive: Callable[..., bool], check: Callable[[], None]
) -> None:
    """The naive way: who has a token that was mailed comes in, as often and as long as it lives."""
    fails_with("core.mfa.services.registration_links._can_be_used", naive, check, where=ENDED)


def test_a_link_that_is_good_at_its_end_would_end_a_second_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The naive way: good up to and with the moment that the mail prints."""
    fails_with(
        "core.mfa.services.registration_links._can_be_used",
        _is_not_over,
        lambda: test_a_link_works_until_one_second_before_its_end(monkeypatch),
        where=ENDED,
    )


def test_a_page_that_uses_the_link_would_be_used_by_a_scanner() -> None:
    """The naive way: the link itself does what the button does."""

    def naive(request: HttpRequest, template: str) -> HttpResponse:
        token = request.path.split("/")[-2]
        follow_account_link(contract=contract_of(request), token=token, at=clock.now())
        return render(request, template)

    fails_with(
        "core.mfa.views.links.render",
        naive,
        test_a_link_works_once_and_looking_at_it_does_nothing,
        where='headers["Location"] == "/wv-bh/mfa/method/"',
    )


def test_a_page_that_knows_its_link_would_tell_which_it_is() -> None:
    """The naive way: it says at once that a link was used."""

    def naive(request: HttpRequest, template: str) -> HttpResponse:
        token = request.path.split("/")[-2]
        used = RegistrationLink.objects.exclude(used_at=None)
        was_used = used.filter(has_token("account-registration-link", token)).exists()
        return HttpResponse("This link was used.") if was_used else render(request, template)

    fails_with(
        "core.mfa.views.links.render",
        naive,
        test_used_expired_and_unknown_links_look_the_same_and_offer_a_new_one,
        where="assert len(seen) == 1",
    )
