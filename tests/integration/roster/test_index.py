"""The shared index follows from the rule in force, whoever was killed and who else was at work."""

from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from contracts.console.services.publishing import publish
from contracts.directory.models import Fingerprint
from contracts.roster.models import RosterEntry
from contracts.roster.services import index
from contracts.roster.services.codes import issue_codes
from contracts.roster.services.index import rebuild_index
from contracts.roster.tasks import renew_indexes
from core.common import clock
from tenants import registry
from tenants.context import ActiveContract, contract_context
from tests.integration.roster.conftest import with_registration
from tests.support.publishing import publish_change
from tests.support.threads import at_once, until_blocked_or


def prints(contract: ActiveContract) -> set[tuple[object, bytes]]:
    rows = Fingerprint.objects.filter(contract_id=contract.id).values_list("entry_id", "digest")
    return {(entry, bytes(digest)) for entry, digest in rows}


def prints_by_the_rule_in_force(contract: ActiveContract) -> set[tuple[object, bytes]]:
    with contract_context(registry.get_contract(contract.slug)):
        rebuild_index()
    return prints(contract)


@pytest.mark.django_db
def test_an_index_that_a_killed_publication_left_is_made_anew_within_the_hour(
    contract_a: ActiveContract,
) -> None:
    assert renew_indexes() == 0
    before = prints(contract_a)
    publish_change("wv-bh", registration__without_npi="refuse")  # and killed before the index
    assert prints(contract_a) == before
    assert renew_indexes() == 1
    assert prints(contract_a) < before
    assert renew_indexes() == 0
    assert prints(contract_a) == prints_by_the_rule_in_force(contract_a)


@pytest.mark.django_db
def test_an_index_that_a_killed_publication_left_is_made_anew_by_publishing_again(
    contract_a: ActiveContract,
) -> None:
    document = publish_change("wv-bh", registration__without_npi="refuse")
    again = publish(document=document, base=2, by=None, at=clock.now())
    assert (again.published.changed, again.fingerprints) == (False, len(prints(contract_a)))
    assert prints(contract_a) == prints_by_the_rule_in_force(contract_a)
    assert publish(document=document, base=2, by=None, at=clock.now()).fingerprints is None


@pytest.mark.django_db(transaction=True)
def test_of_two_who_make_an_index_by_different_rules_one_waits(contract_a: ActiveContract) -> None:
    strict = with_registration(contract_a, without_npi="refuse")
    read, done = Event(), Event()
    find = index._prints

    def slow(registration: Any) -> Iterator[Any]:
        yield from find(registration)
        if registration == contract_a.document.registration:
            read.set()
            until_blocked_or(done)

    def make(place: int) -> None:
        with contract_context((contract_a, strict)[place]):
            if place:
                assert read.wait(30)
            rebuild_index()
            done.set()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(index, "_prints", slow)
        at_once(2, make)
    left = prints(contract_a)
    with contract_context(strict):
        rebuild_index()
    assert left == prints(contract_a)  # those of the one who came last, and none of the other's


@pytest.mark.django_db(transaction=True)
def test_a_code_that_is_issued_while_an_index_is_made_is_found(contract_b: ActiveContract) -> None:
    read, issued = Event(), Event()
    find = index._prints

    def slow(registration: Any) -> Iterator[Any]:
        yield from find(registration)
        read.set()
        assert issued.wait(30)

    def act(place: int) -> None:
        with contract_context(contract_b):
            if place == 0:
                rebuild_index()
                return
            assert read.wait(30)
            entries = RosterEntry.objects.filter(removed_at=None)[:1]
            issue_codes(entries=entries, by=None, at=clock.now())
            issued.set()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(index, "_prints", slow)
        at_once(2, act)
    assert prints(contract_b) == prints_by_the_rule_in_force(contract_b)
