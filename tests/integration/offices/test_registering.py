"""A billing office registers itself, by HTTP: outside, with an account, and signed in."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core.accounts.models import User
from core.accounts.selectors import find_account_by_email
from core.audit.models import AuditEvent
from core.common import clock
from core.common.errors import DomainError
from core.groups.home import build_home
from core.groups.models import Membership, Office, OfficeRegistration, Role
from core.groups.services.office_registrations import (
    PER_ADDRESS,
    PER_NETWORK,
    Registrant,
    start_office_registration,
)
from core.groups.services.offices import OFFICES_A_DAY
from core.groups.services.purging import OFFICE_REGISTRATIONS_KEPT, purge_office_registrations
from core.notifications.models import OutboxMessage
from tenants.context import ActiveContract
from tests.integration.first_login.walking import Walk, link_to, mails_to
from tests.support.naive import fails_with
from tests.support.people import make_person, sign_in_by_email
from tests.support.publishing import publish_change
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
OFFICE = {
    "name": "River Billing",
    "address_1": "4 Quay Street",
    "city": "Jackson",
    "us_state": "MS",
    "zip": "39201",
}
TYPED = OFFICE | {
    "first_name": "Olive",
    "last_name": "Marsh",
    "email": "olive@billing.example",
    "confirm_email": "olive@billing.example",
}


def send(client: Client, **changes: str) -> Any:
    return client.post("/offices/register/", TYPED | changes)


def test_an_office_registers_and_its_admin_sees_a_code_and_nothing_else(client: Client) -> None:
    assert "/offices/register/" in client.get("/").content.decode()
    assert "/offices/register/" in client.get("/register/").content.decode()
    assert send(client).headers["Location"] == "/offices/register/sent/"
    link = link_to("olive@billing.example")
    assert client.get(link).status_code == 200
    assert OfficeRegistration.objects.get().link_used_at is None
    assert client.post(link).headers["Location"] == "/offices/register/username/"
    make_person("taken")
    page = client.post("/offices/register/username/", {"username": "Taken"}).content.decode()
    assert "This username is taken" in page
    answer = client.post("/offices/register/username/", {"username": "olive.marsh"})
    assert answer.headers["Location"] == "/mfa/method/"
    done = Walk(client=client).register("olive@billing.example", method="phone")
    assert done.headers["Location"] == "/offices/"
    office = Office.objects.get()
    shown = client.get("/offices/", follow=True).content.decode()
    assert f"{office.code[:4]}-{office.code[4:8]}-{office.code[8:]}" in shown
    olive = User.objects.get(username="olive.marsh")
    held = Membership.objects.get(user=olive)
    assert (held.role, held.group) == (Role.GROUP_ADMIN, office.group)
    assert not olive.contract_access.exists()
    home = build_home(olive, contract=None, used=["email"], at=clock.now())
    assert home.parts == []
    assert "Your office" in client.get("/home/").content.decode()
    events = set(AuditEvent.objects.values_list("event_type", flat=True))
    assert {"office_registration.submitted", "office.registered"} <= events
    assert client.post(link).headers["Location"] == "/offices/register/ended/"


def test_who_has_an_account_is_answered_alike_and_led_by_mail_to_add_it() -> None:
    olive, known, unknown = make_person("olive"), Client(), Client()
    answers = [
        send(known, email=olive.email, confirm_email=olive.email),
        send(unknown, email="new@billing.example", confirm_email="new@billing.example"),
    ]
    assert answers[0].status_code == answers[1].status_code == 302
    same, different = (dict(one.headers) for one in answers)
    assert same.pop("X-Request-ID") != different.pop("X-Request-ID")
    assert same == different
    assert OfficeRegistration.objects.count() == OutboxMessage.objects.count() == 2
    link = link_to(olive.email)
    assert "sign in, and the office is added" in mails_to(olive.email)[0].text
    assert "set a password" in mails_to("new@billing.example")[0].text
    assert known.post(link).headers["Location"] == "/offices/register/accept/"
    assert "/?next=" in known.get("/offices/register/accept/").headers["Location"]
    sign_in_by_email(known, olive)
    assert "River Billing" in known.get("/offices/register/accept/").content.decode()
    assert not Office.objects.exists()
    answer = known.post("/offices/register/accept/")
    office = Office.objects.get()
    assert answer.headers["Location"] == f"/offices/{office.id}/"
    assert User.objects.filter(email=olive.email).count() == 1
    # Sent again it is over
    assert known.post("/offices/register/accept/").headers["Location"] == "/offices/register/ended/"


def test_somebody_elses_registration_is_not_added() -> None:
    olive, other, client = make_person("olive"), make_person("other"), Client()
    send(client, email=olive.email, confirm_email=olive.email)
    client.post(link_to(olive.email))
    sign_in_directly(client, other)
    assert "another e-mail address" in client.post("/offices/register/accept/").content.decode()
    assert not Office.objects.exists()


def test_who_is_signed_in_adds_an_office_at_once_and_sent_twice_it_is_one(client: Client) -> None:
    sign_in_directly(client, make_person("olive"))
    first = client.post("/offices/register/", OFFICE)
    again = client.post("/offices/register/", OFFICE | {"name": "RIVER billing"})
    office = Office.objects.get()
    assert first.headers["Location"] == again.headers["Location"] == f"/offices/{office.id}/"
    assert not OfficeRegistration.objects.exists()


def test_nobody_registers_offices_without_end(client: Client) -> None:
    sign_in_directly(client, make_person("olive"))
    for number in range(OFFICES_A_DAY + 1):
        client.post("/offices/register/", OFFICE | {"name": f"Office {number}"})
    assert Office.objects.count() == OFFICES_A_DAY


def test_nor_by_mail_from_outside(client: Client) -> None:
    olive, hers = make_person("olive"), Client()
    sign_in_directly(hers, olive)
    for number in range(OFFICES_A_DAY):
        hers.post("/offices/register/", OFFICE | {"name": f"Office {number}"})
    send(client, email=olive.email, confirm_email=olive.email)
    hers.post(link_to(olive.email))
    assert (
        "You have registered several offices"
        in hers.post("/offices/register/accept/").content.decode()
    )
    assert Office.objects.count() == OFFICES_A_DAY
    assert OfficeRegistration.objects.get().accepted_at is None


def test_one_address_and_one_network_get_some_mails_and_no_more(client: Client) -> None:
    sent = [send(client) for _ in range(PER_ADDRESS + 1)]
    assert {one.headers["Location"] for one in sent} == {"/offices/register/sent/"}
    assert OutboxMessage.objects.count() == PER_ADDRESS
    rest = PER_NETWORK - len(sent)
    for number in range(rest):
        send(client, email=f"a{number}@x.example", confirm_email=f"a{number}@x.example")
    assert send(client).status_code == 429
    assert OfficeRegistration.objects.count() == PER_NETWORK


def test_where_no_program_lets_in_third_parties_there_is_nothing_to_register(
    client: Client, contract_c: ActiveContract
) -> None:
    publish_change(contract_c.slug, groups__third_parties=False)
    assert client.get("/offices/register/").status_code == 404
    assert send(client).status_code == 404
    assert "/offices/register/" not in client.get("/").content.decode()
    assert client.get("/offices/register/sent/").status_code == 404


def test_the_pages_stand_on_the_portal_host_alone(client: Client) -> None:
    assert client.get("/ms-um/offices/register/").status_code == 404
    shown = client.get("/ms-um/register/").content.decode()
    assert re.search(r'href="[^"]*//[^/"]+/offices/register/"', shown)
    assert "/offices/register/" not in client.get("/wv-bh/register/").content.decode()


def test_what_is_never_finished_gives_its_username_back(client: Client) -> None:
    send(client)
    client.post(link_to("olive@billing.example"))
    client.post("/offices/register/username/", {"username": "olive.marsh"})
    kept = OFFICE_REGISTRATIONS_KEPT + timedelta(hours=2)
    assert purge_office_registrations(at=clock.now()) == 0
    assert purge_office_registrations(at=clock.now() + kept) == 1


def test_refusing_an_address_with_an_account_would_tell_of_it() -> None:
    """The naive way: the form says that there is an account already."""

    class HasAccountError(DomainError):
        code = "has_account"
        message = "This address has an account. Sign in."

    def naive(*, registrant: Registrant, **more: Any) -> None:
        if find_account_by_email(registrant.email):
            raise HasAccountError
        start_office_registration(registrant=registrant, **more)

    fails_with(
        "core.groups.views.office_registration.start_office_registration",
        naive,
        test_who_has_an_account_is_answered_alike_and_led_by_mail_to_add_it,
        where="assert answers[0].status_code == answers[1].status_code",
    )
