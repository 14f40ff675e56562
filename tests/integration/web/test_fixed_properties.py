"""What holds for every address: the headers, the token of a form, and errors without an inside."""

from collections.abc import Iterator
from datetime import UTC
from itertools import chain
from typing import Any
from unittest import mock

import pytest
from django.conf import settings as portal_settings
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, transaction
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from core.audit.models import AuditEvent
from core.audit.recording import record
from core.common.context import RequestContext
from core.staff.models import StaffRole
from tenants.context import ActiveContract
from tests.architecture.test_url_roles import names
from tests.support.naive import fails_with, must_fail
from tests.support.people import (
    PASSWORD,
    START,
    last_code,
    make_person,
    make_provider,
)
from tests.support.sign_in import sign_in_directly
from tests.support.staff import make_staff

pytestmark = pytest.mark.django_db
HEADERS = "config.middleware.SecurityHeadersMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
ODD = "config.middleware.OddRequestMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
# Signed by providers; no browser sends a form there.
SIGNED = {"callbacks:voice", "callbacks:topic"}
# Who may send it is asked first, because its body is large; its token next.
ASKED_LATER = {"roster:upload_new"}
# Previews: they write nothing and know nobody, so there is nothing to make somebody do.
KEEP_NOTHING = {"preview:pages", "preview:page", "console:preview_pages", "console:preview_page"}
FORBIDDEN = 403


def paths() -> Iterator[tuple[str, str]]:
    for name, values in names().items():
        yield name, reverse(name, kwargs=values)
    yield "nothing", "/nothing-here/"
    yield "another program", "/wv-bh/"


def without(middleware: str, settings: Settings) -> None:
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if one != middleware]


def odd_answers(client: Client) -> Iterator[tuple[str, Any]]:
    """What no view of ours answers."""
    yield "a host that is not ours", client.get("/", secure=True, headers={"host": "no.example"})
    yield "another method", client.put("/", secure=True)
    yield "a body too large", client.generic("POST", "/", secure=True, CONTENT_LENGTH="9" * 9)
    strict = Client(enforce_csrf_checks=True)
    yield "no token", strict.post("/login/email/", secure=True)
    broken = Client(raise_request_exception=False)
    with mock.patch("core.accounts.views.pages.offered_options", side_effect=LookupError):
        yield "an error", broken.get("/mfa-help/", secure=True)
    with mock.patch("core.accounts.middleware._account_of", side_effect=OperationalError):
        yield "no database", broken.get("/mfa-help/", secure=True)


def every_answer_has_the_headers(client: Client) -> None:
    usual = ((name, client.get(path, secure=True)) for name, path in paths())
    for name, answer in chain(odd_answers(client), usual):
        headers = answer.headers
        policy = headers.get("Content-Security-Policy", "")
        assert "default-src" in policy, name
        assert "unsafe-" not in policy, name
        assert headers.get("X-Content-Type-Options") == "nosniff", name
        referrer = "no-referrer" if name.startswith("preview:") else "same-origin"
        assert headers.get("Referrer-Policy") == referrer, name
        assert headers.get("Cross-Origin-Opener-Policy") == "same-origin", name
        assert headers.get("Strict-Transport-Security", "").startswith("max-age=63072000"), name


@pytest.fixture
def _as_in_production(settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 63_072_000


@pytest.mark.usefixtures("_as_in_production")
def test_every_answer_has_the_headers(client: Client) -> None:
    every_answer_has_the_headers(client)
    sign_in_directly(client, make_person())
    every_answer_has_the_headers(client)


@pytest.mark.usefixtures("_as_in_production")
@pytest.mark.parametrize(
    ("left_out", "where"), [(HEADERS, '"default-src" in policy'), (SECURITY, '"nosniff"')]
)
def test_without_the_middleware_they_are_missing(
    settings: Settings, left_out: str, where: str
) -> None:
    assert left_out in portal_settings.MIDDLEWARE
    without(left_out, settings)
    with must_fail(where=where):
        every_answer_has_the_headers(Client())


@pytest.mark.usefixtures("_as_in_production")
def test_what_is_refused_before_they_are_put_on_has_none(settings: Settings) -> None:
    """The naive way: what is odd is refused first of all."""
    without(ODD, settings)
    settings.MIDDLEWARE = [ODD, *settings.MIDDLEWARE]
    with must_fail(where="a body too large"):
        every_answer_has_the_headers(Client())


@pytest.mark.usefixtures("_as_in_production")
def test_a_policy_that_lets_a_page_have_its_own_scripts_is_seen() -> None:
    """The naive way: what a page brings along may run."""
    fails_with(
        "config.middleware.CONTENT_SECURITY_POLICY",
        "default-src 'self' 'unsafe-inline'",
        lambda: every_answer_has_the_headers(Client()),
        where='assert "unsafe-" not in policy',
    )


def every_form_needs_its_token(client: Client) -> None:
    for name, path in paths():
        if name.startswith("api:"):
            continue  # a browser brings no bearer token along by itself
        if name not in {*SIGNED, *ASKED_LATER, *KEEP_NOTHING, "nothing"}:
            assert client.post(path).status_code == FORBIDDEN, name


def test_every_form_needs_its_token() -> None:
    client = Client(enforce_csrf_checks=True)
    every_form_needs_its_token(client)


def test_a_large_body_needs_its_token_once_its_sender_may_send_it() -> None:
    client = Client(enforce_csrf_checks=True)
    sign_in_directly(client, make_staff(StaffRole.OPERATOR), option="phone")
    file = SimpleUploadedFile("roster.csv", b"identifier,code\n")
    answer = client.post("/staff/contracts/wv-bh/roster/upload/", {"file": file})
    assert answer.status_code == FORBIDDEN


def test_without_the_middleware_none_does(settings: Settings) -> None:
    without(CSRF, settings)
    with must_fail(where="assert client.post(path).status_code == FORBIDDEN"):
        every_form_needs_its_token(Client(enforce_csrf_checks=True))


def test_an_error_shows_its_number_and_nothing_of_the_inside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr("core.accounts.views.pages.offered_options", fail)
    answer = Client(raise_request_exception=False).get("/mfa-help/")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "secret" not in page
    assert "Traceback" not in page
    assert answer.headers["X-Request-ID"] in page


def test_a_page_for_who_develops_shows_the_inside(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """The naive way: what helps to find an error stands on its page."""
    settings.DEBUG = True
    with must_fail(where='assert "secret" not in page'):
        test_an_error_shows_its_number_and_nothing_of_the_inside(monkeypatch)


@pytest.mark.parametrize(
    ("replaced", "naive", "where"),
    [
        ("mac_of", lambda _parts, **_: bytes(32), "assert bytes(first.mac) != bytes(second.mac)"),
        ("THIS_TRANSACTION", 0, "assert first.transaction_id == second.transaction_id > 0"),
    ],
)
def test_an_event_that_says_what_it_is_told_proves_nothing(
    replaced: str, naive: object, where: str
) -> None:
    """The naive way: rows like any others."""
    fails_with(
        f"core.audit.recording.{replaced}",
        naive,
        test_an_event_is_written_with_its_act_or_not_at_all,
        where=where,
    )


def test_an_event_is_written_with_its_act_or_not_at_all() -> None:
    """In the transaction of the act, with its number and a MAC over what it says."""
    user = make_person()

    def act_that_fails() -> None:
        with transaction.atomic():
            record("account.tested", subject=("account", user.id), at=START)
            raise LookupError

    with pytest.raises(LookupError):
        act_that_fails()
    assert not AuditEvent.objects.filter(event_type="account.tested").exists()
    first = record("account.tested", subject=("account", user.id), at=START)
    second = record("account.tested", subject=("account", user.id), at=START)
    assert first.transaction_id == second.transaction_id > 0
    assert len(bytes(first.mac)) == 32
    assert bytes(first.mac) != bytes(second.mac)


@pytest.fixture
def _cookies_as_in_production(settings: Settings) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"


def every_cookie_is_bound_to_its_host(contract: ActiveContract) -> None:
    """As a browser gets them that signs in with Remember Me, and does something."""
    user, client = make_person(), Client()
    make_provider(user, contract)
    client.get("/login/email/")
    client.post("/login/email/?remember=on", {"email": user.email, "password": PASSWORD})
    client.post("/login/verify/", {"action": "send"})
    code = last_code(user.email)
    client.post("/login/verify/", {"action": "verify", "code": code})
    client.post("/login/verify/", {"action": "continue"})
    client.post("/account/sessions/others/end/")  # leaves a message for the next page
    kept = ("session", "csrf", "remembered", "messages")
    assert set(client.cookies) == {f"__Host-{name}" for name in kept}
    for name, cookie in client.cookies.items():
        assert cookie["secure"], name
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name
        assert (cookie["path"], cookie["domain"]) == ("/", ""), name


@pytest.mark.usefixtures("_cookies_as_in_production")
def test_every_cookie_is_bound_to_its_host(contract_a: ActiveContract) -> None:
    every_cookie_is_bound_to_its_host(contract_a)


@pytest.mark.usefixtures("_cookies_as_in_production")
@pytest.mark.parametrize(
    ("name", "value", "where"),
    [
        ("SESSION_COOKIE_HTTPONLY", False, 'cookie["httponly"]'),
        ("CSRF_COOKIE_SAMESITE", "None", 'cookie["samesite"]'),
        ("SESSION_COOKIE_SECURE", False, "assert set(client.cookies)"),
        ("MESSAGE_STORAGE", FallbackStorage.__module__ + ".FallbackStorage", "set(client.cookies)"),
        ("SESSION_COOKIE_DOMAIN", "portal.example", 'cookie["domain"]'),
    ],
)
def test_a_cookie_as_it_comes_is_not(
    contract_a: ActiveContract, settings: Settings, name: str, value: object, where: str
) -> None:
    """The naive way: for scripts, for other sites, in clear, for all hosts of a domain."""
    setattr(settings, name, value)
    with must_fail(where=where):
        every_cookie_is_bound_to_its_host(contract_a)


def an_event_says_when_who_what_and_where(contract: ActiveContract) -> None:
    """A failure by nobody known, and a sign-in to its end, on a contract's pages."""
    user, client = make_person(), Client(REMOTE_ADDR="203.0.113.9")
    make_provider(user, contract)
    login = f"/{contract.slug}/login/"
    wrong = client.post(f"{login}email/", {"email": user.email, "password": "wrong"})
    client.post(f"{login}email/", {"email": user.email, "password": PASSWORD})
    client.post(f"{login}verify/", {"action": "send"})
    code = last_code(user.email)
    client.post(f"{login}verify/", {"action": "verify", "code": code})
    last = client.post(f"{login}verify/", {"action": "continue"})
    for kind, answer, result in (
        ("sign_in.refused", wrong, "wrong_password"),
        ("sign_in.completed", last, "ok"),
    ):
        event = AuditEvent.objects.get(event_type=kind)
        assert event.request_id == answer.headers["X-Request-ID"]
        assert (event.contract_id, event.remote_address) == (contract.id, "203.0.113.9")
        assert (event.subject_id, event.result) == (user.id, result)
        assert event.actor_id == (user.id if result == "ok" else None)
        assert event.at.tzinfo == UTC


def test_an_event_says_when_who_what_and_where(contract_a: ActiveContract) -> None:
    an_event_says_when_who_what_and_where(contract_a)


def test_an_event_of_what_the_service_knows_does_not(contract_a: ActiveContract) -> None:
    """The naive way: a service records what it was called with."""
    fails_with(
        "core.audit.recording.current_context",
        RequestContext,
        lambda: an_event_says_when_who_what_and_where(contract_a),
        where='assert event.request_id == answer.headers["X-Request-ID"]',
    )
