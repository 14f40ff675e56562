"""What a complete sign-in costs in database statements, from the first page to home.

Counted is what the web process sends, with documents and contracts already in its memory: the
statements, and beside them everything, with BEGIN, COMMIT and savepoints, which carry no work of
their own. What a worker does to deliver the code (in place here, after the commit) is counted
apart. The list is printed with `pytest -s`. (The test of a registration's cost bounds everything.)
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.mfa.models import Challenge
from tenants import registry
from tests.support.people import make_person, make_provider
from tests.support.sign_in import walk_through_sign_in

# Committed for real, so that every BEGIN and COMMIT counts.
pytestmark = pytest.mark.django_db(transaction=True)

MOST = {"email": 25, "phone": 22}
MOST_WITH_TRANSACTIONS = {"email": 33, "phone": 30}
"""The aim is 25 for statements. Of these, each of the last requests reads its session with its
account (7 by mail, 5 by phone), and three write it."""
TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@pytest.mark.parametrize("option", ["email", "phone"])
def test_from_the_first_page_to_home(option: str) -> None:
    user = make_person()
    make_provider(user, registry.get_contract("wv-bh"))
    walk_through_sign_in(Client(), user, option, lambda _name, run: run())  # warm
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

    walk_through_sign_in(Client(), user, option, measured)
    for name, found in statements.items():
        print(f"\n{option}: {name}: {len(found)}", *(text[:150] for text in found), sep="\n    ")
    everything = [text for found in statements.values() for text in found]
    own = [text for text in everything if not text.startswith(TRANSACTION)]
    print(f"\n{option}: {len(own)} statements, {len(everything)} with transactions")
    print(f"{option}: {len(deliveries[0])} of the worker")
    counts = {name: len(found) for name, found in statements.items()}
    assert len(own) <= MOST[option], counts
    assert len(everything) <= MOST_WITH_TRANSACTIONS[option], counts


def _forget_what_was_sent() -> None:
    """Let the next code go out at once."""
    Challenge.objects.update(requested_at=F("requested_at") - timedelta(days=2))
