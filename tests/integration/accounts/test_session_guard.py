"""Sessions end when they should, and only then."""

from datetime import timedelta

import pytest
from django.test import Client

from core.accounts import sessions
from core.accounts.models import User
from core.accounts.services.accounts import deactivate_account, end_sessions
from core.common import clock
from tenants.context import ActiveContract
from tests.support.people import make_person, make_provider, session_account, sign_in_by_email

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client: Client, contract_a: ActiveContract) -> tuple[Client, User]:
    user = make_person()
    make_provider(user, contract_a)
    sign_in_by_email(client, user)
    assert session_account(client) == user.id
    return client, user


def move(client: Client, **changes: object) -> None:
    """Change what the session remembers."""
    session = client.session
    session[sessions.RECORD_KEY] = {**session[sessions.RECORD_KEY], **changes}
    session.save()


def seconds_ago(seconds: int) -> float:
    return (clock.now() - timedelta(seconds=seconds)).timestamp()


@pytest.mark.parametrize(("idle", "status"), [(14 * 60 + 50, 200), (15 * 60, 302)])
def test_idle_limit(signed_in: tuple[Client, User], idle: int, status: int) -> None:
    client, _ = signed_in
    move(client, seen_at=seconds_ago(idle))
    assert client.get("/home/").status_code == status


def test_the_page_says_why_one_was_signed_out(signed_in: tuple[Client, User]) -> None:
    client, _ = signed_in
    move(client, seen_at=seconds_ago(3600))
    response = client.get("/home/", follow=True)
    assert "because nothing happened for a while" in response.content.decode()
    assert session_account(client) is None


def test_absolute_limit_holds_however_busy_one_is(signed_in: tuple[Client, User]) -> None:
    client, _ = signed_in
    move(client, began_at=seconds_ago(12 * 3600))
    assert client.get("/home/").status_code == 302


def test_activity_prolongs_and_background_requests_do_not(
    signed_in: tuple[Client, User],
) -> None:
    client, _ = signed_in
    before = seconds_ago(600)
    move(client, seen_at=before)
    client.get("/home/", headers={"X-Portal-Background": "1"})
    assert client.session[sessions.RECORD_KEY]["seen_at"] == before
    client.get("/home/")
    assert client.session[sessions.RECORD_KEY]["seen_at"] > before


def test_a_session_belongs_to_the_host_that_made_it(signed_in: tuple[Client, User]) -> None:
    client, _ = signed_in
    assert client.get("/home/", headers={"host": "localhost"}).status_code == 302
    assert client.get("/home/").status_code == 302  # and it is over


def test_a_change_of_the_account_ends_every_session(signed_in: tuple[Client, User]) -> None:
    client, user = signed_in
    other = Client()
    sign_in_by_email(other, user)
    end_sessions(user_id=user.id, reason="test", by=None, at=clock.now())
    assert client.get("/home/").status_code == 302
    assert other.get("/home/").status_code == 302


def test_a_deactivated_account_is_out_with_its_next_request(
    signed_in: tuple[Client, User],
) -> None:
    client, user = signed_in
    deactivate_account(user_id=user.id, reason="left", by=None, at=clock.now())
    assert client.get("/home/").status_code == 302
    assert session_account(client) is None


def test_a_stricter_policy_of_a_contract_ends_its_sessions(
    signed_in: tuple[Client, User], contract_a: ActiveContract
) -> None:
    client, _ = signed_in
    move(client, policy_epochs={str(contract_a.id): contract_a.policy_epoch - 1})
    assert client.get("/home/").status_code == 302


def test_a_session_without_a_record_is_no_session(signed_in: tuple[Client, User]) -> None:
    client, _ = signed_in
    session = client.session
    session[sessions.RECORD_KEY] = {"host": "testserver"}
    session.save()
    assert client.get("/home/").status_code == 302


def test_pages_after_sign_in_are_kept_out_of_caches(signed_in: tuple[Client, User]) -> None:
    client, _ = signed_in
    assert "no-store" in client.get("/home/").headers["Cache-Control"]


def test_limits_are_the_strictest_of_the_contracts(
    client: Client, contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    user = make_person()
    make_provider(user, contract_a)
    make_provider(user, contract_b, identifier="1245319599")
    sign_in_by_email(client, user)
    record = client.session[sessions.RECORD_KEY]
    documents = (contract_a.document, contract_b.document)
    assert record["idle_seconds"] == 60 * min(one.sessions.idle_minutes for one in documents)
    assert set(record["policy_epochs"]) == {str(contract_a.id), str(contract_b.id)}
