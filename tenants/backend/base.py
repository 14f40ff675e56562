"""The connection: it knows which search path is set and sets another only when it must.

What the library does and we do not accept is listed in docs/design.md, section 6; each line has a
regression test in tests/integration/tenants.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from time import monotonic
from typing import Any, NoReturn

from django.utils.asyncio import async_unsafe
from django_tenants.postgresql_backend import base as library
from django_tenants.utils import get_public_schema_name
from psycopg import ClientCursor, sql
from psycopg.pq import TransactionStatus

from tenants.backend.bare import sent_bare
from tenants.backend.connections import GuardedConnection
from tenants.backend.cursors import (
    GuardedBindingCursor,
    GuardedCursor,
    GuardedServerSideCursor,
)
from tenants.backend.introspection import SchemaIntrospection
from tenants.backend.statements import refuse_transaction_text
from tenants.backend.times import read_times_at_once
from tenants.context import Scope, current_schema, current_scope
from tenants.errors import ContractSwitchError, TenancyError

Path = tuple[str, ...]
_JUST_NOW_SECONDS = 0.5
"""Own figure: a busy thread asks twice a second whether its connection lives, not ten times."""
SHARED_SCHEMA = str(get_public_schema_name())  # type: ignore[no-untyped-call]


class DatabaseWrapper(library.DatabaseWrapper):
    """One database connection of one thread.

    The wanted path comes from `tenants.context` at each statement. `_path` is the path that the
    server certainly has, or None when that is not certain: after any rollback, after a commit
    that the server turned into a rollback, and on a new connection.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._path: Path | None = None
        self._steering = False
        self.is_ending_transaction = False
        """Whether a commit or rollback on the connection is this wrapper's own."""
        self._bound_schema: str | None = None
        self._bound_block: object | None = None
        self.path_switches = 0
        self.transaction_marks: set[str] = set()
        """What the present transaction has done that others must not see before it commits."""
        self.transaction_finds: dict[str, object] = {}
        """What was read in the present transaction; any rollback forgets it, a savepoint's too."""
        self.answered_at = 0.0
        """When the server answered last, by the clock that only goes forward."""
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]
        self.introspection = SchemaIntrospection(self)  # type: ignore[assignment]

    # --- What the library calls, and what it must not do -----------------------------------------
    @property
    def schema_name(self) -> str:
        """The schema in hand; introspection and the library's models read it."""
        return current_schema() or SHARED_SCHEMA

    @schema_name.setter
    def schema_name(self, value: str | None) -> None:
        """Take no notice: the library's constructor assigns it."""

    def set_tenant(self, tenant: object, include_public: bool = True) -> NoReturn:  # noqa: FBT001, FBT002
        """Refuse. Raises TenancyError always."""
        raise TenancyError("Use tenants.context.contract_context.")

    def set_schema(self, *args: object, **kwargs: object) -> NoReturn:
        """Refuse. Raises TenancyError always."""
        raise TenancyError("Use tenants.context.contract_context.")

    def set_schema_to_public(self) -> None:
        """Do nothing: no contract in hand already means the shared schema only."""

    def _handle_search_path(self, cursor: object = None) -> None:
        """Do nothing when a cursor is opened: the path is compared when it is used."""

    # --- Cursors ---------------------------------------------------------------------------------
    def get_connection_params(self) -> dict[str, Any]:
        """Return the parameters, with our cursors in place of the stock ones."""
        params: dict[str, Any] = super().get_connection_params()
        binding = self.settings_dict["OPTIONS"].get("server_side_binding") is True
        params["cursor_factory"] = GuardedBindingCursor if binding else GuardedCursor
        return params

    @async_unsafe
    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor that asks this connection before each statement."""
        cursor = super().create_cursor(name=name)
        if name is not None:
            # Django names the class of server-side cursors itself and has no hook for it.
            cursor.__class__ = GuardedServerSideCursor
        return cursor

    def init_connection_state(self) -> None:
        """Set up a new connection, whose path is unknown."""
        self._forget()
        super().init_connection_state()
        if self.connection is not None:
            read_times_at_once(self.connection)
            self.connection.portal_guard = self
            # Django asks psycopg (or its pool) for the connection and has no hook for its class.
            self.connection.__class__ = GuardedConnection

    def close_if_health_check_failed(self) -> None:
        """Ask whether the connection lives, unless the server has just answered on it.

        A server that is lost within that moment costs a page that says try again.
        """
        if monotonic() - self.answered_at > _JUST_NOW_SECONDS:
            super().close_if_health_check_failed()

    # --- Before each statement -------------------------------------------------------------------
    def before_statement(self, statement: object) -> None:
        """Refuse what callers may not send, then make sure of the path.

        Raises RawTransactionError, ContractSwitchError, or the database's error when the path
        cannot be set; the statement is not sent then.
        """
        if self._steering:
            return
        refuse_transaction_text(statement)
        scope = current_scope()
        self._refuse_switch(scope.schema_name if scope else None)
        wanted = _path_for(scope)
        if wanted == self._path or self._is_aborted():
            # In an aborted transaction the statement itself fails; nothing is set there.
            return
        self._set_path(wanted)

    def _set_path(self, wanted: Path) -> None:
        self._path = None
        text = _text_of(wanted)
        if not sent_bare(self.connection, text):
            with ClientCursor(self.connection) as cursor:
                cursor.execute(text.encode())  # says what is wrong
        self.path_switches += 1
        self._path = wanted
        if self.queries_logged:
            self.queries_log.append({"sql": text, "time": "0.000"})

    def _is_aborted(self) -> bool:
        status = self.connection.info.transaction_status
        return bool(status == TransactionStatus.INERROR)

    def _refuse_switch(self, schema: str | None) -> None:
        block = self._transaction_block()
        if block is not self._bound_block:
            self._bound_schema, self._bound_block = None, block
        if block is None or schema is None or schema == self._bound_schema:
            return
        if self._bound_schema is not None:
            raise ContractSwitchError(
                f"This transaction works in {self._bound_schema} and may not touch {schema}."
            )
        self._bound_schema = schema

    def _transaction_block(self) -> object | None:
        """Return what stands for the present transaction; a test case's own one does not count."""
        block: object
        for block in self.atomic_blocks:
            if not getattr(block, "_from_testcase", False):
                return block
        return None if self.autocommit or self.atomic_blocks else self

    # --- Whatever may revert the path ------------------------------------------------------------
    def _forget(self) -> None:
        self._path = None
        self._end_transaction()

    def _unbind(self) -> None:
        self._bound_schema = self._bound_block = None

    def _end_transaction(self) -> None:
        self._unbind()
        self.transaction_marks.clear()
        self.transaction_finds.clear()

    def _commit(self) -> None:
        # The server answers COMMIT of an aborted transaction with a rollback, and no error.
        aborted = self.connection is not None and self._is_aborted()
        try:
            with self._ending():
                super()._commit()
        except BaseException:
            self._forget()
            raise
        self._end_transaction()
        if aborted:
            self._forget()

    def _rollback(self) -> None:
        try:
            with self._ending():
                super()._rollback()
        finally:
            self._forget()

    def _close(self) -> None:
        self._forget()
        # A pool rolls back by itself what comes back to it.
        with self._ending():
            super()._close()

    def _savepoint(self, sid: str) -> None:
        with self._steered():
            if not self._sent_bare(self.ops.savepoint_create_sql(sid)):
                super()._savepoint(sid)

    def _savepoint_commit(self, sid: str) -> None:
        with self._steered():
            if not self._sent_bare(self.ops.savepoint_commit_sql(sid)):
                super()._savepoint_commit(sid)
        if self._transaction_block() is None:
            self._unbind()

    def _savepoint_rollback(self, sid: str) -> None:
        try:
            with self._steered():
                super()._savepoint_rollback(sid)
        finally:
            self._path = None
            self.transaction_finds.clear()
            if self._transaction_block() is None:
                self._unbind()

    def _sent_bare(self, text: str) -> bool:
        """Send a statement without a cursor, unless somebody looks at what goes through cursors."""
        watched = self.queries_logged or self.execute_wrappers
        return not watched and self.connection is not None and sent_bare(self.connection, text)

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """Let this wrapper's own commit or rollback through."""
        self.is_ending_transaction = True
        try:
            yield
        finally:
            self.is_ending_transaction = False

    @contextmanager
    def _steered(self) -> Iterator[None]:
        """Let Django's own savepoint statements through; they need no path."""
        self._steering = True
        try:
            yield
        finally:
            self._steering = False


@lru_cache(maxsize=1024)
def _text_of(path: Path) -> str:
    """Return the statement that sets a path."""
    names = sql.SQL(", ").join(sql.Identifier(name) for name in path)
    return sql.SQL("SET search_path = {}").format(names).as_string(None)


def _path_for(scope: Scope | None) -> Path:
    """Return the schemas to look in. Temporary tables come last, so that they shadow nothing."""
    if scope is None:
        return (SHARED_SCHEMA, "pg_temp")
    if scope.alone:
        return (scope.schema_name, "pg_temp")
    return (scope.schema_name, SHARED_SCHEMA, "pg_temp")
