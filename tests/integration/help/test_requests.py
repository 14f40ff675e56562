"""Requests to the help desk, and the mail that names the address of an account."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.common.ids import uuid7
from core.mfa.models import HelpKind, HelpRequest
from core.mfa.services import help_requests
from core.mfa.services.help_requests import (
    MAILS_TO_OWNER,
    OWNER_KIND,
    PER_CALLER,
    PER_NAME,
    HelpAnswer,
    HelpFacts,
    close_help_request,
    facts_of,
    open_help_request,
)
from core.mfa.services.purging import HELP_CLOSED_KEPT, HELP_OPEN_KEPT, purge_mfa
from core.mfa.services.unfinished import REMINDERS_PER_DAY, remind_of_address
from core.notifications.models import LocalMessage, OutboxMessage
from tenants.context import ActiveContract
from tests.support.naive import fails_with
from tests.support.people import START, after, deliver_all, make_person
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
TYPED = {
    "name": "Dana Reed",
    "account": "dana@clinic.example",
    "reach": "304-555-0199",
    "organization": "Elm Clinic, NPI 1234567893",
    "note": "",
}


def send(client: Client, kind: str = "lost_phone", slug: str = "wv-bh", **changes: str) -> Any:
    return client.post(f"/{slug}/mfa-help/request/{kind}/", {**TYPED, **changes})


def opened(
    *, at: Any = START, address: str = "192.0.2.1", account: str = "dana@clinic.example"
) -> HelpAnswer:
    return open_help_request(
        kind=HelpKind.LOCKED,
        facts=HelpFacts("Dana", account, "304-555-0199", "Elm"),
        contract_id=None,
        address=address,
        by=None,
        at=at,
    )


@pytest.mark.parametrize("kind", HelpKind.values)
def test_each_kind_is_taken_and_gets_a_number(client: Client, kind: str) -> None:
    user = make_person()
    page = client.get(f"/wv-bh/mfa-help/request/{kind}/")
    assert page.status_code == 200
    assert send(client, kind).headers["Location"] == "/wv-bh/mfa-help/requested/"
    request = HelpRequest.objects.get()
    assert (request.kind, request.account_id, request.closed_at) == (kind, user.id, None)
    assert request.reference in client.get("/wv-bh/mfa-help/requested/").content.decode()
    assert facts_of(request).reach == "304-555-0199"


def test_what_was_typed_is_sealed_for_its_row(client: Client) -> None:
    from core.common.crypto import SealBrokenError

    send(client)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row::text FROM core_mfa_helprequest AS row")
        (text,) = cursor.fetchone()
    assert "304-555-0199" not in text
    assert b"304-555-0199".hex() not in text
    request = HelpRequest.objects.get()
    request.id = uuid7()
    with pytest.raises(SealBrokenError):
        facts_of(request)


def test_the_answer_is_the_same_for_a_name_that_is_nobodys(client: Client) -> None:
    make_person()

    def plain(response: Any) -> str:
        reference = r"[2-9A-Z]{4}-[2-9A-Z]{4}"
        return re.sub(reference, "REFERENCE", response.content.decode())

    pages = []
    shapes = []
    for account in ("dana@clinic.example", "dana", "nobody@clinic.example"):
        browser = Client()
        with CaptureQueriesContext(connection) as captured:
            sent = send(browser, account=account)
        found = [query["sql"].split(" ")[0] for query in captured]
        shapes.append([verb for verb in found if verb != "SET"])
        pages.append((sent.status_code, plain(browser.get("/wv-bh/mfa-help/requested/"))))
    assert pages[1:] == pages[:1] * 2
    assert shapes[1:] == shapes[:1] * 2
    assert set(HelpRequest.objects.values_list("account__username", flat=True)) == {"dana", None}


def test_the_owner_and_the_desk_are_told_and_nobody_else(client: Client) -> None:
    make_person()
    send(client)
    send(Client(), account="nobody@clinic.example", slug="wv-bh")
    deliver_all()
    owners = LocalMessage.objects.filter(to="dana@clinic.example")
    assert ["asked for help" in mail.subject for mail in owners] == [True]
    assert not LocalMessage.objects.filter(to__contains="nobody").exists()
    desk = LocalMessage.objects.filter(subject__startswith="Help request")
    assert all("304-555-0199" not in mail.text and "Reed" not in mail.text for mail in desk)


def test_somebody_signed_in_need_not_name_the_account(client: Client) -> None:
    user = make_person()
    sign_in_directly(client, user)
    page = client.get("/mfa-help/request/lost_phone/").content.decode()
    assert "username of your account" not in page
    client.post("/mfa-help/request/lost_phone/", {**TYPED, "account": "somebody-else"})
    request = HelpRequest.objects.get()
    assert (request.account_id, request.is_signed_in) == (user.id, True)
    assert facts_of(request).account == ""


def test_missing_answers_are_named(client: Client) -> None:
    answer = send(client, reach="", account="")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "Enter a phone number or an e-mail address" in page
    assert "Enter the e-mail address or username of your account" in page
    assert not HelpRequest.objects.exists()
    assert send(client, "no_admin", account="").status_code == 302


def test_a_network_asks_so_often() -> None:
    most, window = PER_CALLER
    for place in range(most):
        assert opened(at=after(seconds=place), account=f"p{place}").request
    refused = opened(at=START + window - timedelta(seconds=1), account="another")
    assert (refused.request, refused.retry_at) == (None, START + window)
    assert opened(
        at=START + window - timedelta(seconds=1), address="192.0.2.9", account="x"
    ).request
    assert opened(at=START + window, account="another").request


def test_one_name_is_asked_for_so_often_from_one_network() -> None:
    most, window = PER_NAME
    for place in range(most):
        assert opened(at=after(seconds=place)).request
    late = START + window - timedelta(seconds=1)
    assert opened(at=late, account=" DANA@clinic.example").request is None
    assert opened(at=START + window).request


@pytest.mark.parametrize("account", ["dana@clinic.example", ""])
def test_strangers_use_up_none_of_the_owners_requests(account: str) -> None:
    """Nor do people of one name, who ask for different clinics."""
    for place in range(PER_NAME[0] + 1):
        at, address = after(seconds=place), f"192.0.2.{place}"
        assert opened(at=at, address=address, account=account).request


def test_the_owner_gets_so_many_mails_whoever_asks() -> None:
    user = make_person()
    most, window = MAILS_TO_OWNER
    for place in range(most + 2):
        opened(at=after(seconds=place), address=f"192.0.2.{place}")
    told = OutboxMessage.objects.filter(kind=OWNER_KIND, account_id=user.id)
    assert told.count() == most
    opened(at=START + window + timedelta(seconds=2), address="192.0.2.99")
    assert told.count() == most + 1


def test_the_page_says_that_there_are_too_many(client: Client) -> None:
    for _ in range(3):
        send(client)
    answer = send(client)
    assert answer.status_code == 429
    assert "Too many requests" in answer.content.decode()
    assert "Dana Reed" in answer.content.decode()


def test_staff_close_it_once() -> None:
    answer = opened()
    assert answer.request
    staff = uuid7()
    closed = close_help_request(
        request_id=answer.request.id, outcome="Called back.", by=staff, at=after(hours=1)
    )
    assert closed
    assert closed.closed_by == staff
    again = close_help_request(
        request_id=answer.request.id, outcome="Too.", by=staff, at=after(hours=2)
    )
    assert again is None
    event = AuditEvent.objects.get(event_type="help_request.closed")
    assert (event.actor_id, event.data) == (staff, {"kind": "locked"})


def test_the_audit_holds_no_names() -> None:
    opened()
    events = AuditEvent.objects.filter(event_type__startswith="help_request.")
    assert "Dana" not in str([event.data for event in events])
    assert "clinic" not in str([event.data for event in events])


def test_rows_are_deleted_when_their_time_is_over() -> None:
    answer = opened()
    assert answer.request
    purge_mfa(at=START + HELP_OPEN_KEPT)
    assert HelpRequest.objects.exists()
    purge_mfa(at=START + HELP_OPEN_KEPT + timedelta(seconds=1))
    assert not HelpRequest.objects.exists()
    second = opened()
    assert second.request
    close_help_request(request_id=second.request.id, outcome="Done.", by=uuid7(), at=START)
    purge_mfa(at=START + HELP_CLOSED_KEPT + timedelta(seconds=1))
    assert not HelpRequest.objects.exists()


def remind(username: str) -> Any:
    return Client().post("/wv-bh/mfa-help/address/", {"username": username})


def test_the_address_is_named_in_a_mail_to_it_alone() -> None:
    user = make_person()
    page = remind("DANA").content.decode()
    assert user.email not in page
    assert "If an account has this username" in page
    deliver_all()
    mail = LocalMessage.objects.get()
    assert (mail.to, user.email in mail.text) == (user.email, True)


def test_an_unknown_username_gets_the_same_page_and_no_mail() -> None:
    make_person()

    def plain(name: str) -> str:
        body = remind(name).content.decode().replace(f'value="{name}"', "")
        return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", body)

    assert plain("dana") == plain("who.ever")
    deliver_all()
    assert LocalMessage.objects.count() == 1


def test_one_account_gets_so_many_reminders_a_day() -> None:
    make_person()
    for _ in range(REMINDERS_PER_DAY + 2):
        remind_of_address(username="dana", contract_id=None, address="192.0.2.1", at=clock.now())
        deliver_all()
    assert LocalMessage.objects.count() == REMINDERS_PER_DAY


def test_the_page_of_choices_has_no_dead_end(client: Client, contract_a: ActiveContract) -> None:
    page = client.get("/wv-bh/mfa-help/").content.decode()
    cards = re.findall(r'<section class="card" id="(\w+)">(.*?)</section>', page, re.S)
    assert {name for name, _body in cards} == {
        "begun", "link", "code", "password", "phone", "locked", "inactive", "address", "admin"
    }  # fmt: skip
    for name, body in cards:
        targets = re.findall(r'href="([^"]+)"', body)
        assert targets, name
        for target in targets:
            assert client.get(target).status_code == 200, target
    assert contract_a.document.support[0].purpose in page
    assert "ask the person who did" not in page


def test_signed_in_it_offers_what_one_can_mend(client: Client) -> None:
    user = make_person()
    sign_in_directly(client, user)
    home = client.get("/home/").content.decode()
    assert "Multi-Factor Authentication Help" in home
    page = client.get("/mfa-help/").content.decode()
    assert "You are signed in" in page
    assert "/mfa-help/request/lost_phone/" in page
    assert "/forgot-password/" not in page
    cards = re.findall(r'<section class="card" id="(\w+)">(.*?)</section>', page, re.S)
    assert len(cards) == 5
    for name, body in cards:
        targets = re.findall(r'href="([^"]+)"', body)
        assert targets, name
        for target in targets:
            assert client.get(target).status_code == 200, target
    assert User.objects.count() == 1


def test_a_mail_for_known_names_alone_would_tell_by_the_work(client: Client) -> None:
    """The naive way: nothing is written down where nobody is to be told."""

    def naive(request: HelpRequest, owner: User | None, *, at: datetime) -> None:
        if owner is not None:
            tell(request, owner, at=at)

    tell = help_requests._tell
    fails_with(
        "core.mfa.services.help_requests._tell",
        naive,
        lambda: test_the_answer_is_the_same_for_a_name_that_is_nobodys(client),
        where="assert shapes[1:] == shapes[:1] * 2",
    )
