"""Whoever tests sign in directly has the session that the pages of the sign-in leave."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from core.accounts.models import Session, User
from core.audit.models import AuditEvent
from tenants.context import ActiveContract
from tests.support.people import make_person, make_provider, sign_in_by_email
from tests.support.sign_in import sign_in_directly
from tests.support.staff import sign_in_by_phone

pytestmark = pytest.mark.django_db
OF_THIS_TIME = {"at", "began_at", "seen_at", "id"}
WAYS: dict[str, Callable[[Client, User], None]] = {
    "email": sign_in_by_email,
    "phone": sign_in_by_phone,
}


@pytest.fixture
def user(contract_a: ActiveContract) -> User:
    person = make_person()
    make_provider(person, contract_a)
    return person


def without_time(value: Any) -> Any:
    """Return what a session keeps without what differs from one sign-in to the next."""
    if isinstance(value, dict):
        return {key: without_time(one) for key, one in value.items() if key not in OF_THIS_TIME}
    return [without_time(one) for one in value] if isinstance(value, list) else value


def left_by(sign_in: Callable[[Client, User], None], user: User) -> dict[str, Any]:
    """Return what a sign-in leaves: the session, its row, the browser's cookies, the last event."""
    client, before = Client(), set(AuditEvent.objects.values_list("id", flat=True))
    sign_in(client, user)
    completed = AuditEvent.objects.exclude(id__in=before).latest("at", "id")
    row = Session.objects.filter(account_id=user.id).latest("expire_date")
    return {
        "session": without_time(dict(client.session.items())),
        "cookies": {name: cookie["samesite"] for name, cookie in client.cookies.items()},
        "row": (row.account_id, row.sign_in is not None),
        "event": (completed.event_type, completed.result, completed.actor_id, completed.data),
        "home": client.get("/home/").status_code,
    }


@pytest.mark.parametrize("option", WAYS)
def test_both_ways_leave_the_same(option: str, user: User) -> None:
    def directly(client: Client, person: User) -> None:
        sign_in_directly(client, person, option=option)

    walked = left_by(WAYS[option], user)
    assert walked["home"] == 200
    assert left_by(directly, user) == walked


def test_the_stages_run(client: Client, contract_a: ActiveContract) -> None:
    person = make_person("robin")
    make_provider(person, contract_a, accepted=False)
    sign_in_directly(client, person)
    assert "_auth_user_id" not in client.session, "the terms of use wait"
