"""Remember Me: from the ticked box to the visit that goes straight in, and what ends it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.accounts import policies
from core.accounts.allauth_wrapper import methods_used
from core.accounts.locking import LockRules
from core.accounts.models import ContractAccess, User
from core.accounts.services.accounts import (
    deactivate_account,
    end_sessions,
    grant_contract_access,
    set_credentials,
)
from core.accounts.services.locks import record_failure, unlock_account
from core.accounts.services.sign_in import check_password_of
from core.audit.models import AuditEvent
from core.common import clock
from core.common.crypto import keyed_digest
from core.mfa.models import Challenge, Factor, RememberedBrowser
from core.mfa.services.registrations import begin_mfa_registration
from tenants import registry
from tenants.configuration.document import ContractDocument
from tenants.configuration.publishing import publish_contract
from tenants.context import ActiveContract
from tests.integration.mfa.remembering import (
    COOKIE,
    choose,
    come_back,
    is_asked,
    let_pass,
    sign_in,
)
from tests.support.people import (
    PASSWORD,
    PHONE,
    last_code,
    make_person,
    make_provider,
    session_account,
    sign_in_by_email,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dana(contract_a: ActiveContract) -> User:
    user = make_person()
    make_provider(user, contract_a)
    return user


@pytest.fixture
def browser(client: Client, dana: User) -> Client:
    """Return a browser that remembers Login with Phone and was closed since."""
    sign_in(client, dana, "phone")
    return come_back(client)


@pytest.fixture(autouse=True)
def _as_published_before() -> Iterator[None]:
    """Read the contracts anew after a test that published and was rolled back.

    Policies are kept by revision, and the next test publishes the same revision differently.
    """
    yield
    registry.forget()
    policies._merged.cache_clear()


def events(event_type: str) -> list[dict[str, Any]]:
    found = AuditEvent.objects.filter(event_type=event_type).order_by("id")
    return [event.data for event in found]


def publish(contract: ActiveContract, **mfa: Any) -> None:
    fields = contract.document.model_dump(mode="json")
    fields["mfa"].update(mfa)
    if fields["mfa"]["remember_hours"] == 0:
        kept = [one for one in fields["waivers"] if one["rule"] != "mfa.remember_hours"]
        fields["waivers"] = kept
    publish_contract(
        document=ContractDocument.model_validate(fields),
        base=contract.revision,
        by=None,
        at=clock.now(),
    )
    registry.forget()


# --- Remembering --------------------------------------------------------------------------------


def test_the_page_has_the_box_with_its_hours_and_its_warning(client: Client) -> None:
    page = client.get("/").content.decode()
    assert "Remember Me" in page
    assert "For up to 4 hours on this browser" in page
    assert "Do not use it on a shared device" in page
    assert 'name="remember"' in page
    assert "checked" not in page


def test_the_box_is_not_there_where_no_browser_is_remembered(
    client: Client, dana: User, contract_a: ActiveContract
) -> None:
    publish(contract_a, remember_hours=0)
    page = client.get(f"/{contract_a.slug}/").content.decode()
    assert "Login with Phone" in page
    assert 'name="remember"' not in page
    response = choose(client, "phone", prefix=f"/{contract_a.slug}")  # typed all the same
    assert response.headers["Location"] == f"/{contract_a.slug}/login/phone/"


def test_the_next_visit_goes_straight_in(browser: Client, dana: User) -> None:
    response = choose(browser, "phone")
    assert response.headers["Location"] == "/home/"
    assert session_account(browser) == dana.id
    assert browser.get("/home/").status_code == 200
    assert events("session.began_remembered") == [{"methods": ["remembered_phone"]}]


def test_by_email_too(client: Client, dana: User) -> None:
    sign_in(client, dana, "email")
    browser = come_back(client)
    choose(browser, "email")
    assert session_account(browser) == dana.id
    assert "Elm Clinic" in browser.get("/home/").content.decode()


def test_an_answer_for_htmx_brings_the_cookie_as_well(client: Client, dana: User) -> None:
    page = choose(client, "email").headers["Location"]
    client.post(page, {"email": dana.email, "password": PASSWORD})
    client.post("/login/verify/", {"action": "send"})
    client.post("/login/verify/", {"action": "verify", "code": last_code(dana.email)})
    headers = {"HX-Request": "true"}
    response = client.post("/login/verify/", {"action": "continue"}, headers=headers)
    assert response.headers["HX-Redirect"] == "/home/"
    assert response.cookies[COOKIE].value


def test_it_leads_to_the_page_that_was_wanted(browser: Client) -> None:
    browser.get("/", {"next": "/mfa-help/"})
    assert choose(browser, "phone").headers["Location"] == "/mfa-help/"


def test_the_session_names_its_method_and_is_a_new_one(browser: Client, dana: User) -> None:
    browser.get("/", {"next": "/home/"})
    before = browser.session.session_key
    response = choose(browser, "phone")
    assert browser.session.session_key != before
    request = response.wsgi_request
    assert methods_used(request, dana) == ("remembered_phone",)


def test_the_page_shows_the_present_state(browser: Client) -> None:
    page = browser.get("/").content.decode()
    assert re.search(r"<input[^>]*name=\"remember\"[^>]*checked", page)
    assert "This browser is remembered for Login with Phone until" in page
    assert "Dana" not in page
    assert "clinic.example" not in page


def test_the_sign_in_page_says_that_the_box_is_ticked(client: Client, dana: User) -> None:
    page = client.get("/login/phone/?remember=on").content.decode()
    assert "Remember Me is on: for up to 4 hours" in page
    assert "Remember Me is on" not in client.get("/login/phone/").content.decode()


def test_the_row_holds_no_token(client: Client, dana: User) -> None:
    sign_in(client, dana, "phone")
    row = RememberedBrowser.objects.get()
    token = client.cookies[COOKIE].value
    assert len(token) == 43
    assert bytes(row.token_digest) == keyed_digest(
        "remembered-browser", token, version=row.key_version
    )
    assert row.expires_at - row.created_at == timedelta(hours=4)
    assert events("browser.remembered") == [
        {"account": str(dana.id), "option": "phone", "hours": 4}
    ]
    everything = repr(list(AuditEvent.objects.values_list("data", flat=True)))
    assert token not in everything
    assert token not in repr(dict(client.session))


def test_the_cookie_outlives_the_browser_and_is_out_of_reach_of_scripts(
    client: Client, dana: User
) -> None:
    sign_in(client, dana, "phone")
    cookie = client.cookies[COOKIE]
    assert 4 * 3600 - 5 <= int(cookie["max-age"]) <= 4 * 3600
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]


def test_in_production_the_cookie_is_secure_and_bound_to_its_host(
    client: Client, dana: User, settings: LazySettings
) -> None:
    settings.SESSION_COOKIE_SECURE = True
    sign_in(client, dana, "phone")
    cookie = client.cookies["__Host-remembered"]
    assert cookie["secure"]
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert COOKIE not in client.cookies


def test_nothing_is_remembered_before_the_factor_is_proven(client: Client, dana: User) -> None:
    page = choose(client, "phone").headers["Location"]
    client.post(page, {"email": dana.email, "password": PASSWORD})
    assert not RememberedBrowser.objects.exists()
    assert COOKIE not in client.cookies


def test_without_the_box_nothing_is_remembered(client: Client, dana: User) -> None:
    sign_in(client, dana, "phone", ticked=False)
    assert not RememberedBrowser.objects.exists()
    assert COOKIE not in client.cookies


def test_use_does_not_prolong_it(browser: Client, dana: User) -> None:
    end = RememberedBrowser.objects.get().expires_at
    response = choose(browser, "phone")
    assert COOKIE not in response.cookies
    row = RememberedBrowser.objects.get()
    assert row.expires_at == end
    let_pass(hours=4)
    assert is_asked(choose(come_back_with(browser), "phone"), "phone")


def come_back_with(browser: Client) -> Client:
    """Return the same browser without its session."""
    later = Client()
    later.cookies[COOKIE] = browser.cookies[COOKIE].value
    return later


def test_signing_out_keeps_it_as_the_guide_says(browser: Client, dana: User) -> None:
    choose(browser, "phone")
    browser.post("/logout/")
    assert session_account(browser) is None
    choose(browser, "phone")
    assert session_account(browser) == dana.id


# --- Forgetting ---------------------------------------------------------------------------------


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
    end_sessions(user_id=user.id, reason="role_changed", by=None, at=clock.now())


def deactivate(user: User) -> None:
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


# --- What it must not buy -----------------------------------------------------------------------


def test_it_gives_no_fresh_tries_at_the_password(browser: Client, dana: User) -> None:
    for _ in range(2):
        check_password_of(email=dana.email, password="wrong", address="192.0.2.1", at=clock.now())
    choose(browser, "phone")
    dana.refresh_from_db()
    assert dana.failed_attempts == 2
    assert dana.last_used_at is not None


def test_a_link_neither_signs_in_nor_forgets(browser: Client) -> None:
    for address in ("/?option=phone&remember=on", "/login/phone/?remember=on", "/login/email/"):
        browser.get(address)
    assert session_account(browser) is None
    assert RememberedBrowser.objects.get().revoked_at is None


def test_a_form_of_another_site_is_refused(browser: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies[COOKIE] = browser.cookies[COOKIE].value
    assert choose(strict, "phone").status_code == 403
    assert session_account(strict) is None


def test_odd_choices_lead_back(client: Client) -> None:
    for option in ("", "fax", "phone\x00", "x" * 5000):
        assert choose(client, option).headers["Location"] == "/"


def test_a_session_by_a_remembered_browser_ends_like_any_other(browser: Client, dana: User) -> None:
    choose(browser, "phone")
    end_sessions(user_id=dana.id, reason="test", by=None, at=clock.now())
    assert browser.get("/home/").status_code == 302


def test_a_lock_without_a_remembered_browser_is_a_lock_all_the_same(dana: User) -> None:
    rules = LockRules(failures=1, window_minutes=None, hold_minutes=None)
    state = record_failure(user_id=dana.id, rules=rules, at=clock.now())
    assert state is not None
    assert state.is_locked(clock.now())
    assert not events("browser.forgotten")
