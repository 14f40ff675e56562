"""How long registration takes for what a program knows and for what it does not.

Two questions of strangers: identifier and code at its beginning, and Reset by username, which mails
a link to whoever waits for one.
"""

import pytest

from contracts.registration.services.journeys import StartOutcome, start_registration
from contracts.registration.services.links import request_link
from contracts.roster.models import RosterEntry
from core.accounts.models.attempts import LimitCount
from core.common import clock
from core.common.identifiers import IdentifierType
from tenants import registry
from tenants.context import ActiveContract, contract_context
from tests.bench.pairs import compare
from tests.integration.registration.journeys import Journey

ROUNDS = 600
"""An act takes a few milliseconds, which what else the machine does changes by as much as 3 %."""

pytestmark = [
    pytest.mark.usefixtures("announced"),
    pytest.mark.django_db(transaction=True),
]


@pytest.mark.parametrize("slug", ["wv-bh", "acentra-sample"])
def test_nobody_learns_from_the_time_which_identifiers_a_program_has(slug: str) -> None:
    contract = registry.get_contract(slug)
    identifiers = {"known": "1234567893", "unknown": "1999999992"}
    if contract.document.registration.unit == "location":
        identifiers["many locations"] = _with_locations(contract, 12)

    def begin(kind: str, place: int) -> None:
        result = start_registration(
            contract=contract,
            identifier=identifiers[kind],
            code=f"WRONG-{place:04}",
            address=f"192.0.2.{place % 200}",
            at=clock.now(),
        )
        assert result.outcome is StartOutcome.REFUSED

    compare(tuple(identifiers), begin, prepare=_forget_tries, rounds=ROUNDS)


def test_nobody_learns_from_the_time_who_has_a_username() -> None:
    Journey("wv-bh").start().inform().submit()
    contract = registry.get_contract("wv-bh")
    usernames = {"known": "dreed", "unknown": "nobody-has-this"}

    def ask(kind: str, place: int) -> None:
        allowance = request_link(
            username=usernames[kind],
            address=f"192.0.2.{place % 200}",
            contract_id=contract.id,
            at=clock.now(),
        )
        assert allowance.allowed

    compare(tuple(usernames), ask, prepare=_forget_tries, rounds=ROUNDS)


def _with_locations(contract: ActiveContract, count: int) -> str:
    """Return a number under which a program's roster has so many entries."""
    number = "1888888880"
    with contract_context(contract):
        RosterEntry.objects.bulk_create(
            RosterEntry(
                unit_key=f"place-{place}",
                identifier=number,
                identifier_type=IdentifierType.NPI,
                name=f"Place {place}",
            )
            for place in range(count)
        )
    return number


def _forget_tries(_kind: str, _place: int) -> None:
    """Make each round the first of an hour: limits count what was tried."""
    LimitCount.objects.all().delete()
