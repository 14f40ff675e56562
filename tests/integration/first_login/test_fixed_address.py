"""After Reset Registration a password alone moves no account to another address."""

import pytest
from django.test import Client

from core.accounts.models import User
from core.mfa.models import MfaRegistration
from core.mfa.services.registration_resets import reset_registration
from core.mfa.services.registrations import (
    FixedAddressError,
    WrongStepError,
    change_email,
    send_email_code,
)
from core.notifications.models import LocalMessage
from tenants.context import ActiveContract
from tests.integration.first_login.walking import Walk, link_to, make_imported
from tests.support.people import (
    PASSWORD,
    START,
    deliver_all,
    last_code,
    make_person,
    make_provider,
)

pytestmark = pytest.mark.django_db
THIEF = "thief@evil.example"


@pytest.fixture
def reset(contract_a: ActiveContract) -> User:
    """Return an account whose registration was reset; its link lies in the mailbox."""
    user = make_person()
    make_provider(user, contract_a)
    reset_registration(user_id=user.id, by=None, reason="phone lost", at=START)
    deliver_all()
    return user


@pytest.mark.parametrize("page", ["/login/email/", "/first-login/"])
def test_the_password_alone_proves_the_address_on_file(
    client: Client, reset: User, page: str
) -> None:
    client.post(page, {"email": reset.email, "username": reset.username, "password": PASSWORD})
    client.post("/mfa/method/", {"method": "email"})
    asked = client.get("/mfa/email/").content.decode()
    assert reset.email in asked
    assert 'name="email"' not in asked
    refused = client.post("/mfa/email/", {"action": "send", "email": THIEF}).content.decode()
    assert "My account" in refused
    deliver_all()
    assert not LocalMessage.objects.filter(to=THIEF).exists()
    assert client.post("/mfa/email/", {"action": "send"}).headers["Location"] == "/mfa/email/"
    assert "Change the e-mail address" not in client.get("/mfa/email/").content.decode()
    code = last_code(reset.email)
    answer = client.post("/mfa/email/", {"action": "verify", "code": code})
    assert answer.headers["Location"] == "/mfa/password/"
    client.post("/mfa/email/", {"action": "change"})
    run = MfaRegistration.objects.get(closed_at__isnull=True)
    assert run.email_verified_at is not None
    with pytest.raises(WrongStepError):
        change_email(registration_id=run.id, at=START)


def test_the_service_refuses_another_address(client: Client, reset: User) -> None:
    client.post("/login/email/", {"email": reset.email, "password": PASSWORD})
    client.post("/mfa/method/", {"method": "email"})
    run = MfaRegistration.objects.get(closed_at__isnull=True)
    with pytest.raises(FixedAddressError):
        send_email_code(registration_id=run.id, email=THIEF, at=START)


def test_the_mailed_link_keeps_change(client: Client, reset: User) -> None:

    client.post(link_to(reset.email))
    client.post("/mfa/method/", {"method": "email"})
    assert 'name="email"' in client.get("/mfa/email/").content.decode()


def test_an_imported_account_whose_address_was_never_proven_keeps_change() -> None:
    make_imported()
    walk = Walk()
    walk.log_in()
    walk.client.post("/mfa/method/", {"method": "email"})
    assert 'name="email"' in walk.client.get("/mfa/email/").content.decode()
    walk.client.post("/mfa/email/", {"action": "send", "email": "new@clinic.example"})
    assert last_code("new@clinic.example")
