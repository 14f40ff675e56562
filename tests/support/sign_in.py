"""A complete sign-in, request by request, for what measures each of them."""

from collections.abc import Callable

from django.test import Client

from core.accounts.models import User
from tests.support.people import PASSWORD, PHONE, last_code, session_account

VERIFY = "/login/verify/"


def walk_through_sign_in(
    client: Client, user: User, option: str, step: Callable[[str, Callable[[], None]], None]
) -> None:
    """Go from the first page to home by a login option; each request is one `step`.

    A step gets the request's name and how to run it.
    """

    def visit(name: str, path: str, data: dict[str, str] | None = None) -> None:
        def run() -> None:
            response = client.get(path) if data is None else client.post(path, data)
            assert response.status_code == (200 if data is None else 302), name

        step(name, run)

    visit("options", "/")
    visit("choice", "/", {"option": option})
    visit("form", f"/login/{option}/")
    visit("password", f"/login/{option}/", {"email": user.email, "password": PASSWORD})
    visit("factor", VERIFY)
    visit("send", VERIFY, {"action": "send", "channel": "sms"})
    code = last_code(PHONE if option == "phone" else user.email)
    visit("entry", VERIFY)
    visit("verify", VERIFY, {"action": "verify", "code": code})
    if option == "email":
        visit("verified", VERIFY)
        visit("continue", VERIFY, {"action": "continue"})
    visit("home", "/home/")
    assert session_account(client) == user.id
