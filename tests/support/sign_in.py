"""Ways in: request by request, for what measures each, and directly, for what comes after it."""

from collections.abc import Callable
from datetime import UTC, datetime

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.client import ClientHandler
from django.urls import reverse

from core.accounts.models import User
from core.accounts.selectors import find_account_by_email
from core.accounts.sessions.guarding import RECORD_KEY
from core.accounts.signing_in.allauth_wrapper import SignInAttempt, sign_in_proven
from core.common.ids import uuid7
from core.staff.models import StaffElevation
from tenants.in_hand import contract_key_of
from tests.support.people import PASSWORD, PHONE, last_code, session_account

VERIFY = "/login/verify/"
CHANNELS = {"email": "email", "phone": "sms"}


def walk_through_sign_in(
    client: Client, user: User, option: str, step: Callable[[str, Callable[[], None]], None]
) -> None:
    """Go from the first page to home by a login option; each request is one `step`.

    A step gets the request's name and how to run it.
    """

    def visit(
        name: str, path: str, data: dict[str, str] | None = None, *, status: int = 302
    ) -> None:
        def run() -> None:
            response = client.get(path) if data is None else client.post(path, data)
            assert response.status_code == (200 if data is None else status), name

        step(name, run)

    visit("options", "/")
    visit("choice", "/", {"option": option})
    visit("form", f"/login/{option}/")
    visit("password", f"/login/{option}/", {"email": user.email, "password": PASSWORD})
    visit("factor", VERIFY)
    visit("send", VERIFY, {"action": "send", "channel": "sms"})
    code = last_code(PHONE if option == "phone" else user.email)
    visit("entry", VERIFY)
    by_email = option == "email"
    visit("verify", VERIFY, {"action": "verify", "code": code}, status=200 if by_email else 302)
    if by_email:
        visit("continue", VERIFY, {"action": "continue"})
    visit("home", "/home/")
    assert session_account(client) == user.id


class _Door(ClientHandler):
    """Answers any request by signing somebody in, behind the portal's own middleware."""

    def __init__(self, user: User, option: str) -> None:
        super().__init__(enforce_csrf_checks=False)
        self._user, self._option = user, option

    def _get_response(self, request: HttpRequest) -> HttpResponse:
        attempt = SignInAttempt(
            option=self._option,
            binding=str(uuid7()),
            contract=contract_key_of(request),
            proven=[CHANNELS[self._option]],
        )
        # As the page of the password reads it.
        user = find_account_by_email(User.objects.values_list("email").get(pk=self._user.pk)[0])
        assert user is not None
        return sign_in_proven(request, user, attempt=attempt, redirect_url=reverse("home"))


def sign_in_directly(
    client: Client,
    user: User,
    *,
    option: str = "email",
    host: str = "testserver",
    elevated: bool = True,
) -> None:
    """Sign in as by a login option to its end, in one request in place of its four or five.

    For tests that begin with somebody signed in. The pipeline runs, all stages and the session
    included, as for whoever has just proven password and factor; what the pages in between leave
    (a code that was sent) is not there. `test_signed_in_directly.py` compares the two ways. Staff
    hold elevated rights from then on, unless a test is about these.
    """
    pages, client.handler = client.handler, _Door(user, option)
    try:
        response = client.post("/", headers={"host": host})
    finally:
        client.handler = pages
    assert response.status_code == 302, response.status_code
    if elevated and User.objects.get(pk=user.pk).is_staff_member:
        elevate(client)


def elevate(client: Client) -> None:
    """Give a browser in which staff have signed in elevated rights that outlast any test."""
    record = client.session.get(RECORD_KEY)
    if record is None:
        return  # a page before the end of the sign-in waits, such as the terms
    began = datetime(2020, 1, 1, tzinfo=UTC)
    StaffElevation.objects.create(
        user_id=client.session[SESSION_KEY],
        sign_in=record["id"],
        reason="a test",
        began_at=began,
        until=began.replace(year=2100),
    )


def age_sign_in(client: Client, *, seconds: int = 301) -> None:
    """Let what a browser has proven be longer ago: by default than a fresh sign-in may be."""
    session = client.session
    session["account_authentication_methods"] = [
        {**method, "at": method["at"] - seconds}
        for method in session["account_authentication_methods"]
    ]
    session.save()
