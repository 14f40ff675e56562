"""Who began MFA registration and did not finish gets a new link for address and password."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contracts.registration.models import PendingRegistration
from contracts.registration.services.reservations import release_expired
from core.accounts.passwords.hashers import HashingBusyError
from core.accounts.services.throttle import FAILURES_PER_HOUR, count_address_failure
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.models import MfaRegistration
from core.mfa.services.registrations import begin_mfa_registration
from core.mfa.services.unfinished import request_unfinished_link
from core.notifications.models import LocalMessage
from tests.integration.registration.journeys import PASSWORD, Journey
from tests.support.people import deliver_all, last_code, make_person

pytestmark = pytest.mark.django_db
ADDRESS = "dana.reed@clinic.example.org"
PAGE = "/wv-bh/mfa-help/unfinished/"


@pytest.fixture
def journey() -> Journey:
    """Return somebody who verified the address, created a password, and closed the browser."""
    begun = Journey("wv-bh").start().inform().submit()
    begun.follow()
    prefix = f"{begun.prefix}mfa/"
    begun._post(prefix + "method/", {"method": "phone"})
    begun._post(prefix + "email/", {"action": "send", "email": ADDRESS})
    code = {"action": "verify", "code": last_code(ADDRESS)}
    begun._post(prefix + "email/", code)
    set_password = {"password": PASSWORD, "confirmation": PASSWORD}
    begun._post(prefix + "password/", set_password)
    return begun


def ask(email: str = ADDRESS, password: str = PASSWORD) -> Any:
    response = Client().post(PAGE, {"email": email, "password": password})
    for _round in range(2):  # what is made of the first message is a message itself
        deliver_all()
    return response


def links() -> list[str]:
    return list(
        LocalMessage.objects.filter(to=ADDRESS).exclude(link="").order_by("sent_at")
        .values_list("link", flat=True)
    )  # fmt: skip


def test_address_and_password_bring_a_link_that_goes_on(journey: Journey) -> None:
    before = len(links())
    answer = ask()
    assert "a link to finish it is on its way" in answer.content.decode()
    assert len(links()) == before + 1
    again = Journey("wv-bh")
    assert again.follow(ADDRESS).endswith("/mfa/method/")
    again.prove_email(ADDRESS)
    assert PendingRegistration.objects.get().state == "completed"


@pytest.mark.parametrize(
    ("email", "password"), [(ADDRESS, "wrong"), ("nobody@clinic.example.org", PASSWORD)]
)
def test_anything_else_gets_the_same_page_and_no_mail(
    journey: Journey, email: str, password: str
) -> None:
    def plain(response: Any, typed: str) -> str:
        body = response.content.decode().replace(typed, "ADDRESS")
        return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", body)

    before = links()
    refused = plain(ask(email, password), email)
    assert links() == before
    assert refused == plain(ask(), ADDRESS)


def verbs(captured: CaptureQueriesContext) -> list[str]:
    """Return what was asked of the database, but for the path, which is set when it differs."""
    found = [query["sql"].split(" ")[0] for query in captured]
    return [verb for verb in found if verb != "SET"]


def test_the_same_work_is_done_in_every_case(journey: Journey) -> None:
    shapes = []
    for email, password in (
        (ADDRESS, PASSWORD),
        (ADDRESS, "wrong"),
        ("nobody@clinic.example.org", PASSWORD),
    ):
        with CaptureQueriesContext(connection) as captured:
            request_unfinished_link(
                email=email, password=password, address="192.0.2.1", at=clock.now()
            )
        shapes.append(verbs(captured))
    assert shapes[1:] == shapes[:1] * 2
    events = AuditEvent.objects.filter(event_type="mfa_registration.link_requested").order_by("id")
    assert list(events.values_list("result", flat=True)) == ["ok", "refused", "refused"]


def test_a_network_asks_so_often_in_an_hour() -> None:
    for _ in range(FAILURES_PER_HOUR):
        count_address_failure("127.0.0.1", at=clock.now())
    answer = ask()
    assert answer.status_code == 429
    assert "Too many requests" in answer.content.decode()


def test_a_long_queue_of_hashes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_kwargs: object) -> bool:
        raise HashingBusyError

    monkeypatch.setattr("core.mfa.views.help_pages.request_unfinished_link", full)
    answer = ask()
    assert answer.status_code == 503
    assert "try again" in answer.content.decode()


def test_a_registration_that_has_ended_sends_nothing(journey: Journey) -> None:
    assert release_expired(at=clock.now() + timedelta(days=8))
    before = links()
    ask()
    assert links() == before


def test_an_account_without_a_factor_gets_a_link_of_its_own() -> None:
    user = make_person(factors=False)
    registration = begin_mfa_registration(
        source_kind="account", source_id=user.id, contract=None, at=clock.now()
    )
    MfaRegistration.objects.filter(pk=registration.pk).update(
        method="phone", email_verified_at=clock.now(), password_hash=user.password
    )
    from tests.support.people import PASSWORD as OWN

    ask(user.email, OWN)
    mail = LocalMessage.objects.get(to=user.email)
    assert "Complete your registration" in mail.subject
    assert "/mfa/link/" in mail.link
