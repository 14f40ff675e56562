"""A current portal user completes the registration: username and password to home."""

import pytest
from django.test import Client

from core.accounts.models import ImportedAccount, User
from core.accounts.policies import effective_policy
from core.accounts.services.sign_in import check_password_of
from core.audit.models import AuditEvent
from core.mfa.models import Factor
from core.mfa.services.registration_resets import reset_registration
from tests.integration.first_login.walking import (
    NEW_PASSWORD,
    OLD_PASSWORD,
    Walk,
    mails_to,
    make_imported,
)
from tests.support.people import PASSWORD, START, make_person, session_account

pytestmark = pytest.mark.django_db


def test_the_page_has_the_documents_labels_and_login_options_lead_to_it() -> None:
    walk = Walk("/wv-bh")
    assert 'href="/wv-bh/first-login/"' in walk.get("/").content.decode()
    page = walk.get("/first-login/").content.decode()
    for label in ("Username", "Password", ">Back<", ">Login<", "Forgot Password?"):
        assert label in page


def test_by_phone_from_username_and_password_to_the_end() -> None:
    user = make_imported()
    walk = Walk("/wv-bh")
    assert walk.at(walk.log_in("LENA")) == "/mfa/method/"
    assert session_account(walk.client) is None
    assert walk.at(walk.choose("phone")) == "/mfa/email/"
    assert 'value="lena@clinic.example"' in walk.get("/mfa/email/").content.decode()
    walk.verify_email(user.email)
    assert walk.at(walk.set_password()) == "/mfa/phone/"
    assert walk.at(walk.prove_phone()) == "/home/"
    assert session_account(walk.client) == user.id
    assert set(Factor.objects.values_list("kind", flat=True)) == {"email", "phone"}
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    assert ImportedAccount.objects.get().encoded == ""
    done = AuditEvent.objects.get(event_type="sign_in.completed")
    assert done.data == {"methods": ["password", "email", "sms"]}


def test_the_old_password_stops_working_and_leads_nowhere_any_more() -> None:
    user = make_imported()
    walk = Walk()
    walk.log_in()
    walk.register(user.email)
    assert Walk().log_in().status_code == 200
    again = Walk()
    response = again.log_in(password=NEW_PASSWORD)
    assert again.at(response) == "/?registered=1"
    assert "complete already" in again.get("/?registered=1").content.decode()
    assert session_account(again.client) is None


def test_another_address_may_be_verified_and_the_old_one_is_told() -> None:
    user = make_imported()
    walk = Walk()
    walk.log_in()
    walk.choose("email")
    walk.verify_email(user.email)
    assert walk.at(walk.post("/mfa/email/", action="change")) == "/mfa/email/"
    walk.verify_email("lena.marsh@work.example")
    walk.set_password()
    user.refresh_from_db()
    assert user.email == "lena.marsh@work.example"
    told = mails_to("lena@clinic.example")[0]
    assert "e-mail address" in told.subject
    assert "lena.marsh@work.example" not in told.text
    events = AuditEvent.objects.get(event_type="account.credentials_set")
    assert events.data == {"address_changed": True}


def test_with_the_same_address_the_mail_says_that_the_registration_is_complete() -> None:
    user = make_imported()
    walk = Walk()
    walk.log_in()
    walk.register(user.email)
    assert "registration is complete" in mails_to(user.email)[0].subject


def test_an_account_of_ours_that_has_a_factor_is_led_to_the_normal_sign_in() -> None:
    make_person("dana")
    walk = Walk()
    assert walk.at(walk.log_in("dana", PASSWORD)) == "/?registered=1"


def test_somebody_signed_in_goes_home() -> None:
    user = make_imported()
    walk = Walk()
    walk.log_in()
    walk.register(user.email)
    assert walk.at(walk.get("/first-login/")) == "/home/"


def test_the_imported_password_opens_no_normal_sign_in_and_locks_nobody(client: Client) -> None:
    user = make_imported()
    tries = effective_policy(user.id).accounts.lock_failures + 2
    for _ in range(tries):
        check = check_password_of(
            email=user.email, password=OLD_PASSWORD, address="192.0.2.1", at=START
        )
        assert check.user is None
    user.refresh_from_db()
    assert (user.failed_at, user.locked_at) == ([], None)
    walk = Walk()
    assert walk.at(walk.log_in()) == "/mfa/method/"


def test_after_a_reset_the_present_password_leads_into_registration_and_nowhere_else() -> None:
    user = make_person("dana")
    reset_registration(user_id=user.id, by=None, reason="lost phone", at=START)
    by_username = Walk()
    assert by_username.at(by_username.log_in("dana", PASSWORD)) == "/mfa/method/"
    by_address = Walk()
    response = by_address.post("/login/email/", email=user.email, password=PASSWORD)
    assert by_address.at(response) == "/mfa/method/"
    assert session_account(by_address.client) is None
    by_address.register(user.email, method="phone")
    assert session_account(by_address.client) == user.id
    assert session_account(by_username.client) is None
    assert not User.objects.get(pk=user.pk).check_password(PASSWORD)
