"""The numbers on the tabs: one statement, whose text is made once for the contracts in hand."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.accounts.models import User
from core.groups.models import Provider
from core.groups.reach import Reach
from core.groups.templatetags import setup_ui
from core.groups.templatetags.setup_ui import Counts, tab_counts
from tenants.context import ActiveContract
from tenants.registry import get_contract
from tests.support.naive import fails_with
from tests.support.publishing import publish_change

pytestmark = pytest.mark.django_db
OLDER: dict[object, Counts] = {}


def reach(actor: User, *contracts: ActiveContract) -> Reach:
    return Reach(actor, contracts, left_out=0, entered=frozenset(one.id for one in contracts))


def numbers(counts: Counts) -> list[int]:
    return [counts["providers"], counts["users"], counts["open_to_third_parties"]]


def assert_own_numbers(heads: list[User], here: ActiveContract, there: ActiveContract) -> None:
    head, stranger = heads
    assert numbers(tab_counts(reach(head, here))) == [1, 3, 0]
    assert numbers(tab_counts(reach(stranger, here))) == [1, 1, 0]
    assert numbers(tab_counts(reach(head, here, there))) == [2, 3, 1]
    assert numbers(tab_counts(reach(stranger, here, there))) == [1, 1, 0]


@pytest.fixture
def heads(
    head: User, dana: User, chief: User, oak: Provider, stranger_provider: Provider
) -> list[User]:
    return [head, User.objects.get(username="other")]


def test_each_sees_the_own_numbers_in_each_set_of_contracts(
    heads: list[User], contract_a: ActiveContract, contract_c: ActiveContract
) -> None:
    assert_own_numbers(heads, contract_a, contract_c)


def test_numbers_kept_for_a_contract_would_be_somebody_elses(
    heads: list[User], contract_a: ActiveContract, contract_c: ActiveContract
) -> None:
    """The naive way: what was counted in a contract is kept, and not only how it is asked for."""

    def kept(count: Callable[[Reach], Counts], asked: Reach) -> Counts:
        return OLDER.setdefault(tuple(asked.contract_ids), count(asked))

    fails_with(
        f"{__name__}.tab_counts",
        partial(kept, tab_counts),
        lambda: assert_own_numbers(heads, contract_a, contract_c),
        where="assert numbers(tab_counts(reach(stranger, here))) == [1, 1, 0]",
    )


def test_a_publication_makes_the_text_anew(
    head: User, elm: Provider, contract_a: ActiveContract
) -> None:
    assert numbers(tab_counts(reach(head, contract_a))) == [1, 1, 0]
    publish_change(contract_a.slug, groups__third_parties=True)
    assert numbers(tab_counts(reach(head, get_contract(contract_a.slug)))) == [1, 1, 1]


def test_it_is_one_statement_and_none_is_put_together_again(
    head: User, elm: Provider, contract_a: ActiveContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab_counts(reach(head, contract_a))

    def again(contracts: tuple[ActiveContract, ...], actor_id: UUID) -> None:
        pytest.fail("the text is made again")

    monkeypatch.setattr(setup_ui, "_counts", again)
    with CaptureQueriesContext(connection) as asked:
        tab_counts(reach(head, contract_a))
    assert len(asked) == 1
