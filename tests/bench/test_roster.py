"""A roster of a million rows: how long it takes against a bare COPY, and what the worker holds.

The peer is PostgreSQL's own COPY of the same file into a table like the entries, indexes included.
The check runs in a process of its own, as a worker's, so that what it holds can be told.
`ROSTER_ROWS` takes another number of rows.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connections
from psycopg import sql

from contracts.roster.columns import COLUMNS
from core.common.identifiers import npi_check_digit
from tenants.context import ActiveContract, contract_context

ROOT = Path(__file__).resolve().parent.parent.parent
ROWS = int(os.environ.get("ROSTER_ROWS", "1000000"))
LIMIT_MB, CHECK_LIMIT, WHOLE_LIMIT = 200, 2.5, 5.0
CITIES = ("Charleston", "Huntington", "Morgantown", "Parkersburg", "Wheeling", "Beckley")
WORK = """
import sys, time
from pathlib import Path
import django
django.setup()
from contracts.roster.services import runs
from contracts.roster.services.uploads import confirm_upload, take_file
from core.common.clock import now
from core.common.ids import uuid7
from tenants.context import contract_context
from tenants.registry import get_contract
by = uuid7()
with contract_context(get_contract("wv-bh")):
    path = Path(sys.argv[1])
    with path.open("rb") as file:
        upload = take_file(
            file=file, file_name=path.name, size=path.stat().st_size, by=by, at=now()
        )
    began = time.perf_counter()
    runs.run_upload(upload_id=upload.id, clock=now)
    print("checked", time.perf_counter() - began)
    upload.refresh_from_db()
    assert upload.state == "ready", (upload.state, upload.problem, upload.rejected)
    shown = (upload.added, upload.changed, upload.removed)
    confirm_upload(upload_id=upload.id, shown=shown, by=by, reason="bench", at=now())
    began = time.perf_counter()
    runs.run_upload(upload_id=upload.id, clock=now)
    print("swapped", time.perf_counter() - began)
    upload.refresh_from_db()
    assert upload.state == "applied", upload.state
print(open("/proc/self/status").read())
"""


def lines() -> Iterator[str]:
    """Yield a roster as programs send them: each row another provider."""
    yield ",".join(COLUMNS)
    for number in range(ROWS):
        body = str(100_000_000 + number)
        values = {
            "identifier": body + npi_check_digit(body),
            "identifier_type": "npi",
            "code": f"{number:010d}",
            "name": f"Clinic number {number} of the valley",
            "provider_type": "Behavioral Health Clinic",
            "address_1": f"{number % 9999} Main Street",
            "address_2": f"Suite {number % 50}" if number % 3 == 0 else "",
            "city": CITIES[number % len(CITIES)],
            "state": "WV",
            "zip": f"{24700 + number % 2000}",
            "phone": f"304-555-{number % 10_000:04d}",
            "notice_email": f"office{number}@clinic.example.org" if number % 2 else "",
            "starts_on": "2026-01-01",
        }
        yield ",".join(values.get(name, "") for name in COLUMNS)


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
    with path.open("w") as file:
        file.writelines(f"{line}\n" for line in lines())
    with contract_context(contract_a):
        bare = owner_copy(path)
    result = subprocess.run(
        [sys.executable, "-c", WORK, str(path)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    took = dict(re.findall(r"^(checked|swapped) ([0-9.]+)$", result.stdout, re.MULTILINE))
    checked, swapped = float(took["checked"]), float(took["swapped"])
    peak = re.search(r"VmHWM:\s+(\d+) kB", result.stdout)
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
