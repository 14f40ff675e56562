"""Models whose tables stand in a contract's schema: rows and querysets carry their contract.

An object loaded in one contract and saved in another would overwrite a stranger's row without any
error, because both schemas have the same tables. So each object and queryset remembers the
schema it was made in and raises in another one, or in none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models.sql import Query

from core.common.models import UUIDModel
from tenants.context import current_schema
from tenants.errors import NoContractError, OtherContractError

ModelT = TypeVar("ModelT", bound=models.Model)
_KEY = "_contract_schema"


def check_schema(carried: str | None, what: object) -> None:
    """Compare what an object or queryset carries with the contract in hand.

    Raises NoContractError where none is in hand and OtherContractError in another one. An object
    that carries nothing yet (made, but not saved) passes in any contract.
    """
    current = current_schema()
    if current is None:
        raise NoContractError(f"{what} belongs to a contract, and none is in hand.")
    if carried is not None and carried != current:
        raise OtherContractError(f"{what} belongs to {carried} and was used in {current}.")


class ContractQuery(Query):
    """Carries the contract into subqueries of other querysets, which run it without asking."""

    contract_schema: str | None = None

    def _what(self) -> str:
        return self.model.__name__ if self.model else "A query"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Check, then compile as part of another query."""
        check_schema(self.contract_schema, self._what())
        return super().as_sql(compiler, connection)

    def get_compiler(self, *args: Any, **kwargs: Any) -> Any:
        """Check, then return the compiler for a query of its own."""
        check_schema(self.contract_schema, self._what())
        return super().get_compiler(*args, **kwargs)


class ContractQuerySet(models.QuerySet[ModelT]):
    """A queryset that belongs to the contract in which it was made.

    One made where no contract is in hand (a form field's, at import) belongs to none yet: it
    takes the contract of the first place that narrows it, and raises when it is run in none.
    """

    _query: Query

    def __init__(
        self, model: Any = None, query: Any = None, using: str | None = None, hints: Any = None
    ) -> None:
        super().__init__(model, query or ContractQuery(model), using, hints)
        _check_hints(hints)
        self._contract_schema: str | None = getattr(self._query, "contract_schema", None)
        self._take_contract()

    def _take_contract(self) -> None:
        if self._contract_schema is None:
            self._contract_schema = current_schema()
        if isinstance(self._query, ContractQuery):
            self._query.contract_schema = self._contract_schema

    @property
    def db(self) -> str:
        """The database alias; asked for right before every statement, so the check stands here."""
        check_schema(self._contract_schema, self.model.__name__)
        return super().db

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone._contract_schema = self._contract_schema
        clone._take_contract()
        return clone

    def _add_hints(self, **hints: Any) -> None:
        _check_hints(hints)
        super()._add_hints(**hints)  # type: ignore[misc]

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        """Check, then become a subquery."""
        check_schema(self._contract_schema, self.model.__name__)
        return super().resolve_expression(*args, **kwargs)

    def __iter__(self) -> Iterator[ModelT]:
        """Check even when the rows are already there."""
        check_schema(self._contract_schema, self.model.__name__)
        return super().__iter__()

    def _iterator(self, use_chunked_fetch: bool, chunk_size: int | None) -> Iterator[ModelT]:  # noqa: FBT001
        for item in super()._iterator(use_chunked_fetch, chunk_size):  # type: ignore[misc]
            check_schema(self._contract_schema, self.model.__name__)
            yield item

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        """Check each object, then insert them."""
        rows = list(objs)
        _check_rows(rows)
        made = super().bulk_create(rows, *args, **kwargs)
        for row in rows:
            row.__dict__[_KEY] = current_schema()
        return made

    def bulk_update(self, objs: Any, *args: Any, **kwargs: Any) -> int:
        """Check each object, then update them."""
        rows = list(objs)
        _check_rows(rows)
        return super().bulk_update(rows, *args, **kwargs)


def _check_hints(hints: Mapping[str, Any] | None) -> None:
    """Check the object from which a relation is followed."""
    instance = (hints or {}).get("instance")
    carried = instance.__dict__.get(_KEY) if instance is not None else None
    if carried is not None:
        check_schema(carried, type(instance).__name__)


def _check_rows(rows: Sequence[models.Model]) -> None:
    for row in rows:
        check_schema(row.__dict__.get(_KEY), type(row).__name__)


class ContractManager(models.Manager[ModelT]):
    """The manager of every contract model; look-ups through relations use it, too."""

    def get_queryset(self) -> ContractQuerySet[ModelT]:
        """Return a queryset of the contract in hand."""
        return ContractQuerySet(self.model, using=self._db, hints=getattr(self, "_hints", None))


class ContractModel(UUIDModel):
    """A row of a contract's own schema.

    Subclasses with a Meta of their own inherit `ContractModel.Meta`. They hold no foreign key to a
    shared table: a shared row is named by its UUID, without a database constraint.
    """

    objects: ClassVar[ContractManager[Self]] = ContractManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **options: Any
    ) -> Self:
        """Make an object from a row and remember whose it is."""
        instance = super().from_db(db, field_names, values, **options)
        instance.__dict__[_KEY] = current_schema()
        return instance

    @property
    def contract_schema(self) -> str | None:
        """The schema that this row came from or was saved to; None before the first save."""
        carried: str | None = self.__dict__.get(_KEY)
        return carried

    def save_base(self, *args: Any, **kwargs: Any) -> None:
        """Check, save, and belong to this contract from now on."""
        check_schema(self.contract_schema, type(self).__name__)
        super().save_base(*args, **kwargs)
        self.__dict__[_KEY] = current_schema()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Check, then delete."""
        check_schema(self.contract_schema, type(self).__name__)
        return super().delete(*args, **kwargs)

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Check, then read the row again; deferred fields come through here."""
        check_schema(self.contract_schema, type(self).__name__)
        super().refresh_from_db(*args, **kwargs)
