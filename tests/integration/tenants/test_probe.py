"""The probe finds a pooler that mixes sessions, and statements that reach another schema."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import OperationalError

from core.audit.models import AuditEvent
from tenants.backend.sessions import open_session
from tenants.context import contract_context, current_contract
from tenants.errors import NoContractError
from tenants.identity import tasks
from tenants.identity.probe import (
    MixedSchemasError,
    check_contract_identity,
    check_everything,
    check_pooler,
    check_shared_identity,
)
from tenants.wsgi import StartUpGate, run_in_copied_context
from tests.integration.tenants.catalogues import run_as_owner
from tests.integration.tenants.conftest import Two


class Pooled:
    """A client of a pooler in transaction mode: each statement takes a server session anew."""

    def __init__(self, pool: list[psycopg.Connection]) -> None:
        self._pool = pool

    def __enter__(self) -> "Pooled":
        return self

    def __exit__(self, *args: object) -> None: ...

    def execute(self, statement: Any) -> Any:
        # The session used last is given out first, as PgBouncer does.
        return self._pool[-1].execute(statement)


class Tracking(Pooled):
    """The same pooler with track_extra_parameters = search_path."""

    def __init__(self, pool: list[psycopg.Connection]) -> None:
        super().__init__(pool)
        self._path = "public"

    def execute(self, statement: Any) -> Any:
        self._pool[-1].execute(f"SET search_path = {self._path}")
        answer = super().execute(statement)
        row = self._pool[-1].execute("SHOW search_path").fetchone()
        self._path = str(row[0]) if row else "public"
        if "SHOW" in str(statement):
            answer = self._pool[-1].execute("SHOW search_path")
        return answer


@pytest.fixture
def server_sessions(real_db: None) -> Iterator[list[psycopg.Connection]]:
    with open_session() as one, open_session() as other:
        yield [one, other]


def test_sessions_of_their_own_pass(real_db: None) -> None:
    check_pooler()


def test_a_pooler_that_mixes_sessions_is_found(server_sessions: list[psycopg.Connection]) -> None:
    with pytest.raises(MixedSchemasError, match="pooler"):
        check_pooler(lambda: Pooled(server_sessions))  # type: ignore[arg-type,return-value]


def test_a_pooler_that_tracks_the_path_passes(server_sessions: list[psycopg.Connection]) -> None:
    check_pooler(lambda: Tracking(server_sessions))  # type: ignore[arg-type,return-value]


def test_everything_is_where_it_belongs(real_db: None) -> None:
    check_everything()


def test_the_probe_does_not_depend_on_the_contract_in_hand(two: Two) -> None:
    with contract_context(two.one):
        check_shared_identity()
        check_contract_identity(two.other)
        assert current_contract() is two.one


def test_a_swapped_identity_is_found(two: Two) -> None:
    table = "tenants_identity_schemaidentity"
    run_as_owner(f"UPDATE {table} SET contract_id = '{two.other.id}'", two.one.schema_name)
    try:
        with pytest.raises(MixedSchemasError, match=two.one.slug):
            check_everything()
    finally:
        run_as_owner(f"UPDATE {table} SET contract_id = '{two.one.id}'", two.one.schema_name)
    check_everything()


def test_a_shared_path_that_shows_contracts_is_found(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tenants.backend.base._path_for", lambda scope: (two.one.schema_name, "public")
    )
    with pytest.raises(MixedSchemasError):
        check_shared_identity()


@pytest.mark.django_db
def test_the_nightly_canary_records_what_it_found(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks.compare_identities.delay()
    assert AuditEvent.objects.filter(event_type="schema_identity.compared", result="ok").exists()

    def mixed() -> None:
        raise MixedSchemasError("mixed")

    monkeypatch.setattr(tasks, "check_everything", mixed)
    with pytest.raises(MixedSchemasError):
        tasks.compare_identities.delay()
    assert AuditEvent.objects.filter(event_type="schema_identity.compared", result="mixed").exists()


# --- The WSGI entry -------------------------------------------------------------------------------
Answer = tuple[str, list[bytes]]


def call(application: Any, path: str = "/") -> Answer:
    status: list[str] = []

    def start(line: str, headers: object, error: object = None) -> Callable[[bytes], object]:
        status.append(line)
        return status.append  # type: ignore[return-value]

    body = list(application({"PATH_INFO": path, "REQUEST_METHOD": "GET"}, start))
    return status[0], body


def later(environ: dict[str, Any], start: Any) -> list[bytes]:
    start("503 Service Unavailable", [])
    return [b"try again"]


@contextmanager
def entry(monkeypatch: pytest.MonkeyPatch, outcomes: list[Exception | None]) -> Iterator[Any]:
    """An application whose start-up probe has these outcomes, one after the other."""

    def check() -> None:
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome

    monkeypatch.setattr("tenants.wsgi._check_everything", check)

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        start("200 OK", [])
        return [b"page"]

    yield run_in_copied_context(application, closed=later)


def test_nothing_is_served_behind_a_pooler_that_mixes(monkeypatch: pytest.MonkeyPatch) -> None:
    errors: list[Exception | None] = [MixedSchemasError("mixed") for _ in range(3)]
    with entry(monkeypatch, errors) as application:
        for _ in range(3):
            assert call(application)[0] == "503 Service Unavailable"
        assert call(application, "/healthz") == ("200 OK", [b"page"])
        assert call(application, "/static/ui/base.css") == ("200 OK", [b"page"])


@pytest.mark.parametrize("error", [OperationalError, psycopg.OperationalError])
def test_a_database_that_is_away_at_start_up_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    with entry(monkeypatch, [error("away"), None]) as application:
        assert call(application) == ("503 Service Unavailable", [b"try again"])
        assert call(application) == ("200 OK", [b"page"])
        # It passed: it is not asked a third time.
        assert call(application) == ("200 OK", [b"page"])


def test_the_gate_asks_the_real_database(real_db: None) -> None:
    assert StartUpGate().is_open()


def test_what_a_request_leaves_behind_is_not_seen_by_the_next(two: Two) -> None:
    seen: list[object] = []

    def careless(environ: dict[str, Any], start: Any) -> list[bytes]:
        start("200 OK", [])
        seen.append(current_contract())
        contract_context(two.one).__enter__()
        return [b""]

    application = run_in_copied_context(careless, closed=later)
    call(application)
    call(application)
    assert seen == [None, None]
    assert current_contract() is None


def test_a_streamed_body_has_no_contract_unless_it_is_bound_again(two: Two) -> None:
    from contracts.roster.models import RosterEntry
    from tenants.context import rebound

    def stream() -> Iterator[bytes]:
        yield str(RosterEntry.objects.count()).encode()
        contract = current_contract()
        yield contract.slug.encode() if contract else b"-"

    def streaming(environ: dict[str, Any], start: Any) -> Any:
        start("200 OK", [])
        with contract_context(two.one):
            return rebound(stream()) if environ["PATH_INFO"] == "/bound" else stream()

    application = run_in_copied_context(streaming, closed=later)
    with pytest.raises(NoContractError):
        call(application, "/unbound")
    _, (count, slug) = call(application, "/bound")
    assert int(count) > 0
    assert slug == two.one.slug.encode()
    assert current_contract() is None
