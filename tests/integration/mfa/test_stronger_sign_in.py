"""Signing in by authenticator app, passkey and recovery code; and what the account decides."""

import json
from typing import Any

import pytest
from django.test import Client

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.models import Passkey, RememberedBrowser
from core.mfa.services.recovery import issue_recovery_codes
from tenants import registry
from tenants.context import ActiveContract
from tests.support.authenticators import SecurityKey, give_app, give_key
from tests.support.people import (
    PASSWORD,
    START,
    make_person,
    make_provider,
    session_account,
)
from tests.support.publishing import publish_methods

pytestmark = pytest.mark.django_db
VERIFY = "/login/verify/"


@pytest.fixture
def dana(contract_b: ActiveContract) -> User:
    """Return an account in a program that accepts all four methods."""
    user = make_person()
    make_provider(user, contract_b)
    return user


def begin(client: Client, option: str, *, host: str = "testserver", query: str = "") -> str:
    """Choose a login option, give the password, and return the page that asks for the factor."""
    pages = {"phone": "phone", "email": "email", "totp": "app", "passkey": "passkey"}
    headers = {"host": host}
    client.post(
        f"/login/{pages[option]}/{query}",
        {"email": "dana@clinic.example", "password": PASSWORD},
        headers=headers,
    )
    return str(client.get(VERIFY, headers=headers).content.decode())


def verify(client: Client, code: str, *, host: str = "testserver") -> Any:
    return client.post(VERIFY, {"action": "verify", "code": code}, headers={"host": host})


def methods_of_last_sign_in() -> list[str]:
    event = AuditEvent.objects.filter(event_type="sign_in.completed").latest("id")
    return list(event.data["methods"])


def test_login_options_offer_what_the_program_accepts(client: Client, dana: User) -> None:
    everywhere = client.get("/").content.decode()
    here = client.get("/wv-bh/").content.decode()
    for label in ("Phone", "Email", "Authenticator app", "Passkey"):
        assert f"Login with {label}<" in everywhere
        assert (f"Login with {label}<" in here) == (label in {"Phone", "Email"})
    assert everywhere.index("Login with Email") < everywhere.index("Login with Authenticator app")
    assert client.post("/", {"option": "totp"})["Location"] == "/login/app/"
    assert client.get("/wv-bh/login/app/").status_code == 404


def test_by_authenticator_app(client: Client, dana: User) -> None:
    app = give_app(dana)
    assert "Open your authenticator app" in begin(client, "totp")
    wrong = verify(client, app.wrong_code(clock.now()))
    assert "This code is not right" in wrong.content.decode()
    assert session_account(client) is None
    assert verify(client, app.code(clock.now()))["Location"] == "/home/"
    assert session_account(client) == dana.id
    assert methods_of_last_sign_in() == ["password", "totp"]


def test_a_code_is_not_good_again_on_another_host(client: Client, dana: User) -> None:
    app = give_app(dana)
    code = app.code(clock.now())
    begin(client, "totp")
    assert verify(client, code)["Location"] == "/home/"
    other, host = Client(), "acentra-sample.localhost"
    begin(other, "totp", host=host)
    assert "Each code works once" in verify(other, code, host=host).content.decode()
    assert session_account(other) is None


def test_by_passkey(client: Client, dana: User) -> None:
    key = give_key(dana)
    page = begin(client, "passkey")
    assert 'data-passkey="get"' in page
    options = client.post(VERIFY, {"action": "passkey_options"}).json()
    answer = client.post(VERIFY, {"action": "passkey", "credential": json.dumps(key.sign(options))})
    assert answer["Location"] == "/home/"
    assert methods_of_last_sign_in() == ["password", "passkey"]


def test_a_passkey_of_another_address_leads_to_another_way(client: Client, dana: User) -> None:
    give_key(dana, SecurityKey(rp_id="portal.example.org"))
    give_app(dana)
    page = begin(client, "passkey")
    assert "do not work at this one" in page
    assert "Code from your authenticator app" in page
    assert client.post(VERIFY, {"action": "passkey_options"}).status_code == 409


def test_local_names_are_domains_of_their_own(client: Client, dana: User) -> None:
    host = "acentra-sample.localhost"
    key = give_key(dana, SecurityKey(rp_id=host, origin=f"http://{host}"))
    begin(client, "passkey", host=host)
    options = client.post(VERIFY, {"action": "passkey_options"}, headers={"host": host}).json()
    assert options["publicKey"]["rpId"] == host
    answer = client.post(
        VERIFY,
        {"action": "passkey", "credential": json.dumps(key.sign(options))},
        headers={"host": host},
    )
    assert answer["Location"] == "/home/"


def test_one_domain_for_all_hosts_in_production(client: Client, dana: User, settings: Any) -> None:
    settings.PORTAL_LOCAL_HOSTS = False
    settings.PORTAL_PUBLIC_SCHEME = "https"
    portal = registry.get_deployment().primary_host().host
    contract_host = str(registry.get_contract("ms-um").document.hosts.primary)
    listed = client.get("/.well-known/webauthn", headers={"host": portal})
    origins = listed.json()["origins"]
    assert f"https://{portal}" in origins
    assert f"https://{contract_host}" in origins
    assert client.get("/.well-known/webauthn", headers={"host": contract_host}).status_code == 404
    key = give_key(dana, SecurityKey(rp_id=portal, origin=f"https://{portal}"))
    begin(client, "passkey", host=portal)
    options = client.post(VERIFY, {"action": "passkey_options"}, headers={"host": portal}).json()
    assert options["publicKey"]["rpId"] == portal
    sent = {"action": "passkey", "credential": json.dumps(key.sign(options))}
    assert client.post(VERIFY, sent, headers={"host": portal})["Location"] == "/home/"
    settings.PORTAL_PASSKEY_DOMAIN = "example.org"
    begin(client, "passkey", host=portal)
    assert Passkey.objects.get().rp_id == portal  # made for the former domain: no use any more
    assert client.get("/.well-known/webauthn", headers={"host": portal}).status_code == 404


def test_a_recovery_code_in_place_of_the_app(client: Client, dana: User) -> None:
    give_app(dana)
    codes = issue_recovery_codes(user_id=dana.id, by=None, at=START)
    assert ">Recovery code<" in begin(client, "totp")
    client.post(VERIFY, {"action": "option", "option": "recovery"})
    assert "Use a recovery code" in client.get(VERIFY).content.decode()
    assert "Enter one of your" in verify(client, "").content.decode()
    assert verify(client, codes[3])["Location"] == "/home/"
    assert methods_of_last_sign_in() == ["password", "recovery"]


def test_who_lacks_the_chosen_factor_gets_what_there_is(client: Client, dana: User) -> None:
    app = give_app(dana)
    assert "Open your authenticator app" in begin(client, "passkey")
    assert verify(client, app.code(clock.now()))["Location"] == "/home/"


@pytest.mark.parametrize("option", ["phone", "email"])
def test_the_account_decides_not_the_option(client: Client, dana: User, option: str) -> None:
    publish_methods("acentra-sample", "totp")
    registry.forget()
    give_app(dana)
    page = begin(client, option)
    assert "Open your authenticator app" in page
    assert "Send Code" not in page
    client.post(VERIFY, {"action": "option", "option": "email"})
    client.post(VERIFY, {"action": "send"})
    assert "Open your authenticator app" in client.get(VERIFY).content.decode()


def test_tries_are_shared_by_all_ways(client: Client, dana: User) -> None:
    app = give_app(dana)
    issue_recovery_codes(user_id=dana.id, by=None, at=START)
    begin(client, "totp")
    verify(client, app.wrong_code(clock.now()))
    verify(client, app.wrong_code(clock.now()))
    client.post(VERIFY, {"action": "option", "option": "recovery"})
    assert "Your account is locked" in verify(client, "00000-00000").content.decode()


def test_what_is_remembered_is_the_option_that_was_proven(client: Client, dana: User) -> None:
    app = give_app(dana)
    codes = issue_recovery_codes(user_id=dana.id, by=None, at=START)
    begin(client, "totp", query="?remember=on")
    client.post(VERIFY, {"action": "option", "option": "recovery"})
    verify(client, codes[0])
    assert not RememberedBrowser.objects.exists()
    client.post("/logout/")
    begin(client, "totp", query="?remember=on")
    verify(client, app.code(clock.now()))
    assert RememberedBrowser.objects.get().option == "totp"
    client.post("/logout/")
    assert "remembered for Login with Authenticator app" in client.get("/").content.decode()
    assert client.post("/", {"option": "totp", "remember": "on"})["Location"] == "/home/"
