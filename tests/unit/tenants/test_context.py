"""Which contract is in hand."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from core.common.context import current_context
from core.common.ids import uuid7
from tenants.context import (
    ActiveContract,
    contract_context,
    current_contract,
    current_schema,
    current_scope,
    rebound,
    require_contract,
    schema_scope,
)
from tenants.errors import NoContractError, OtherContractError
from tenants.keys import cache_key, check_storage_key, storage_key


def contract(slug: str) -> ActiveContract:
    document: Any = SimpleNamespace()
    return ActiveContract(uuid7(), slug, slug, f"t_{slug}", 1, 1, document)


ONE, OTHER = contract("one"), contract("other")


def test_outside_any_contract_there_is_none() -> None:
    assert current_contract() is None
    assert current_schema() is None
    with pytest.raises(NoContractError):
        require_contract()


def test_contexts_nest_and_put_back_what_was_in_hand() -> None:
    with contract_context(ONE):
        with contract_context(OTHER):
            assert require_contract() is OTHER
        assert require_contract() is ONE
        with contract_context(None):
            assert current_contract() is None
        assert require_contract() is ONE
        with pytest.raises(ZeroDivisionError), contract_context(OTHER):
            _ = 1 / 0
        assert require_contract() is ONE
    assert current_contract() is None


def test_what_is_recorded_inside_names_the_contract() -> None:
    with contract_context(ONE):
        assert current_context().contract_id == ONE.id
        with contract_context(None):
            assert current_context().contract_id is None
    assert current_context().contract_id is None


def test_a_schema_that_is_not_routable_yet_is_in_hand_alone() -> None:
    with schema_scope("t_new"):
        scope = current_scope()
        assert scope is not None
        assert (scope.schema_name, scope.contract, scope.alone) == ("t_new", None, True)
        with pytest.raises(NoContractError):
            require_contract()


def test_a_new_thread_begins_with_none() -> None:
    with contract_context(ONE), ThreadPoolExecutor(1) as pool:
        assert pool.submit(current_contract).result() is None
        assert pool.submit(copy_context().run, current_contract).result() is ONE


def test_each_step_of_a_rebound_body_is_in_the_contract_and_no_other_moment() -> None:
    def items() -> Any:
        for _ in range(3):
            yield current_contract()

    with contract_context(ONE):
        body = rebound(items())
    with contract_context(OTHER):
        for item in body:
            assert item is ONE
            assert current_contract() is OTHER


# --- Keys -----------------------------------------------------------------------------------------
def test_cache_keys_differ_by_contract() -> None:
    with contract_context(ONE):
        mine = cache_key("report", 7)
    with contract_context(OTHER):
        assert cache_key("report", 7) != mine
    with pytest.raises(NoContractError):
        cache_key("report", 7)


def test_a_stored_file_is_read_in_its_own_contract_only() -> None:
    with contract_context(ONE):
        key = storage_key("letters/1.pdf")
        assert check_storage_key(key) == key
    with contract_context(OTHER), pytest.raises(OtherContractError):
        check_storage_key(key)
    with pytest.raises(NoContractError):
        check_storage_key(key)


@pytest.mark.parametrize("name", ["../other/1.pdf", "a/../../b", ".."])
def test_a_stored_files_name_does_not_lead_out_of_its_contract(name: str) -> None:
    with contract_context(ONE):
        with pytest.raises(ValueError, match="Not a name"):
            storage_key(name)
        with pytest.raises(OtherContractError):
            check_storage_key(storage_key("") + name)


def test_contracts_are_compared_by_their_revision_and_not_by_their_documents() -> None:
    document: Any = object()
    assert replace(ONE, document=document) == ONE
    assert hash(replace(ONE, document=document)) == hash(ONE)
    assert replace(ONE, revision=2) != ONE
    assert replace(ONE, policy_epoch=2) != ONE
    assert replace(ONE, id=uuid7()) != ONE
