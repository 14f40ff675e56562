"""Journeys as lists of stops: what is pending at each, and which pages are open besides."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connection

from contracts.registration.models import TermsAcceptance
from core.accounts.models import User
from core.mfa.models import Factor, MfaRegistration, PasswordReset, RememberedBrowser
from tests.integration.first_login.walking import OLD_PASSWORD
from tests.integration.journeys.sites import Site
from tests.integration.terms.test_sign_in import hidden
from tests.support.people import PASSWORD, PHONE, last_code

NEW_PASSWORD = "Copper-harbor 93 Maples"
NEW_PASSWORD_TWICE = {"password": NEW_PASSWORD, "confirmation": NEW_PASSWORD}


@dataclass(frozen=True)
class Stop:
    """One point of a journey.

    `pending` is the page of the pending step, "" at the end; `open_too` are the pages of steps that
    may be gone back to. Every other page leads to the pending one, or to `first` of its step.
    """

    name: str
    reach: Callable[[Site, User], Any]
    pending: str
    open_too: tuple[str, ...] = ()
    first: str = ""

    @property
    def leads_to(self) -> str:
        return self.first or self.pending


@dataclass(frozen=True)
class Course:
    """A journey: its pages and its stops, the last of which is the end."""

    name: str
    pages: tuple[str, ...]
    stops: tuple[Stop, ...]


def doing(path: str, **data: str) -> Callable[[Site, User], Any]:
    """Return an act that posts a form."""
    return lambda site, _user: site.post(path, **data)


def typing_code(path: str, *, phone: bool = False) -> Callable[[Site, User], Any]:
    """Return an act that types the code of the newest message."""

    def act(site: Site, user: User) -> Any:
        return site.post(path, action="verify", code=last_code(PHONE if phone else user.email))

    return act


def _sign_in(site: Site, user: User, *, option: str) -> Any:
    return site.post(f"/login/{option}/", email=user.email, password=PASSWORD)


def _first_login(site: Site, user: User) -> Any:
    return site.post("/first-login/", username=user.username, password=OLD_PASSWORD)


def _forgot(site: Site, user: User) -> Any:
    return site.post("/forgot-password/", email=user.email)


def _accept_terms(site: Site, _user: User) -> Any:
    shown = hidden(site.get("/login/terms/").content.decode())
    return site.post("/login/terms/", **shown, accepted="on")


def _leave_open(site: Site, user: User) -> Any:
    """Sign in, and let more time go by than a change of the account may come after."""
    _sign_in(site, user, option="phone")
    site.post("/login/verify/", action="send", channel="sms")
    typing_code("/login/verify/", phone=True)(site, user)
    session = site.client.session
    records = "account_authentication_methods"
    session[records] = [{**entry, "at": entry["at"] - 3600} for entry in session[records]]
    session.save()


SEND_TEXT = {"action": "send", "channel": "sms"}
SIGN_IN = Course(
    "sign-in",
    ("/login/verify/", "/login/terms/", "/home/"),
    (
        Stop("nothing", lambda _site, _user: None, "/"),
        Stop("password", partial(_sign_in, option="email"), "/login/verify/"),
        Stop("code sent", doing("/login/verify/", action="send"), "/login/verify/"),
        Stop("code right", typing_code("/login/verify/"), "/login/verify/"),
        Stop("factor", doing("/login/verify/", action="continue"), "/login/terms/"),
        Stop("end", _accept_terms, ""),
    ),
)
FIRST_LOGIN = Course(
    "first-login",
    (
        "/mfa/method/",
        "/mfa/email/",
        "/mfa/password/",
        "/mfa/phone/",
        "/mfa/phone/verify/",
        "/mfa/app/",
        "/mfa/passkey/",
        "/home/",
        "/account/",
    ),
    (
        Stop("old password", _first_login, "/mfa/method/"),
        Stop("method", doing("/mfa/method/", method="phone"), "/mfa/email/", ("/mfa/method/",)),
        Stop(
            "code sent",
            lambda site, user: site.post("/mfa/email/", action="send", email=user.email),
            "/mfa/email/",
            ("/mfa/method/",),
        ),
        Stop("address", typing_code("/mfa/email/"), "/mfa/password/", ("/mfa/method/",)),
        Stop(
            "password",
            doing("/mfa/password/", **NEW_PASSWORD_TWICE),
            "/mfa/phone/",
            ("/mfa/method/",),
        ),
        Stop(
            "text sent",
            doing("/mfa/phone/", country="1", phone=PHONE[2:], channel="sms"),
            "/mfa/phone/verify/",
            ("/mfa/method/", "/mfa/phone/"),
            first="/mfa/phone/",
        ),
        Stop("phone", typing_code("/mfa/phone/verify/", phone=True), "/login/terms/"),
        Stop("end", _accept_terms, ""),
    ),
)
FORGOT_PASSWORD = Course(
    "forgot-password",
    (
        "/forgot-password/code/",
        "/forgot-password/verify/",
        "/forgot-password/present/",
        "/forgot-password/new/",
        "/home/",
        "/account/",
    ),
    (
        Stop("address", _forgot, "/forgot-password/code/"),
        Stop(
            "mail code",
            typing_code("/forgot-password/code/"),
            "/forgot-password/verify/",
            ("/forgot-password/code/",),
        ),
        Stop(
            "text sent",
            doing("/forgot-password/verify/", **SEND_TEXT),
            "/forgot-password/verify/",
            ("/forgot-password/code/",),
        ),
        Stop(
            "factor",
            typing_code("/forgot-password/verify/", phone=True),
            "/forgot-password/new/",
            ("/forgot-password/code/",),
        ),
        Stop("new password", doing("/forgot-password/new/", **NEW_PASSWORD_TWICE), "/login/terms/"),
        Stop("end", _accept_terms, ""),
    ),
)
CONFIRMATION = Course(
    "confirmation",
    (
        "/confirm/",
        "/confirm/verify/",
        "/account/password/",
        "/account/email/",
        "/account/phone/",
        "/account/factors/app/",
        "/account/factors/passkey/",
        "/account/factors/recovery-codes/",
    ),
    (
        Stop("signed in long ago", _leave_open, "/confirm/"),
        Stop("password", doing("/confirm/", password=PASSWORD), "/confirm/verify/"),
        Stop("text sent", doing("/confirm/verify/", **SEND_TEXT), "/confirm/verify/"),
        Stop("end", typing_code("/confirm/verify/", phone=True), ""),
    ),
)
COURSES = (SIGN_IN, FIRST_LOGIN, FORGOT_PASSWORD, CONFIRMATION)


_MOVED = (User, Factor, MfaRegistration, PasswordReset, RememberedBrowser, TermsAcceptance)
# One statement: it is asked for after each of a thousand requests.
_ROWS = "\nUNION ALL ".join(
    f"SELECT '{table.__name__}', jsonb_agg(to_jsonb(kept) ORDER BY kept.id) "
    f"FROM {table._meta.db_table} AS kept"
    for table in _MOVED
)


def standing(site: Site) -> dict[str, Any]:
    """Return everything that a step of a journey moves: rows, and who is signed in."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS)
        rows = {name: json.loads(kept or "[]") for name, kept in cursor.fetchall()}
    return rows | {"signed in": site.client.session.get("_auth_user_id")}


def held_by_browser(site: Site) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what the browser's session and its cookies say."""
    cookies = {name: cookie.value for name, cookie in site.client.cookies.items()}
    return dict(site.client.session.items()), cookies
