"""MFA registration in the browser's place: steps, refresh, back, what is typed wrong."""

from datetime import timedelta

import pytest

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.models import AttemptCount, Challenge, Factor
from core.mfa.services.challenges import answer_call
from core.mfa.services.registrations import begin_mfa_registration
from core.notifications.models import LocalMessage
from tests.integration.mfa.helpers import other_code
from tests.integration.mfa.registering.waiting import ADDRESS, Browser, Waiting
from tests.support.people import PASSWORD, PHONE, deliver_all, last_code, make_person

pytestmark = pytest.mark.django_db


def test_by_email_from_choice_to_home(browser: Browser, source: Waiting) -> None:
    page = browser.get("method").content.decode()
    assert "Please select the method of multi-factor authentication to continue." in page
    assert "Extensions are not supported" in page
    assert browser.at(browser.post("method", method="email")) == "/mfa/email/"
    page = browser.get("email").content.decode()
    assert f'value="{ADDRESS}"' in page
    assert "Send verification code" in page
    browser.post("email", action="send", email=ADDRESS)
    page = browser.get("email").content.decode()
    assert "Verify code" in page
    assert "Send new code" in page
    assert "data-countdown" in page or "Sending the code" in page
    code = last_code(ADDRESS)
    assert browser.at(browser.post("email", action="verify", code=code)) == "/mfa/password/"
    page = browser.get("password").content.decode()
    assert "At least 14 characters" in page
    assert "Change" in page
    response = browser.set_password()
    assert browser.at(response) == "/home/"
    user = User.objects.get(username="noor.h")
    assert browser.account() == str(user.id)
    assert [factor.kind for factor in Factor.objects.filter(user=user)] == ["email"]
    assert user.check_password(PASSWORD)
    assert browser.row().password_hash == ""


def test_by_phone_with_a_text(browser: Browser, source: Waiting) -> None:
    browser.post("method", method="phone")
    browser.verify_email()
    assert browser.at(browser.set_password()) == "/mfa/phone/"
    page = browser.get("phone").content.decode()
    assert "United States (+1)" in page
    assert "can be redirected" in page  # the risk notice
    response = browser.post("phone", country="1", phone="(304) 555-0142", channel="sms")
    assert browser.at(response) == "/mfa/phone/verify/"
    response = browser.post("phone/verify", action="verify", code=last_code(PHONE))
    assert browser.at(response) == "/home/"
    assert source.completed[0].phone == PHONE
    user = User.objects.get(username="noor.h")
    assert Factor.objects.get(user=user, kind="phone").phone == PHONE
    event = AuditEvent.objects.get(event_type="sign_in.completed")
    assert event.data == {"methods": ["password", "email", "sms"]}


def test_by_phone_with_a_call(browser: Browser, source: Waiting) -> None:
    browser.post("method", method="phone")
    browser.verify_email()
    browser.set_password()
    browser.post("phone", country="1", phone="3045550142", channel="voice")
    deliver_all()
    page = browser.get("phone/verify").content.decode()
    assert "press the <strong>#</strong> key" in page
    fragment = browser.client.get(f"{browser.prefix}/mfa/phone/call/").content.decode()
    assert 'hx-trigger="every 2s"' in fragment
    response = browser.post("phone/verify", action="continue")
    assert "has not been confirmed" in response.content.decode()
    key = browser.row().phone_challenge_id
    assert key is not None
    assert answer_call(challenge_id=key, digits="#", at=clock.now())
    assert browser.at(browser.post("phone/verify", action="continue")) == "/home/"
    assert browser.account()


def test_later_pages_lead_to_the_pending_step(browser: Browser) -> None:
    for page in ("email", "password", "phone", "phone/verify"):
        assert browser.at(browser.get(page)) == "/mfa/method/"
    browser.post("method", method="phone")
    for page in ("password", "phone", "phone/verify"):
        assert browser.at(browser.get(page)) == "/mfa/email/"
    browser.verify_email()
    assert browser.at(browser.get("phone")) == "/mfa/password/"
    browser.set_password()
    assert browser.at(browser.get("password")) == "/mfa/phone/"
    assert browser.at(browser.get("phone/verify")) == "/mfa/phone/"


def test_the_method_can_be_changed_on_the_way(browser: Browser, source: Waiting) -> None:
    browser.post("method", method="phone")
    browser.verify_email()
    browser.set_password()
    assert browser.at(browser.post("method", method="email")) == "/home/"
    assert source.completed[0].phone is None


def test_another_address_may_be_proven_and_the_account_has_that(browser: Browser) -> None:
    browser.post("method", method="email")
    browser.verify_email()
    assert browser.at(browser.post("email", action="change")) == "/mfa/email/"
    assert browser.at(browser.get("password")) == "/mfa/email/"
    browser.verify_email("noor.work@clinic.example")
    browser.set_password()
    assert User.objects.get(username="noor.h").email == "noor.work@clinic.example"


def test_an_address_of_another_account_is_told_only_after_the_right_code(
    browser: Browser,
) -> None:
    owner = make_person("dana")
    browser.post("method", method="email")
    sent = browser.post("email", action="send", email=owner.email)
    assert browser.at(sent) == "/mfa/email/"
    assert "has an account" not in browser.get("email").content.decode()
    response = browser.post("email", action="verify", code=last_code(owner.email))
    assert "This address has an account" in response.content.decode()
    assert browser.row().email_verified_at is None


def test_wrong_codes_end_and_a_new_run_brings_no_new_tries(
    browser: Browser, source: Waiting
) -> None:
    browser.post("method", method="email")
    browser.post("email", action="send", email=ADDRESS)
    wrong = other_code(last_code(ADDRESS))
    for _ in range(3):
        page = browser.post("email", action="verify", code=wrong).content.decode()
    assert "too many wrong codes" in page
    again = begin_mfa_registration(
        source_kind="waiting",
        source_id=browser.registration.source_id,
        contract=source.contract,
        at=clock.now(),
    )
    session = browser.client.session
    session["mfa_registration"] = str(again.id)
    session.save()
    Challenge.objects.update(requested_at=clock.now() - timedelta(minutes=5))
    browser.post("method", method="email")
    page = browser.post("email", action="send", email=ADDRESS).content.decode()
    assert "too many wrong codes" in page
    assert AttemptCount.objects.get(owner_id=again.source_id).attempts == 3


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("Short-1a", "Use at least 14 characters"),
        ("blue-lantern 47 rivers", "Add an upper-case letter"),
        ("Password123456!", "on the list of common ones"),
        ("Noor-Haddad-2026!", "contains your name"),
        ("x" * 129 + "A1!", "Use at most 128 characters"),
    ],
)
def test_password_rules_are_named_at_the_field(
    browser: Browser, password: str, sentence: str
) -> None:
    browser.post("method", method="email")
    browser.verify_email()
    page = browser.post("password", password=password, confirmation=password).content.decode()
    assert sentence in page
    assert password not in page
    assert browser.row().password_hash == ""


def test_two_different_passwords_are_refused(browser: Browser) -> None:
    browser.post("method", method="email")
    browser.verify_email()
    page = browser.post("password", password=PASSWORD, confirmation=PASSWORD + "x")
    assert "The two passwords are not the same." in page.content.decode()
    assert "this password has" not in page.content.decode()
    both = browser.post("password", password="short", confirmation="other").content.decode()
    assert "The two passwords are not the same." in both
    assert "this password has 5." in both


@pytest.mark.parametrize(
    "phone", ["", "555", "304-555-0142 ext 5", "9005550142", "+44 20 7946 0958", "x" * 10_000]
)
def test_odd_phone_numbers_get_a_message(browser: Browser, phone: str) -> None:
    browser.post("method", method="phone")
    browser.verify_email()
    browser.set_password()
    response = browser.post("phone", country="1", phone=phone, channel="sms")
    assert response.status_code == 200
    assert "Error:" in response.content.decode()
    assert not LocalMessage.objects.filter(channel="sms").exists()


def test_only_what_the_program_offers_is_shown_and_taken(source: Waiting, browser: Browser) -> None:
    source.methods = ("email",)
    page = browser.get("method").content.decode()
    assert 'value="email"' in page
    assert 'value="phone"' not in page
    assert "does not offer that method" in browser.post("method", method="phone").content.decode()
    assert browser.row().method == ""
