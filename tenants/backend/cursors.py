"""Cursors that ask the backend before each statement; used for every psycopg cursor we open."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from django.db.backends.postgresql import base as stock

if TYPE_CHECKING:
    from tenants.backend.base import DatabaseWrapper


class _GuardedMixin:
    """Compares the path at each execute, executemany, copy and stream, not at the cursor's birth:

    a cursor may be opened in one contract and used in another.
    """

    connection: Any

    def _before(self, statement: object) -> None:
        guard: DatabaseWrapper | None = getattr(self.connection, "portal_guard", None)
        if guard is not None:
            guard.before_statement(statement)

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Check, then run one statement, and note that the server answered."""
        self._before(query)
        answer = super().execute(query, *args, **kwargs)  # type: ignore[misc]
        guard: DatabaseWrapper | None = getattr(self.connection, "portal_guard", None)
        if guard is not None:
            guard.answered_at = monotonic()
        return answer

    def executemany(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Check, then run one statement for many parameters."""
        self._before(query)
        return super().executemany(query, *args, **kwargs)  # type: ignore[misc]

    def copy(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        """Check, then begin a COPY."""
        self._before(statement)
        return super().copy(statement, *args, **kwargs)  # type: ignore[misc]

    def stream(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Check, then run a statement row by row."""
        self._before(query)
        return super().stream(query, *args, **kwargs)  # type: ignore[misc]


class GuardedCursor(_GuardedMixin, stock.Cursor):
    """The everyday cursor."""


class GuardedBindingCursor(_GuardedMixin, stock.ServerBindingCursor):
    """The everyday cursor with parameters bound by the server."""


class GuardedServerSideCursor(_GuardedMixin, stock.ServerSideCursor):
    """A named cursor; its rows come from the path that was set when it was declared."""
