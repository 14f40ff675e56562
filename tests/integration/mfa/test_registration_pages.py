"""MFA registration in the browser's place: steps, refresh, back, two tabs, completion."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from core.accounts.models import User
from core.accounts.services.accounts import UsernameTakenError, create_account
from core.audit.models import AuditEvent
from core.common import clock
from core.common.ids import uuid7
from core.mfa import sources
from core.mfa.models import AttemptCount, Challenge, Factor, MfaRegistration
from core.mfa.services.challenges import answer_call
from core.mfa.services.registrations import begin_mfa_registration, complete_mfa_registration
from core.mfa.sources import CompletedRegistration, SourceDescription, SourceGoneError
from core.notifications.models import LocalMessage
from tenants.configuration.policy import Method
from tenants.context import ActiveContract
from tests.integration.mfa.helpers import other_code
from tests.support.people import (
    PASSWORD,
    PHONE,
    deliver_all,
    last_code,
    make_person,
    make_provider,
    session_account,
)

pytestmark = pytest.mark.django_db
ADDRESS = "noor@clinic.example"


@dataclass
class Waiting:
    """A source with one registrant, as a pending registration is one."""

    contract: ActiveContract
    methods: tuple[Method, ...] = ("phone", "email")
    gone: bool = False
    completed: list[CompletedRegistration] = field(default_factory=list)
    refuse: Exception | None = None

    def describe(self, source_id: UUID) -> SourceDescription:
        if self.gone:
            raise SourceGoneError
        return SourceDescription(
            contract_id=self.contract.id,
            email=ADDRESS,
            first_name="Noor",
            last_name="Haddad",
            username="noor.h",
            policy=self.contract.document,
            methods=self.methods,
        )

    def complete(self, source_id: UUID, result: CompletedRegistration, *, at: datetime) -> User:
        self.completed.append(result)
        user = create_account(
            username="noor.h",
            email=result.email,
            first_name="Noor",
            last_name="Haddad",
            password_hash=result.password_hash,
            by=None,
            at=at,
        )
        if self.refuse:
            raise self.refuse
        return user


@pytest.fixture
def source(contract_a: ActiveContract, monkeypatch: pytest.MonkeyPatch) -> Waiting:
    waiting = Waiting(contract_a)
    monkeypatch.setitem(sources._sources, "waiting", waiting)
    return waiting


class Browser:
    """A client inside the contract, with the registration in its session."""

    def __init__(self, source: Waiting) -> None:
        self.client = Client()
        self.prefix = f"/{source.contract.slug}"
        self.registration = begin_mfa_registration(
            source_kind="waiting", source_id=uuid7(), contract=source.contract, at=clock.now()
        )
        session = self.client.session
        session["mfa_registration"] = str(self.registration.id)
        session.save()

    def get(self, page: str) -> Any:
        return self.client.get(f"{self.prefix}/mfa/{page}/")

    def post(self, page: str, **data: str) -> Any:
        return self.client.post(f"{self.prefix}/mfa/{page}/", data)

    def row(self) -> MfaRegistration:
        return MfaRegistration.objects.get(pk=self.registration.pk)

    def at(self, response: Any) -> str:
        return str(response.headers["Location"]).removeprefix(self.prefix)

    def verify_email(self, address: str = ADDRESS) -> None:
        self.post("email", action="send", email=address)
        self.post("email", action="verify", code=last_code(address))

    def set_password(self) -> Any:
        return self.post("password", password=PASSWORD, confirmation=PASSWORD)

    def account(self) -> str | None:
        return self.client.session.get("_auth_user_id")


@pytest.fixture
def browser(source: Waiting) -> Browser:
    return Browser(source)


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
    assert "data-countdown" in page or "on its way" in page
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
    assert "The two passwords are not the same" in page.content.decode()


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
