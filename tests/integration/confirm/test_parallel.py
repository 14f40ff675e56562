"""The same right code many times at once in one session, each on a connection of its own."""

from collections import Counter
from typing import Any

import pytest
from django.test import Client

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.mfa.models import AttemptCount
from tests.support.people import PASSWORD, PHONE, last_code, make_person
from tests.support.sign_in import sign_in_directly
from tests.support.threads import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
RECORDS = "account_authentication_methods"


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave messages in the outbox until the test delivers them."""
    monkeypatch.setattr("core.notifications.services.outbox.announce", lambda _message: None)


@pytest.fixture
def client(client: Client) -> Client:
    """Return somebody signed in an hour ago, who has given the password again."""
    sign_in_directly(client, make_person())
    session = client.session
    session[RECORDS] = [{**entry, "at": entry["at"] - 3600} for entry in session[RECORDS]]
    session.save()
    client.post("/confirm/?next=/home/", {"password": PASSWORD})
    client.post("/confirm/verify/", {"action": "option", "option": "phone"})
    client.post("/confirm/verify/", {"action": "send", "channel": "sms"})
    return client


def copies(client: Client, count: int) -> list[Client]:
    """Return tabs of the same browser."""
    tabs = [Client() for _place in range(count)]
    for tab in tabs:
        tab.cookies = client.cookies.__class__(client.cookies.output(header="", sep=";"))
    return tabs


def test_eight_right_codes_confirm_once(client: Client) -> None:
    code = {"action": "verify", "code": last_code(PHONE)}
    tabs = copies(client, 8)

    def press(place: int) -> Any:
        return tabs[place].post("/confirm/verify/", code).status_code

    statuses = Counter(at_once(8, press))
    assert statuses[302] == 8, statuses
    assert AuditEvent.objects.filter(event_type="session.confirmed").count() == 1
    assert AuditEvent.objects.filter(event_type="challenge.verified").count() == 1
    assert User.objects.get().failed_at == []


def test_forty_wrong_codes_end_the_session_and_are_compared_as_often_as_allowed(
    client: Client,
) -> None:
    wrong = {"action": "verify", "code": f"{(int(last_code(PHONE)) + 1) % 1_000_000:06d}"}
    tabs = copies(client, 16)
    at_once(16, lambda place: tabs[place].post("/confirm/verify/", wrong).status_code)
    compared = AuditEvent.objects.filter(event_type="challenge.failed", result="wrong")
    assert compared.count() == 3
    assert AttemptCount.objects.get(purpose="confirm").attempts == 3
    assert client.get("/home/").status_code == 302
