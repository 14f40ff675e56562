"""A weak factor never buys a stronger one: pages of change ask for the strongest that works."""

import json

import pytest
from django.test import Client

from core.accounts.models import User
from core.common import clock
from core.mfa.models import Factor, FactorKind, Passkey
from core.mfa.services.recovery import issue_recovery_codes
from core.staff.models import StaffRole
from core.staff.services.members import grant_role
from tenants.context import ActiveContract
from tests.support.authenticators import App, SecurityKey, confirm_by_app, give_app
from tests.support.naive import fails_with
from tests.support.people import (
    PASSWORD,
    make_person,
    make_provider,
)
from tests.support.publishing import publish_methods
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
STRICT = "acentra-sample"
ADD_KEY = "/account/factors/passkey/"
NEW_CODES = "/account/factors/recovery-codes/"


@pytest.fixture
def dana(contract_a: ActiveContract, contract_b: ActiveContract) -> User:
    """Return somebody of two programs, one of which takes nothing below an app."""
    user = make_person()
    make_provider(user, contract_a)
    make_provider(user, contract_b, name="Oak Hospital", identifier="1245319599")
    publish_methods(STRICT, "totp", "passkey")
    return user


def add_key(client: Client, url: str = ADD_KEY) -> int:
    """Add a passkey of one's own; tells the status of the last answer."""
    key = SecurityKey()
    options = client.post(url, {"action": "passkey_options", "name": "x"})
    if options.status_code != 200:
        return options.status_code
    made = json.dumps(key.make(options.json()))
    return client.post(url, {"action": "passkey", "name": "x", "credential": made}).status_code


def confirm(client: Client, target: str = ADD_KEY) -> str:
    """Give the password again; returns the page that asks for a factor."""
    client.post(f"/confirm/?next={target}", {"password": PASSWORD})
    return client.get("/confirm/verify/").content.decode()


@pytest.mark.parametrize(
    "url", [ADD_KEY, NEW_CODES, "/account/factors/app/remove/", "/account/email/"]
)
def test_a_code_by_mail_changes_nothing_of_an_account_with_an_app(
    client: Client, dana: User, url: str
) -> None:
    give_app(dana)
    sign_in_directly(client, dana)
    assert client.get(url).status_code == 302
    assert client.get(url).headers["Location"].startswith("/confirm/")
    assert client.post(url).headers["Location"].startswith("/confirm/")


def test_no_passkey_for_a_code_by_mail(client: Client, dana: User) -> None:
    give_app(dana)
    sign_in_directly(client, dana)
    client.post(ADD_KEY, {"action": "passkey_options", "name": "x"})
    add_key(client)
    assert not Passkey.objects.exists()
    assert client.get(f"/{STRICT}/home/").headers["Location"].startswith(f"/{STRICT}/step-up/")


def test_no_passkey_opens_the_staff_pages_for_a_code_by_mail(client: Client, dana: User) -> None:
    give_app(dana)
    role = next(iter(StaffRole))
    grant_role(user_id=dana.id, role=role, contract_id=None, until=None, by=None, at=clock.now())
    sign_in_directly(client, User.objects.get(pk=dana.pk))
    add_key(client, f"/{STRICT}{ADD_KEY}")
    assert not Passkey.objects.exists()
    assert client.get("/staff/").status_code == 302


def test_the_page_that_asks_takes_the_app_alone(client: Client, dana: User) -> None:
    app = give_app(dana)
    sign_in_directly(client, dana)
    page = confirm(client)
    assert "authenticator app" in page
    assert "XXX-XXX-0142" not in page
    assert 'value="email"' not in page
    client.post("/confirm/verify/", {"action": "option", "option": "phone"})
    client.post("/confirm/verify/", {"action": "send", "channel": "sms"})
    assert client.get(ADD_KEY).status_code == 302
    code = app.code(clock.now())
    answer = client.post("/confirm/verify/", {"action": "verify", "code": code})
    assert answer.headers["Location"] == ADD_KEY
    assert client.get(ADD_KEY).status_code == 200


def test_a_recovery_code_stands_for_the_app(client: Client, dana: User) -> None:
    give_app(dana)
    spare = issue_recovery_codes(user_id=dana.id, by=dana.id, at=clock.now())[0]
    sign_in_directly(client, dana)
    confirm(client)
    client.post("/confirm/verify/", {"action": "option", "option": "recovery"})
    client.post("/confirm/verify/", {"action": "verify", "code": spare})
    assert client.get(ADD_KEY).status_code == 200


def test_a_suspended_passkey_asks_for_what_still_works(client: Client, dana: User) -> None:
    dana.factors.create(kind=FactorKind.PASSKEY, verified_at=clock.now(), created_at=clock.now())
    sign_in_directly(client, dana)
    assert client.get(ADD_KEY).status_code == 200


def test_the_first_stronger_factor_needs_what_the_account_has(client: Client, dana: User) -> None:
    sign_in_directly(client, dana)
    assert add_key(client) == 302
    assert Passkey.objects.count() == 1
    assert client.get(f"/{STRICT}/home/").status_code == 200


def test_what_a_removed_factor_proved_opens_nothing(client: Client, dana: User) -> None:
    sign_in_directly(client, dana)
    add_key(client)
    give_app(dana)
    client.post(f"/account/factors/passkey/{Passkey.objects.get().id}/remove/")
    assert not Passkey.objects.exists()
    assert client.get(f"/{STRICT}/home/").headers["Location"].startswith(f"/{STRICT}/step-up/")


def test_another_factor_of_the_account_goes_on_counting(client: Client, dana: User) -> None:
    app: App = give_app(dana)
    sign_in_directly(client, dana)
    confirm_by_app(client, app)
    add_key(client)
    client.post(f"/account/factors/passkey/{Passkey.objects.get().id}/remove/")
    assert Factor.objects.filter(user=dana, kind="totp").exists()
    assert client.get(f"/{STRICT}/home/").status_code == 200


def test_any_factor_proven_just_now_would_change_a_stronger_one(client: Client, dana: User) -> None:
    """The naive way: password and factor are password and factor."""
    fails_with(
        "core.mfa.proving.freshness.counting_methods",
        lambda _kinds: None,
        lambda: test_a_code_by_mail_changes_nothing_of_an_account_with_an_app(
            client, dana, "/account/email/"
        ),
        where="assert client.get(url).status_code == 302",
    )
