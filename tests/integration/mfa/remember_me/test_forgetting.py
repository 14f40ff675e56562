"""What ends a remembered browser."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.accounts.models import ContractAccess, User
from core.accounts.services.accounts import (
    deactivate_account,
    grant_contract_access,
    set_credentials,
)
from core.accounts.services.locks import unlock_account
from core.accounts.services.sign_in import check_password_of
from core.common import clock
from core.groups.models import Membership, Role
from core.groups.services.roles import change_role as change_membership
from core.mfa.models import Challenge, Factor, RememberedBrowser
from core.mfa.services.registrations import begin_mfa_registration
from tenants import registry
from tenants.context import ActiveContract
from tests.integration.mfa.remembering import (
    COOKIE,
    choose,
    come_back,
    come_back_with,
    events,
    is_asked,
    let_pass,
    publish,
    sign_in,
)
from tests.support.people import (
    EVERYWHERE,
    PASSWORD,
    PHONE,
    give_deputy,
    last_code,
    make_person,
    make_provider,
    session_account,
    sign_in_by_email,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("seconds", "is_in"), [(4 * 3600 - 20, True), (4 * 3600, False)])
def test_it_ends_after_the_hours(browser: Client, seconds: int, is_in: bool) -> None:
    let_pass(seconds=seconds)
    choose(browser, "phone")
    assert (session_account(browser) is not None) is is_in


def test_the_other_option_asks_for_everything_and_revokes(browser: Client) -> None:
    response = choose(browser, "email")
    assert is_asked(response, "email")
    assert response.cookies[COOKIE].value == ""
    assert events("browser.forgotten")[0]["reason"] == "other_option"
    assert is_asked(choose(browser, "phone"), "phone")
    assert session_account(browser) is None


def test_an_unticked_box_asks_for_everything_and_revokes(browser: Client) -> None:
    stolen = come_back_with(browser)
    assert is_asked(choose(browser, "phone", ticked=False), "phone", ticked=False)
    assert events("browser.forgotten")[0]["reason"] == "unticked"
    assert is_asked(choose(stolen, "phone"), "phone")


def test_a_copy_on_another_host_is_worth_nothing(browser: Client, contract_c: Any) -> None:
    for host in ("localhost", f"{contract_c.slug}.localhost"):
        copy = come_back_with(browser)
        assert "checked" not in copy.get("/", headers={"host": host}).content.decode()
        choose(copy, "phone", host=host)
        assert session_account(copy) is None


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 5000, "\xe9\xff", "\\udc80", '"; a=b'])
def test_a_forged_cookie_is_nobody(client: Client, dana: User, token: str) -> None:
    sign_in(client, dana, "phone")
    forger = Client()
    forger.cookies[COOKIE] = token
    assert "checked" not in forger.get("/").content.decode()
    assert is_asked(choose(forger, "phone"), "phone")
    assert not events("browser.forgotten")
    assert RememberedBrowser.objects.get().revoked_at is None


def test_the_digest_itself_is_no_token(client: Client, dana: User) -> None:
    sign_in(client, dana, "phone")
    forger = Client()
    forger.cookies[COOKIE] = bytes(RememberedBrowser.objects.get().token_digest).hex()
    assert is_asked(choose(forger, "phone"), "phone")


def test_unknown_tokens_and_ended_ones_get_the_same_answer(browser: Client) -> None:
    let_pass(hours=4)
    ended, unknown = browser, Client()
    unknown.cookies[COOKIE] = "A" * 43
    pages, looks = [], []
    for one in (ended, unknown):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            pages.append(re.sub(r'value="\w{64}"', "", one.get("/").content.decode()))
        looks.append(sum("rememberedbrowser" in query["sql"] for query in asked))
    assert pages[0] == pages[1]
    assert looks == [1, 1]
    answers = [choose(one, "phone") for one in (ended, unknown)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert answers[0].cookies.output() == answers[1].cookies.output()


def test_who_has_no_cookie_costs_no_look_up(client: Client, dana: User) -> None:
    with CaptureQueriesContext(connection) as asked:
        client.get("/")
    assert not any("rememberedbrowser" in query["sql"] for query in asked)


def change_password(user: User) -> None:
    set_credentials(
        user_id=user.id, email=user.email, password_hash="other", by=user.id, at=clock.now()
    )


def change_role(user: User) -> None:
    deputy = give_deputy(user)
    membership = Membership.objects.get(user=user, until__isnull=True)
    change_membership(
        membership_id=membership.id,
        was=Role.GROUP_ADMIN,
        role=Role.STAFF,
        by=deputy.id,
        entered=EVERYWHERE,
        at=clock.now(),
    )


def deactivate(user: User) -> None:
    give_deputy(user)
    deactivate_account(user_id=user.id, reason="left", by=None, at=clock.now())


def lock(user: User) -> None:
    for _ in range(3):
        check_password_of(email=user.email, password="wrong", address="192.0.2.1", at=clock.now())


def lock_and_unlock(user: User) -> None:
    lock(user)
    unlock_account(user_id=user.id, reason="asked", by=None, at=clock.now())


def drop_phone(user: User) -> None:
    Factor.objects.filter(user=user, kind="phone").delete()


def change_phone(user: User) -> None:
    Factor.objects.filter(user=user, kind="phone").update(
        phone="+13045550199", verified_at=clock.now()
    )


def leave_contract(user: User) -> None:
    ContractAccess.objects.filter(user=user).update(until=clock.now())


@pytest.mark.parametrize(
    "change",
    [
        change_password,
        change_role,
        deactivate,
        lock,
        lock_and_unlock,
        drop_phone,
        change_phone,
        leave_contract,
    ],
)
def test_it_falls_away_with_each_change(browser: Client, dana: User, change: Any) -> None:
    change(dana)
    assert "checked" not in browser.get("/").content.decode()
    assert is_asked(choose(browser, "phone"), "phone")
    assert session_account(browser) is None


def test_a_stricter_policy_ends_it(browser: Client, contract_a: ActiveContract) -> None:
    publish(contract_a, attempts=2)
    assert is_asked(choose(browser, "phone"), "phone")


def test_a_milder_policy_does_not_end_it(
    client: Client, dana: User, contract_a: ActiveContract
) -> None:
    publish(contract_a, attempts=2)
    sign_in(client, dana, "phone")
    browser = come_back(client)
    publish(registry.get_contract(contract_a.slug), attempts=3)
    choose(browser, "phone")
    assert session_account(browser) == dana.id


def test_an_mfa_registration_begun_anew_needs_no_remembered_browser(
    browser: Client, dana: User
) -> None:
    """Without a factor the way of a sign-in leads into MFA registration: never by a cookie."""
    Factor.objects.filter(user=dana).delete()
    assert is_asked(choose(browser, "phone"), "phone")
    begin_mfa_registration(source_kind="account", source_id=dana.id, contract=None, at=clock.now())
    assert browser.get("/mfa/method/").status_code == 410


def test_of_two_contracts_the_one_without_remembering_wins(
    client: Client, dana: User, contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    publish(contract_b, remember_hours=0)
    make_provider(dana, registry.get_contract(contract_b.slug), identifier="1245319599")
    sign_in(client, dana, "phone")
    assert not RememberedBrowser.objects.exists()
    assert COOKIE not in client.cookies


def test_of_two_contracts_the_shorter_time_holds(
    client: Client, dana: User, contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    publish(contract_b, remember_hours=2)
    make_provider(dana, registry.get_contract(contract_b.slug), identifier="1245319599")
    sign_in(client, dana, "phone")
    row = RememberedBrowser.objects.get()
    assert row.expires_at - row.created_at == timedelta(hours=2)
    assert set(row.policy_epochs) == {str(contract_a.id), str(contract_b.id)}


def test_another_contract_ends_it(browser: Client, dana: User, contract_b: ActiveContract) -> None:
    grant_contract_access(user_id=dana.id, contract_id=contract_b.id, at=clock.now())
    assert is_asked(choose(browser, "phone"), "phone")


def test_somebody_elses_sign_in_takes_the_place(browser: Client, dana: User) -> None:
    lee = make_person("lee")
    sign_in_by_email(browser, lee)
    assert session_account(browser) == lee.id
    assert events("browser.forgotten")[0]["reason"] == "signed_in_without"
    browser.post("/logout/")
    assert is_asked(choose(browser, "phone"), "phone")


def test_a_new_sign_in_replaces_the_former_memory(browser: Client, dana: User) -> None:
    old = browser.cookies[COOKIE].value
    page = "/login/phone/?remember=on"  # a bookmark, past the choice
    browser.get(page)
    sign_in_again(browser, dana, page)
    assert browser.cookies[COOKIE].value not in {"", old}
    assert RememberedBrowser.objects.filter(revoked_at=None).count() == 1
    assert events("browser.forgotten")[0]["reason"] == "replaced"
    thief = Client()
    thief.cookies[COOKIE] = old
    assert is_asked(choose(thief, "phone"), "phone")


def sign_in_again(browser: Client, user: User, page: str) -> None:
    Challenge.objects.update(requested_at=clock.now() - timedelta(hours=2))
    browser.post(page, {"email": user.email, "password": PASSWORD})
    browser.post("/login/verify/", {"action": "send", "channel": "sms"})
    browser.post("/login/verify/", {"action": "verify", "code": last_code(PHONE)})
    assert session_account(browser) == user.id
