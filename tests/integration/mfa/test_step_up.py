"""Entering a contract that does not accept how the person signed in (design decision 7)."""

import json
from typing import Any

import pytest
from django.test import Client

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.models import Membership, Role
from core.mfa.models import Factor
from core.mfa.services.recovery import issue_recovery_codes
from tenants import registry
from tenants.context import ActiveContract
from tests.integration.mfa.test_factor_pages import add_app, shown_app
from tests.support.authenticators import confirm_by_app, give_app, give_key
from tests.support.people import (
    PHONE,
    START,
    last_code,
    make_person,
    make_provider,
    session_account,
)
from tests.support.publishing import publish_change, publish_methods
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
SLUG = "acentra-sample"


@pytest.fixture
def dana(contract_a: ActiveContract, contract_b: ActiveContract) -> User:
    """Return somebody with a provider in two programs, one of which accepts no messages."""
    user = make_person()
    make_provider(user, contract_a, name="Elm Clinic")
    make_provider(user, contract_b, name="Oak Hospital", identifier="1245319599")
    publish_methods(SLUG, "totp", "passkey")
    return user


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_home_leaves_out_what_is_not_satisfied_and_offers_the_way(
    client: Client, dana: User
) -> None:
    give_app(dana)
    sign_in_directly(client, dana)
    home = text(client.get("/home/"))
    assert "Elm Clinic" in home
    assert "Oak Hospital" not in home
    assert "asks for an authenticator app or a passkey or security key" in home
    assert f'href="/{SLUG}/step-up/?next=%2Fhome%2F"' in home


def test_stepping_up_with_what_the_account_has(client: Client, dana: User) -> None:
    app = give_app(dana)
    sign_in_directly(client, dana)
    barred = client.get(f"/{SLUG}/home/")
    assert barred["Location"] == f"/{SLUG}/step-up/?next=%2F{SLUG}%2Fhome%2F"
    page = text(client.get(barred["Location"]))
    name = registry.get_contract(SLUG).name
    assert f"{name} asks for an authenticator app" in page
    assert "Text or call" not in page
    key = client.session.session_key
    answer = client.post(
        barred["Location"], {"action": "verify", "code": app.wrong_code(clock.now())}
    )
    assert "This code is not right" in text(answer)
    answer = client.post(f"/{SLUG}/step-up/", {"action": "verify", "code": app.code(clock.now())})
    assert answer["Location"] == f"/{SLUG}/home/"
    assert client.session.session_key != key
    assert "Oak Hospital" in text(client.get(f"/{SLUG}/home/"))
    both = text(client.get("/home/"))
    assert "Elm Clinic" in both
    assert "Oak Hospital" in both
    event = AuditEvent.objects.get(event_type="session.stepped_up")
    assert (event.data, event.contract_id) == (
        {"method": "totp"},
        registry.get_contract(SLUG).id,
    )
    again = client.get(f"/{SLUG}/step-up/?next=/{SLUG}/home/")
    assert again["Location"] == f"/{SLUG}/home/"


def test_enrolling_what_the_account_lacks(client: Client, dana: User) -> None:
    sign_in_directly(client, dana)
    barred = client.get(f"/{SLUG}/home/")
    page = text(client.get(barred["Location"]))
    assert "Your account has none of that yet" in page
    assert "Add a passkey" in page
    assert f"/{SLUG}/account/factors/app/?next=%2F{SLUG}%2Fhome%2F" in page
    url = f"/{SLUG}/account/factors/app/?next=%2F{SLUG}%2Fhome%2F"
    app = shown_app(text(client.get(url)))
    added = client.post(url, {"code": app.code(clock.now())})
    assert added["Location"].startswith(f"/{SLUG}/account/factors/recovery-codes/?next=")
    # Whoever has just proven it need not prove it again.
    assert "Oak Hospital" in text(client.get(f"/{SLUG}/home/"))


def test_a_post_is_barred_too_and_nobody_else_comes_in(client: Client, dana: User) -> None:
    sign_in_directly(client, dana)
    posted = client.post(f"/{SLUG}/providers/add/", {"identifier": "1"})
    assert posted["Location"] == f"/{SLUG}/step-up/?next=%2F{SLUG}%2Fhome%2F"
    assert client.get("/step-up/").status_code == 404
    assert Client().get(f"/{SLUG}/step-up/")["Location"].startswith(f"/{SLUG}/?next=")


def test_a_passkey_alone_where_a_recovery_code_does_not_count(client: Client, dana: User) -> None:
    publish_methods(SLUG, "passkey")
    key = give_key(dana)
    codes = issue_recovery_codes(user_id=dana.id, by=None, at=START)
    sign_in_directly(client, dana)
    url = f"/{SLUG}/step-up/"
    page = text(client.get(url))
    assert "Recovery code" not in page
    client.post(url, {"action": "option", "option": "recovery"})
    client.post(url, {"action": "verify", "code": codes[0]})
    assert client.get(f"/{SLUG}/home/").status_code == 302
    options = client.post(url, {"action": "passkey_options"}).json()
    answer = client.post(url, {"action": "passkey", "credential": json.dumps(key.sign(options))})
    assert answer["Location"] == f"/{SLUG}/home/"
    assert client.get(f"/{SLUG}/home/").status_code == 200


def test_a_phone_by_text_and_cancel(client: Client, dana: User) -> None:
    publish_methods(SLUG, "phone", "totp")
    sign_in_directly(client, dana)
    url = f"/{SLUG}/step-up/"
    client.get(url + f"?next=/{SLUG}/home/")
    assert client.post(url, {"action": "cancel"})["Location"] == "/home/"
    client.get(url)
    client.post(url, {"action": "send", "channel": "sms"})
    answer = client.post(url, {"action": "verify", "code": last_code(PHONE)})
    assert answer["Location"] == f"/{SLUG}/home/"


def test_wrong_codes_end_in_the_lock(client: Client, dana: User) -> None:
    app = give_app(dana)
    sign_in_directly(client, dana)
    url = f"/{SLUG}/step-up/"
    client.get(url)
    for _try in range(3):
        answer = client.post(url, {"action": "verify", "code": app.wrong_code(clock.now())})
    assert "Your account is locked" in text(answer)
    assert session_account(client) is None
    answer = client.post(url, {"action": "verify", "code": app.code(clock.now())})
    assert answer["Location"].startswith(f"/{SLUG}/")
    assert not AuditEvent.objects.filter(event_type="session.stepped_up").exists()


def test_admins_may_be_asked_for_more(client: Client, contract_b: ActiveContract) -> None:
    admin, staff = make_person(), make_person("lee", phone="+13045550143")
    provider = make_provider(admin, contract_b, name="Oak Hospital")
    Membership.objects.create(user=staff, provider=provider, role=Role.STAFF, since=START)
    publish_change(SLUG, mfa__admin_methods=["passkey"])
    sign_in_directly(client, admin)
    barred = client.get(f"/{SLUG}/home/")
    assert "/step-up/" in barred["Location"]
    assert "asks for a passkey or security key" in text(client.get("/home/"))
    other = Client()
    sign_in_directly(other, staff)
    assert "Oak Hospital" in text(other.get(f"/{SLUG}/home/"))
    Membership.objects.filter(user=staff).update(role=Role.PROVIDER_ADMIN)
    assert other.get(f"/{SLUG}/home/").status_code == 302


def test_the_last_accepted_factor_cannot_be_removed(client: Client, dana: User) -> None:
    app = give_app(dana)
    sign_in_directly(client, dana)
    confirm_by_app(client, app)
    refused = text(client.post("/account/factors/app/remove/"))
    assert "Nothing was removed" in refused
    assert registry.get_contract(SLUG).name in refused
    assert Factor.objects.filter(user=dana, kind="totp").exists()
    give_key(dana)
    client.post("/account/factors/app/remove/")
    assert not Factor.objects.filter(user=dana, kind="totp").exists()


def test_a_contract_host_asks_as_well(client: Client, contract_c: ActiveContract) -> None:
    user = make_person()
    make_provider(user, contract_c, name="Pine Clinic")
    publish_methods("ms-um", "email", "totp")
    publish_change("ms-um", mfa__admin_methods=["totp"])
    host = "ms-um.localhost"
    sign_in_directly(client, user, host=host)
    barred = client.get("/home/", headers={"host": host})
    assert barred["Location"] == "/step-up/?next=%2Fhome%2F"
    assert "Mississippi UM Program asks for" in text(
        client.get(barred["Location"], headers={"host": host})
    )
    url = "/account/factors/app/?next=%2Fhome%2F"
    app = shown_app(text(client.get(url, headers={"host": host})))
    client.post(url, {"code": app.code(clock.now())}, headers={"host": host})
    assert "Pine Clinic" in text(client.get("/home/", headers={"host": host}))


def test_adding_a_factor_at_the_portal_satisfies_the_program(client: Client, dana: User) -> None:
    sign_in_directly(client, dana)
    add_app(client)
    assert "Oak Hospital" in text(client.get("/home/"))
