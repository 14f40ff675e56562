"""How an account comes in and stays in, in each sample program and at both kinds of addresses.

First login, Reset by username, Remember Me and the stronger factors: each page carries the brand,
contacts and words of its program, and leads nowhere but within it; so do the mails.
"""

import json
from urllib.parse import urlsplit

import pytest

from core.accounts.models import User
from core.common import clock
from core.notifications.models import LocalMessage
from tenants.registry import get_contract
from tests.integration.first_login.walking import NEW_PASSWORD, OLD_PASSWORD, make_imported
from tests.integration.journeys.sites import SITES, Site, look, mail_is_of, name_of
from tests.integration.mfa.remembering import come_back
from tests.support.authenticators import SecurityKey, give_app, give_key
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
NOT_FOUND = 404


@pytest.fixture(params=SITES, ids=name_of)
def site(request: pytest.FixtureRequest) -> Site:
    slug, on_own_host = request.param
    return Site(slug, on_own_host=on_own_host)


@pytest.fixture
def lena(site: Site) -> User:
    """Return somebody of an earlier portal, who has yet to accept the program's terms."""
    user = make_imported(slug=site.slug)
    make_provider(user, get_contract(site.slug), accepted=False)
    return user


@pytest.fixture
def dana(site: Site) -> User:
    user = make_person()
    make_provider(user, get_contract(site.slug))
    return user


def register(site: Site, user: User) -> None:
    """Go from the choice of the method to home, by phone, looking at each page."""
    look(site, "/mfa/method/", expect="Please select the method")
    assert site.led_to(site.post("/mfa/method/", method="phone")) == "/mfa/email/"
    look(site, "/mfa/email/", expect="Send verification code")
    site.post("/mfa/email/", action="send", email=user.email)
    look(site, "/mfa/email/", expect="Verification Code")
    code = last_code(user.email)
    mail_is_of(site, user.email)
    site.post("/mfa/email/", action="verify", code=code)
    look(site, "/mfa/password/", expect="Not a common password")
    site.post("/mfa/password/", password=NEW_PASSWORD, confirmation=NEW_PASSWORD)
    look(site, "/mfa/phone/", expect="Call Me")
    site.post("/mfa/phone/", country="1", phone=PHONE[2:], channel="sms")
    look(site, "/mfa/phone/verify/", expect="XXX-XXX-0142")
    code = last_code(PHONE)
    assert get_contract(site.slug).document.brand.organization in text_to(PHONE)
    answer = site.post("/mfa/phone/verify/", action="verify", code=code)
    accept_terms(site, site.led_to(answer))


def accept_terms(site: Site, path: str) -> None:
    """Accept the program's terms, which nobody accepted yet, and come home."""
    if path == "/home/":
        path = site.led_to(site.get(path))
    page = look(site, path, expect="I have read and agree to these terms of use")
    form = page.context["form"]
    digest = {name: str(form.initial[name]) for name in form.fields if name in form.initial}
    assert site.led_to(site.post(path, **digest, accepted="on")) == "/home/"
    look(site, "/home/", expect="Elm Clinic")


def text_to(number: str) -> str:
    return str(LocalMessage.objects.filter(to=number).latest("sent_at", "id").text)


def test_first_login(site: Site, lena: User) -> None:
    look(site, "/", expect="complete your registration")
    look(site, "/first-login/", expect="Username")
    answer = site.post("/first-login/", username=lena.username, password=OLD_PASSWORD)
    assert site.led_to(answer) == "/mfa/method/"
    register(site, lena)
    assert session_account(site.client) == lena.id


def test_reset_by_username(site: Site, lena: User) -> None:
    look(site, "/register/reset/", expect="Username")
    site.post("/register/reset/", username=lena.username)
    deliver_all()
    mail_is_of(site, lena.email)
    link = LocalMessage.objects.filter(to=lena.email).latest("sent_at", "id").link
    # Whoever asks by username may be anywhere: the link names the program's usual address.
    usual = Site(site.slug, on_own_host=urlsplit(link).hostname != "localhost", client=site.client)
    path = urlsplit(link).path.removeprefix(usual.prefix)
    look(usual, path, expect="Continue")
    assert usual.led_to(usual.post(path)) == "/mfa/method/"
    look(usual, "/mfa/method/", expect="Please select the method")


def test_remember_me(site: Site, dana: User) -> None:
    look(site, "/", expect="Remember Me")
    answer = site.post("/", option="phone", remember="on")
    assert site.led_to(answer) == "/login/phone/"
    look(site, "/login/phone/?remember=on", expect="Do not use it on a shared device")
    site.post("/login/phone/?remember=on", email=dana.email, password=PASSWORD)
    site.post("/login/verify/", action="send", channel="sms")
    site.post("/login/verify/", action="verify", code=last_code(PHONE))
    look(site, "/account/browsers/", expect="This browser")
    site.client = come_back(site.client)
    look(site, "/", expect="This browser is remembered for Login with Phone")
    assert site.led_to(site.post("/", option="phone", remember="on")) == "/home/"
    look(site, "/home/", expect="Elm Clinic")
    assert session_account(site.client) == dana.id


@pytest.mark.parametrize(
    ("option", "label"), [("app", "Authenticator app"), ("passkey", "Passkey")]
)
def test_stronger_factors(site: Site, dana: User, option: str, label: str) -> None:
    accepted = get_contract(site.slug).document.mfa.methods
    if {"app": "totp", "passkey": "passkey"}[option] not in accepted:
        assert f"Login with {label}" not in look(site, "/").content.decode()
        assert site.get(f"/login/{option}/").status_code == NOT_FOUND
        return
    app = give_app(dana)
    key = give_key(dana, SecurityKey(rp_id=site.host, origin=f"http://{site.host}"))
    look(site, "/", expect=f"Login with {label}")
    look(site, f"/login/{option}/", expect="Email Address")
    site.post(f"/login/{option}/", email=dana.email, password=PASSWORD)
    if option == "app":
        look(site, "/login/verify/", expect="Open your authenticator app")
        answer = site.post("/login/verify/", action="verify", code=app.code(clock.now()))
    else:
        look(site, "/login/verify/", expect="data-passkey")
        asked = site.post("/login/verify/", action="passkey_options").json()
        signed = json.dumps(key.sign(asked))
        answer = site.post("/login/verify/", action="passkey", credential=signed)
    assert site.led_to(answer) == "/home/"
    look(site, "/account/factors/", expect="Remove the app" if option == "app" else "Blue key")
