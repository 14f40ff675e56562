"""What holds for every address: the headers, the token of a form, and errors without an inside."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as portal_settings
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from core.audit.models import AuditEvent
from core.audit.recording import record
from tests.architecture.test_url_roles import names
from tests.support.people import START, make_person, sign_in_by_email

pytestmark = pytest.mark.django_db
HEADERS = "config.middleware.SecurityHeadersMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
# Signed by providers; no browser sends a form there.
SIGNED = {"callbacks:voice", "callbacks:topic"}
FORBIDDEN = 403


def paths() -> Iterator[tuple[str, str]]:
    for name, values in names().items():
        yield name, reverse(name, kwargs=values)
    yield "nothing", "/nothing-here/"
    yield "another program", "/wv-bh/"


def without(middleware: str, settings: Settings) -> None:
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if one != middleware]


def every_answer_has_the_headers(client: Client) -> None:
    for name, path in paths():
        headers = client.get(path, secure=True).headers
        policy = headers.get("Content-Security-Policy", "")
        assert "default-src" in policy, name
        assert "unsafe-" not in policy, name
        assert headers.get("X-Content-Type-Options") == "nosniff", name
        assert headers.get("Referrer-Policy") == "same-origin", name
        assert headers.get("Cross-Origin-Opener-Policy") == "same-origin", name
        assert headers.get("Strict-Transport-Security", "").startswith("max-age=63072000"), name


@pytest.fixture
def _as_in_production(settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 63_072_000


@pytest.mark.usefixtures("_as_in_production")
def test_every_answer_has_the_headers(client: Client) -> None:
    every_answer_has_the_headers(client)
    sign_in_by_email(client, make_person())
    every_answer_has_the_headers(client)


@pytest.mark.usefixtures("_as_in_production")
@pytest.mark.parametrize("left_out", [HEADERS, "django.middleware.security.SecurityMiddleware"])
def test_without_the_middleware_they_are_missing(settings: Settings, left_out: str) -> None:
    assert left_out in portal_settings.MIDDLEWARE
    without(left_out, settings)
    with pytest.raises(AssertionError):
        every_answer_has_the_headers(Client())


def every_form_needs_its_token(client: Client) -> None:
    for name, path in paths():
        if name not in {*SIGNED, "nothing"}:
            assert client.post(path).status_code == FORBIDDEN, name


def test_every_form_needs_its_token() -> None:
    client = Client(enforce_csrf_checks=True)
    every_form_needs_its_token(client)


def test_without_the_middleware_none_does(settings: Settings) -> None:
    without(CSRF, settings)
    with pytest.raises(AssertionError):
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
    assert answer.headers["X-Request-ID"] in page
    assert "secret" not in page
    assert "Traceback" not in page


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
