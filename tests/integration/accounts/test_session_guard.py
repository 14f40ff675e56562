"""Sessions end when they should, and only then."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client
from pytest_django.fixtures import Settings

from core.accounts.models import User
from core.accounts.services.accounts import deactivate_account, end_sessions
from core.accounts.sessions import guarding
from core.audit.models import AuditEvent
from core.common import clock
from tenants import registry
from tenants.context import ActiveContract
from tests.support.naive import fails_with, must_fail
from tests.support.people import (
    give_deputy,
    make_person,
    make_provider,
    session_account,
)
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client: Client, contract_a: ActiveContract) -> tuple[Client, User]:
    user = make_person()
    make_provider(user, contract_a)
    sign_in_directly(client, user)
    assert session_account(client) == user.id
    return client, user


def move(client: Client, **changes: object) -> None:
    """Change what the session remembers."""
    session = client.session
    session[guarding.RECORD_KEY] = {**session[guarding.RECORD_KEY], **changes}
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


def test_each_tab_is_told_why_for_a_minute(
    signed_in: tuple[Client, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = signed_in
    move(client, seen_at=seconds_ago(3600))
    client.get("/session/")
    at = clock.now()
    for seconds, said in ((0, True), (30, True), (59, True), (61, False), (0, False)):
        monkeypatch.setattr(clock, "now", lambda s=seconds: at + timedelta(seconds=s))
        page = client.get("/").content.decode()
        assert ("because nothing happened for a while" in page) is said


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
    assert client.session[guarding.RECORD_KEY]["seen_at"] == before
    client.get("/home/")
    assert client.session[guarding.RECORD_KEY]["seen_at"] > before


def test_a_session_belongs_to_the_host_that_made_it(signed_in: tuple[Client, User]) -> None:
    client, _ = signed_in
    assert client.get("/home/", headers={"host": "localhost"}).status_code == 302
    assert client.get("/home/").status_code == 302  # and it is over


def test_a_change_of_the_account_ends_every_session(signed_in: tuple[Client, User]) -> None:
    client, user = signed_in
    other = Client()
    sign_in_directly(other, user)
    end_sessions(user_id=user.id, reason="test", by=None, at=clock.now())
    assert client.get("/home/").status_code == 302
    assert other.get("/home/").status_code == 302


def test_a_deactivated_account_is_out_with_its_next_request(
    signed_in: tuple[Client, User],
) -> None:
    client, user = signed_in
    give_deputy(user)
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
    session[guarding.RECORD_KEY] = {"host": "testserver"}
    session.save()
    assert client.get("/home/").status_code == 302


def test_pages_after_sign_in_are_kept_out_of_caches(signed_in: tuple[Client, User]) -> None:
    client, _ = signed_in
    assert "no-store" in client.get("/home/").headers.get("Cache-Control", "")


def test_limits_are_the_strictest_of_the_contracts(
    client: Client, contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    user = make_person()
    make_provider(user, contract_a)
    make_provider(user, contract_b, identifier="1245319599")
    sign_in_directly(client, user)
    record = client.session[guarding.RECORD_KEY]
    documents = (contract_a.document, contract_b.document)
    assert record["idle_seconds"] == 60 * min(one.sessions.idle_minutes for one in documents)
    assert set(record["policy_epochs"]) == {str(contract_a.id), str(contract_b.id)}


def joined(user: User, contract: ActiveContract, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the account work in one more contract, with shorter sessions than its first."""
    sections = contract.document.sessions.model_copy(
        update={"idle_minutes": 5, "absolute_hours": 2}
    )
    document = contract.document.model_copy(update={"sessions": sections})
    stricter = dataclasses.replace(contract, document=document, revision=contract.revision + 1000)
    real_by_id, real_by_slug = registry.get_contract_by_id, registry.get_contract
    monkeypatch.setattr(
        registry,
        "get_contract_by_id",
        lambda key: stricter if key == contract.id else real_by_id(key),
    )
    monkeypatch.setattr(
        registry,
        "get_contract",
        lambda slug: stricter if slug == contract.slug else real_by_slug(slug),
    )
    make_provider(user, contract, identifier="1245319599")


@pytest.mark.parametrize(("idle", "status"), [(4 * 60 + 50, 200), (5 * 60, 302)])
def test_the_idle_limit_of_a_contract_joined_meanwhile_holds(
    signed_in: tuple[Client, User],
    contract_b: ActiveContract,
    monkeypatch: pytest.MonkeyPatch,
    idle: int,
    status: int,
) -> None:
    client, user = signed_in
    joined(user, contract_b, monkeypatch)
    move(client, seen_at=seconds_ago(idle))
    assert client.get("/home/").status_code == status


def test_the_absolute_limit_of_a_contract_joined_meanwhile_holds(
    signed_in: tuple[Client, User], contract_b: ActiveContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, user = signed_in
    joined(user, contract_b, monkeypatch)
    move(client, began_at=seconds_ago(2 * 3600))
    assert client.get("/home/").status_code == 302


def test_a_looser_contract_joined_meanwhile_changes_nothing(
    signed_in: tuple[Client, User], contract_b: ActiveContract
) -> None:
    client, user = signed_in
    make_provider(user, contract_b, identifier="1245319599")
    move(client, idle_seconds=60, seen_at=seconds_ago(60))
    assert client.get("/home/").status_code == 302


def ends() -> list[tuple[str, UUID | None, str]]:
    found = AuditEvent.objects.filter(event_type="session.ended")
    return [(one.data["reason"], one.subject_id, one.subject_type) for one in found]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"seen_at": 0.0}, "idle"),
        ({"host": "elsewhere.example"}, "other_host"),
        ({"security_epoch": 99}, "account_changed"),
    ],
)
def test_the_end_of_a_session_is_recorded_once(
    signed_in: tuple[Client, User], changes: dict[str, object], reason: str
) -> None:
    client, user = signed_in
    move(client, **changes)
    stale = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.get("/home/")
    client.cookies[settings.SESSION_COOKIE_NAME] = stale
    client.get("/home/")
    assert ends() == [(reason, user.id, "account")]


def test_the_end_by_a_deactivation_is_recorded(signed_in: tuple[Client, User]) -> None:
    client, user = signed_in
    give_deputy(user)
    deactivate_account(user_id=user.id, reason="left", by=None, at=clock.now())
    client.get("/home/")
    assert ends() == [("deactivated", user.id, "account")]


def test_the_end_by_a_new_password_is_recorded_and_said(signed_in: tuple[Client, User]) -> None:
    client, user = signed_in
    User.objects.filter(pk=user.pk).update(password="!another")
    response = client.get("/home/", follow=True)
    assert "something about your account changed" in response.content.decode()
    assert ends() == [("account_changed", user.id, "account")]


def test_signing_in_as_somebody_else_ends_the_former_session(
    signed_in: tuple[Client, User],
) -> None:
    client, user = signed_in
    sign_in_directly(client, make_person("robin"))
    assert ("signed_in_anew", user.id, "account") in ends()


def _whatever_host(session: guarding.SessionRecord | None, **now: Any) -> guarding.Ended | None:
    return guarding.why_ended(session, **now | {"host": session.host if session else ""})


def _whatever_policy(session: guarding.SessionRecord | None, **now: Any) -> guarding.Ended | None:
    return guarding.why_ended(session, **now | {"policy_epochs": {}})


def test_a_cookie_that_is_right_would_do_on_any_host(signed_in: tuple[Client, User]) -> None:
    """The naive way: the session is in the database, and each host reads it."""
    fails_with(
        "core.accounts.sessions.lifecycle.why_ended",
        _whatever_host,
        lambda: test_a_session_belongs_to_the_host_that_made_it(signed_in),
        where='assert client.get("/home/", headers={"host": "localhost"}).status_code == 302',
    )


def test_a_policy_that_is_read_at_sign_in_would_leave_sessions_as_they_are(
    signed_in: tuple[Client, User], contract_a: ActiveContract
) -> None:
    """The naive way: who comes next signs in by the stricter rules."""
    fails_with(
        "core.accounts.sessions.lifecycle.why_ended",
        _whatever_policy,
        lambda: test_a_stricter_policy_of_a_contract_ends_its_sessions(signed_in, contract_a),
        where='assert client.get("/home/").status_code == 302',
    )


def test_a_request_that_is_any_request_would_keep_an_open_page_signed_in(
    signed_in: tuple[Client, User],
) -> None:
    """The naive way: whatever comes with the cookie is activity."""
    fails_with(
        "core.accounts.middleware.BACKGROUND_HEADER",
        "X-Nobody-Sends-This",
        lambda: test_activity_prolongs_and_background_requests_do_not(signed_in),
        where='assert client.session[guarding.RECORD_KEY]["seen_at"] == before',
    )


def test_without_the_header_pages_after_sign_in_would_be_kept(
    signed_in: tuple[Client, User], settings: Settings
) -> None:
    """The naive way: what a browser and a proxy keep is their own matter."""
    headers = "config.middleware.SecurityHeadersMiddleware"
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if one != headers]
    signed_in[0].handler.load_middleware()
    with must_fail(where='assert "no-store" in'):
        test_pages_after_sign_in_are_kept_out_of_caches(signed_in)


@pytest.mark.parametrize(
    ("check", "where"),
    [
        (lambda signed_in: test_idle_limit(signed_in, 15 * 60, 302), "status_code == status"),
        (test_absolute_limit_holds_however_busy_one_is, "status_code == 302"),
    ],
)
def test_a_cookie_that_has_its_end_would_be_the_only_limit(
    signed_in: tuple[Client, User], check: Callable[[tuple[Client, User]], None], where: str
) -> None:
    """The naive way: the browser forgets the cookie in time."""

    def naive(session: guarding.SessionRecord | None, **now: Any) -> guarding.Ended | None:
        ended = guarding.why_ended(session, **now)
        return None if ended in {guarding.Ended.IDLE, guarding.Ended.TOO_OLD} else ended

    fails_with(
        "core.accounts.sessions.lifecycle.why_ended", naive, lambda: check(signed_in), where=where
    )
