"""A roster of a million rows: how long it takes against a bare COPY, and what the worker holds.

The peer is PostgreSQL's own COPY of the same file into a table like the entries, indexes included.
The check runs in a process of its own, as a worker's, so that what it holds can be told.
`ROSTER_ROWS` takes another number of rows.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connections
from psycopg import sql

from contracts.roster.columns import COLUMNS
from tenants.context import ActiveContract, contract_context
from tests.bench.large_roster import ROWS, import_by_worker, write_roster

LIMIT_MB, CHECK_LIMIT, WHOLE_LIMIT = 200, 2.5, 5.0


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def owner_copy(path: Path) -> float:
    """Return how long COPY takes into a table with the entries' columns and indexes."""
    fields = sql.SQL(", ").join(sql.Identifier(name) for name in COLUMNS)
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_peer (LIKE contracts_roster_rosterentry INCLUDING INDEXES)"
        )
        cursor.execute("ALTER TABLE bench_peer ALTER id SET DEFAULT gen_random_uuid()")
        cursor.execute("ALTER TABLE bench_peer ALTER unit_key SET DEFAULT gen_random_uuid()::text")
        texts = [name for name in COLUMNS if not name.endswith("_on") and "amount" not in name]
        statement = sql.SQL(
            "COPY bench_peer ({fields}) FROM STDIN (FORMAT csv, HEADER, FORCE_NOT_NULL ({texts}))"
        ).format(fields=fields, texts=sql.SQL(", ").join(map(sql.Identifier, texts)))

        def run() -> None:
            with path.open("rb") as file, cursor.copy(statement) as copy:
                while piece := file.read(1024 * 1024):
                    copy.write(piece)

        taken = timed(run)
        cursor.execute("DROP TABLE bench_peer")
    return taken


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_million_rows(contract_a: ActiveContract, tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    write_roster(path)
    with contract_context(contract_a):
        bare = owner_copy(path)
    with import_by_worker(path) as worker:
        output, errors = worker.communicate()
    assert worker.returncode == 0, errors[-3000:]
    took = dict(re.findall(r"^(checked|swapped) ([0-9.]+)$", output, re.MULTILINE))
    checked, swapped = float(took["checked"]), float(took["swapped"])
    peak = re.search(r"VmHWM:\s+(\d+) kB", output)
    assert peak is not None
    held = int(peak.group(1)) / 1024
    print(
        f"\n{ROWS:,} rows: bare COPY {bare:.1f} s; checked and compared {checked:.1f} s "
        f"({checked / bare:.2f} of {CHECK_LIMIT}); with the swap {checked + swapped:.1f} s "
        f"({(checked + swapped) / bare:.2f} of {WHOLE_LIMIT}); worker {held:.0f} of {LIMIT_MB} MB"
    )
    assert held < LIMIT_MB
    assert checked < CHECK_LIMIT * bare
    assert checked + swapped < WHOLE_LIMIT * bare
