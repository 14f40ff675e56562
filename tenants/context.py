"""Which contract is in hand: the one place that says it, for requests, tasks and commands.

The answer lives in a ContextVar, so a new thread starts with *no contract*, which means the shared
schema only. The database backend compares it at each statement. Nothing else may set the path:
the library's helpers share their state between threads and are banned by lint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from core.common.context import bind_context
from tenants.errors import NoContractError

if TYPE_CHECKING:
    from tenants.configuration.document import ContractDocument

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class ActiveContract:
    """A ready contract as one published revision describes it; safe to share between threads.

    Equal are two of the same contract and revision: documents are long, and their revision says
    whether they are the same.
    """

    id: UUID
    slug: str
    name: str
    schema_name: str
    revision: int
    policy_epoch: int
    document: ContractDocument = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where unqualified table names lead: one contract's schema, with or without the shared one."""

    schema_name: str
    contract: ActiveContract | None = None
    alone: bool = False


_scope: ContextVar[Scope | None] = ContextVar("contract_scope", default=None)


def current_scope() -> Scope | None:
    """Return the scope in hand; None means the shared schema only. Read by the backend."""
    return _scope.get()


def current_schema() -> str | None:
    """Return the name of the contract schema in hand, or None."""
    scope = _scope.get()
    return scope.schema_name if scope else None


def current_contract() -> ActiveContract | None:
    """Return the contract in hand, or None outside any."""
    scope = _scope.get()
    return scope.contract if scope else None


def require_contract() -> ActiveContract:
    """Return the contract in hand. Raises NoContractError outside any."""
    contract = current_contract()
    if contract is None:
        raise NoContractError("This needs a contract, and none is in hand.")
    return contract


@contextmanager
def contract_context(contract: ActiveContract | None) -> Iterator[None]:
    """Work in a contract (or, with None, in the shared schema alone) for a `with` block.

    Audit events and log lines written inside name the contract. Never enter it in a generator
    that yields to others: between two items the caller would be in the contract, too. Wrap a
    streamed body in `rebound` instead.
    """
    scope = Scope(contract.schema_name, contract) if contract else None
    with _entered(scope), bind_context(contract_id=contract.id if contract else None):
        yield


@contextmanager
def schema_scope(schema_name: str) -> Iterator[None]:
    """Work in a schema that is not routable yet. For provisioning and migrations alone.

    The shared schema is not on the path: what a contract's migration does not find in its own
    schema must fail.
    """
    with _entered(Scope(schema_name, alone=True)):
        yield


@contextmanager
def filling_scope(schema_name: str) -> Iterator[None]:
    """Work in a schema that is not routable yet, with the shared one behind it.

    For the restoring of a contract's data alone, which fills tables of both in one transaction.
    """
    with _entered(Scope(schema_name)):
        yield


@contextmanager
def _entered(scope: Scope | None) -> Iterator[None]:
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)


def rebound(items: Iterable[Item]) -> Iterator[Item]:
    """Return the items of a streamed body, each made in the contract in hand now.

    A server iterates a streamed body after the request's context is gone. Each step enters the
    contract and leaves it again before the item is handed over.
    """
    contract = current_contract()
    return _Rebound(iter(items), contract)


class _Rebound(Iterator[Item]):
    def __init__(self, items: Iterator[Item], contract: ActiveContract | None) -> None:
        self._items = items
        self._contract = contract

    def __next__(self) -> Item:
        with contract_context(self._contract):
            return next(self._items)
