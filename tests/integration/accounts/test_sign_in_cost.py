"""What a complete sign-in costs in database statements, from the first page to home.

Counted is what the web process sends, BEGIN and COMMIT included, with documents and contracts
already in its memory. What a worker does to deliver the code (in place here, after the commit) is
counted apart. The list of the statements is printed with `pytest -s`.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.accounts.models import User
from core.mfa.models import Challenge
from tenants import registry
from tests.support.people import (
    PASSWORD,
    PHONE,
    last_code,
    make_person,
    make_provider,
    session_account,
)

# Committed for real, so that every BEGIN and COMMIT counts.
pytestmark = pytest.mark.django_db(transaction=True)

MOST = {"email": 47, "phone": 47}
"""What is reached; one reads the lock again with the account's row held, so that guesses on another
page, which has a turn of its own, cannot slip past it. The aim is 25: of these, each of the last
requests reads its session with its account (7 by mail, 5 by phone), and four transactions begin
and commit (8)."""
VERIFY = "/login/verify/"


@pytest.mark.parametrize("option", ["email", "phone"])
def test_from_the_first_page_to_home(option: str) -> None:
    user = make_person()
    make_provider(user, registry.get_contract("wv-bh"))
    _walk(Client(), user, option, lambda _name, run: run())  # warm
    _forget_what_was_sent()
    statements: dict[str, list[str]] = {}
    deliveries: list[list[str]] = []

    def measured(name: str, run: Callable[[], None]) -> None:
        with CaptureQueriesContext(connection) as captured:
            run()
        found = [query["sql"] for query in captured.captured_queries]
        statements[name] = found
        if name == "send":
            # The code is handed over in place, between the commit and the writing of the session.
            commit = found.index("COMMIT") + 1
            statements[name] = [*found[:commit], *found[-1:]]
            deliveries.append(found[commit:-1])

    _walk(Client(), user, option, measured)
    for name, found in statements.items():
        print(f"\n{option}: {name}: {len(found)}", *(text[:150] for text in found), sep="\n    ")
    total = sum(len(found) for found in statements.values())
    print(f"\n{option}: {total} statements in all, and {len(deliveries[0])} of the worker")
    assert total <= MOST[option], {name: len(found) for name, found in statements.items()}


def _walk(
    client: Client, user: User, option: str, step: Callable[[str, Callable[[], None]], None]
) -> None:
    """Go through the sign-in; each request is one `step`."""

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


def _forget_what_was_sent() -> None:
    """Let the next code go out at once."""
    Challenge.objects.update(requested_at=F("requested_at") - timedelta(days=2))
