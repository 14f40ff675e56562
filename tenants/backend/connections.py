"""Django's database connection, whose transactions end through the backend alone.

psycopg's own `rollback`, `commit`, `transaction` and the rest would end a transaction past the
backend, which would go on believing in the search path that the server has just taken back: rows of
one contract would be read in another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import psycopg

from tenants.errors import RawTransactionError

if TYPE_CHECKING:
    from tenants.backend.base import DatabaseWrapper


class GuardedConnection(psycopg.Connection[Any]):
    """The connection that Django holds; `portal_guard` is the wrapper that opened it.

    Every method here raises RawTransactionError, but for a commit or rollback that the wrapper
    itself is about.
    """

    portal_guard: DatabaseWrapper

    def commit(self) -> None:
        """Commit for the wrapper, refuse anybody else."""
        self._require_wrapper()
        super().commit()

    def rollback(self) -> None:
        """Roll back for the wrapper, refuse anybody else."""
        self._require_wrapper()
        super().rollback()

    def transaction(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse; `django.db.transaction.atomic` knows the path."""
        raise _refusal()

    def pipeline(self) -> NoReturn:
        """Refuse: what the server has done so far is not known in it."""
        raise _refusal()

    def tpc_begin(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse, as all of two-phase commit."""
        raise _refusal()

    def tpc_prepare(self) -> NoReturn:
        """Refuse."""
        raise _refusal()

    def tpc_commit(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise _refusal()

    def tpc_rollback(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise _refusal()

    def _require_wrapper(self) -> None:
        if not self.portal_guard.is_ending_transaction:
            raise _refusal()


def _refusal() -> RawTransactionError:
    return RawTransactionError(
        "Transactions on Django's connection are begun and ended by django.db.transaction alone."
    )
