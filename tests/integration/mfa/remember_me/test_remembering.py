"""Remember Me: from the ticked box to the visit that goes straight in."""

import re
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client

from core.accounts.models import User
from core.accounts.signing_in.allauth_wrapper import methods_used
from core.audit.models import AuditEvent
from core.common.crypto import keyed_digest
from core.mfa.models import RememberedBrowser
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
from tests.support.people import PASSWORD, last_code, session_account

pytestmark = pytest.mark.django_db


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


def test_signing_out_keeps_it_as_the_guide_says(browser: Client, dana: User) -> None:
    choose(browser, "phone")
    browser.post("/logout/")
    assert session_account(browser) is None
    choose(browser, "phone")
    assert session_account(browser) == dana.id
