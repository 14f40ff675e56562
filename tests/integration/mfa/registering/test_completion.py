"""The end of MFA registration: once, whole, or not at all."""

import pytest
from django.test import Client

from core.accounts.models import User
from core.accounts.services.accounts import UsernameTakenError
from core.common import clock
from core.mfa.models import Factor
from core.mfa.services.completing import complete_mfa_registration
from tenants.context import ActiveContract
from tests.integration.mfa.registering.waiting import Browser, Waiting
from tests.support.people import PASSWORD, last_code, make_person, make_provider, session_account

pytestmark = pytest.mark.django_db


def test_completing_twice_makes_one_account(browser: Browser, source: Waiting) -> None:
    browser.post("method", method="email")
    browser.verify_email()
    browser.set_password()
    user = complete_mfa_registration(registration_id=browser.registration.id, at=clock.now())
    assert user.username == "noor.h"
    assert len(source.completed) == 1
    assert User.objects.filter(username="noor.h").count() == 1


def test_nothing_remains_when_the_source_refuses(browser: Browser, source: Waiting) -> None:
    source.refuse = UsernameTakenError()
    browser.post("method", method="email")
    browser.verify_email()
    page = browser.set_password().content.decode()
    assert "could not be completed" in page
    assert not User.objects.filter(username="noor.h").exists()
    assert not Factor.objects.exists()
    assert browser.row().completed_at is None
    assert browser.account() is None


def test_a_completion_that_was_cut_off_is_taken_up_by_any_page(
    browser: Browser, source: Waiting
) -> None:
    source.refuse = UsernameTakenError()
    browser.post("method", method="email")
    browser.verify_email()
    browser.set_password()
    again = browser.get("password")
    assert again.status_code == 200
    assert "could not be completed" in again.content.decode()
    source.refuse = None
    assert browser.get("method").headers["Location"].endswith("/home/")
    assert browser.account() is not None
    assert User.objects.filter(username="noor.h").count() == 1


def test_a_registration_that_ended_says_how_to_go_on(browser: Browser, source: Waiting) -> None:
    source.gone = True
    response = browser.get("method")
    assert response.status_code == 410
    assert "enter the same numbers again" in response.content.decode()


def test_another_contract_and_another_browser_see_nothing(
    browser: Browser, contract_b: ActiveContract
) -> None:
    assert browser.client.get(f"/{contract_b.slug}/mfa/method/").status_code == 410
    assert Client().get(f"{browser.prefix}/mfa/method/").status_code == 410


def test_cancel_keeps_what_was_proven(browser: Browser) -> None:
    browser.post("method", method="phone")
    browser.verify_email()
    page = browser.client.get(f"{browser.prefix}/mfa/paused/").content.decode()
    assert "Continue my registration" in page
    assert browser.at(browser.get("phone")) == "/mfa/password/"


def test_an_account_without_a_factor_is_led_through_registration(
    client: Client, contract_a: ActiveContract
) -> None:
    user = make_person("lee", factors=False)
    make_provider(user, contract_a)
    response = client.post("/login/email/", {"email": user.email, "password": PASSWORD})
    assert response.headers["Location"] == "/mfa/method/"
    client.post("/mfa/method/", {"method": "email"})
    client.post("/mfa/email/", {"action": "send", "email": user.email})
    client.post("/mfa/email/", {"action": "verify", "code": last_code(user.email)})
    fresh = "Quiet harbor 92 lamps!"
    response = client.post("/mfa/password/", {"password": fresh, "confirmation": fresh})
    assert response.headers["Location"] == "/home/"
    user.refresh_from_db()
    assert user.check_password(fresh)
    assert not user.check_password(PASSWORD)
    assert Factor.objects.filter(user=user).count() == 1


def test_a_lock_that_closed_on_the_way_stays_closed(
    client: Client, contract_a: ActiveContract
) -> None:
    user = make_person("lee", factors=False)
    make_provider(user, contract_a)
    client.post("/login/email/", {"email": user.email, "password": PASSWORD})
    client.post("/mfa/method/", {"method": "email"})
    client.post("/mfa/email/", {"action": "send", "email": user.email})
    client.post("/mfa/email/", {"action": "verify", "code": last_code(user.email)})
    User.objects.filter(pk=user.id).update(locked_at=clock.now())
    fresh = "Quiet harbor 92 lamps!"
    response = client.post("/mfa/password/", {"password": fresh, "confirmation": fresh})
    assert response.status_code == 410
    user.refresh_from_db()
    assert user.locked_at is not None
    assert user.check_password(PASSWORD)
    assert session_account(client) is None
    assert not Factor.objects.filter(user=user).exists()
