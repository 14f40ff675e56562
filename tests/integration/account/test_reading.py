"""History, rules, remembered browsers, and one's own data."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core.accounts.history import PAGE_SIZE
from core.accounts.models import User
from core.accounts.policies import policy_for
from core.accounts.policy_words import WORDS, policy_in_words
from core.audit.models import AuditEvent
from core.audit.recording import record
from core.common import clock
from core.groups.services.weekly import switch_weekly_mail
from core.mfa.browsers.cookie import cookie_name
from core.mfa.models import RememberedBrowser
from core.mfa.services.browsers import remember_browser
from tenants.configuration.merge import policy_fields
from tenants.context import ActiveContract
from tests.support.people import PHONE, START, make_person, make_provider
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db


def test_the_history_tells_successes_failures_and_from_where(client: Client, user: User) -> None:
    stranger = Client(REMOTE_ADDR="203.0.113.77")
    stranger.post("/login/email/", {"email": user.email, "password": "a guess"})
    page = client.get("/account/history/").content.decode()
    assert page.index("Wrong password") < page.index("Signed in")
    assert "password, code by e-mail" in page
    assert "203.0.113.…" in page
    assert "203.0.113.77" not in page


def test_the_history_of_others_is_not_shown(client: Client, user: User) -> None:
    robin = make_person("robin")
    record("account.locked", subject=("account", robin.id), at=clock.now())
    assert "Account locked" not in client.get("/account/history/").content.decode()


def test_it_is_paged_newest_first(client: Client, user: User) -> None:
    at = clock.now() + timedelta(days=1)
    for number in range(PAGE_SIZE + 5):
        record(
            "factor.added",
            subject=("account", user.id),
            data={"kind": "totp"},
            at=at + timedelta(minutes=number),
        )
    first = client.get("/account/history/").content.decode()
    assert first.count("Way to sign in added") == PAGE_SIZE
    second = client.get("/account/history/?page=2").content.decode()
    assert second.count("Way to sign in added") == 5
    assert "Newer" in second
    assert "Older" not in second


@pytest.mark.parametrize("page", ["0", "-1", "x", "1" * 30, "²"])
def test_pages_that_are_none(client: Client, user: User, page: str) -> None:
    assert client.get(f"/account/history/?page={page}").status_code == 404


def test_every_rule_that_merges_has_words() -> None:
    worded = [field for entries in WORDS.values() for field in entries]
    assert sorted(worded) == sorted(policy_fields())


def test_the_rules_name_the_program_that_asks(
    client: Client, user: User, contract_a: ActiveContract, contract_c: ActiveContract
) -> None:
    make_provider(user, contract_c, identifier="1245319599")
    page = client.get("/account/rules/").content.decode()
    assert f"You work in {contract_c.name}, {contract_a.name}." in page
    rows = {
        row.label: row
        for _, rows in policy_in_words(
            policy_for(User.objects.with_contracts().get(pk=user.pk)),
            {one.slug: one.name for one in (contract_a, contract_c)},
        )
        for row in rows
    }
    assert rows["Shortest password"].value == "15 characters"
    assert rows["Shortest password"].origins == (contract_c.name,)
    assert rows["You are warned by mail"].value == "after 45 and 55 days"
    assert rows["A code by e-mail at sign-in works for"].value == "30 seconds"
    assert "15 characters" in page


def test_without_a_program_the_portals_rules_hold(client: Client) -> None:
    sign_in_directly(client, make_person("robin"))
    page = client.get("/account/rules/").content.decode()
    assert "You work in no program yet" in page
    assert "The portal" in page


@pytest.fixture
def remembered(client: Client, contract_b: ActiveContract) -> User:
    person = make_person("robin")
    make_provider(person, contract_b)
    for host in ("testserver", "localhost"):
        remember_browser(user=person, option="phone", host=host, replaces="", at=clock.now())
    sign_in_directly(client, person)
    return person


def test_remembered_browsers_are_listed_and_forgotten_one_by_one(
    client: Client, remembered: User
) -> None:
    page = client.get("/account/browsers/").content.decode()
    for text in ("Login with Phone at testserver", "Login with Phone at localhost", "Until"):
        assert text in page
    first = RememberedBrowser.objects.get(host="localhost")
    client.post(f"/account/browsers/{first.id}/forget/")
    page = client.get("/account/browsers/").content.decode()
    assert "localhost" not in page
    assert "testserver" in page
    event = AuditEvent.objects.get(event_type="browser.forgotten")
    assert event.data["reason"] == "forgotten_by_owner"


def test_all_are_forgotten(client: Client, remembered: User) -> None:
    client.post("/account/browsers/forget/")
    assert "No browser is remembered" in client.get("/account/browsers/").content.decode()


def test_what_is_over_is_not_listed(client: Client, remembered: User) -> None:
    RememberedBrowser.objects.update(security_epoch=99)
    assert "No browser is remembered" in client.get("/account/browsers/").content.decode()


def test_browsers_of_others_are_not_forgotten(client: Client, remembered: User) -> None:
    stranger = Client()
    sign_in_directly(stranger, make_person("sam"))
    first = RememberedBrowser.objects.get(host="localhost")
    stranger.post(f"/account/browsers/{first.id}/forget/")
    first.refresh_from_db()
    assert first.revoked_at is None


def test_a_forgotten_browser_signs_nobody_in(client: Client, contract_b: ActiveContract) -> None:
    person = make_person("robin")
    make_provider(person, contract_b)
    memory = remember_browser(
        user=person, option="email", host="testserver", replaces="", at=clock.now()
    )
    assert memory is not None
    sign_in_directly(client, person)
    client.post("/account/browsers/forget/")
    other = Client()
    other.cookies[cookie_name()] = memory.token
    other.post("/", {"option": "email", "remember": "on"})
    assert other.get("/home/").status_code == 302


def download(client: Client) -> dict[str, Any]:
    answer = client.post("/account/data/")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer.headers["Cache-Control"]
    data: dict[str, Any] = json.loads(answer.content)
    return data


def test_ones_own_data_as_a_file(client: Client, user: User) -> None:
    page = client.get("/account/data/").content.decode()
    assert "Your roles" in page
    switch_weekly_mail(user=user, on=True, at=START)
    data = download(client)
    assert data["account"]["username"] == "dana"
    assert data["account"]["programs"][0]["until"] is None
    assert {one["kind"] for one in data["factors"]["proven"]} == {"email", "phone"}
    assert PHONE in json.dumps(data["factors"])
    assert data["memberships"][0]["role"] == "Provider Group Admin"
    assert data["memberships"][0]["confirmed"] == []
    assert data["weekly_mail"] == [{"since": START.isoformat()}]
    assert data["sessions"][0]["host"] == "testserver"
    assert [one["version"] for one in data["terms_of_use"]] == ["2"]
    assert any(one["event"] == "sign_in.completed" for one in data["history"])
    event = AuditEvent.objects.get(event_type="account.data_downloaded")
    assert event.actor_id == user.id


def test_there_are_no_secrets_in_it(client: Client, user: User) -> None:
    text = json.dumps(download(client)).lower()
    account = User.objects.get(pk=user.pk)
    assert account.password.lower() not in text
    assert "argon2" not in text
    assert str(client.session.session_key) not in text


def test_the_file_needs_a_fresh_sign_in(client: Client, user: User) -> None:
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    assert client.post("/account/data/").headers["Location"].startswith("/confirm/")
    assert not AuditEvent.objects.filter(event_type="account.data_downloaded").exists()


def test_the_menu_calls_it_by_the_programs_word(client: Client, user: User) -> None:
    page = client.get("/account/").content.decode()
    assert ">Preferences</a>" in page
    assert "It cannot be changed." in page
