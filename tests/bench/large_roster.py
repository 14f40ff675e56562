"""A roster as large as programs send them, and a worker's process that imports it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from contracts.roster.columns import COLUMNS
from core.common.identifiers import npi_check_digit

ROOT = Path(__file__).resolve().parent.parent.parent
ROWS = int(os.environ.get("ROSTER_ROWS", "1000000"))
CITIES = ("Charleston", "Huntington", "Morgantown", "Parkersburg", "Wheeling", "Beckley")
_WORK = """
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
    confirm_upload(
        upload_id=upload.id, shown=shown, many_may_leave=True, by=by, reason="bench", at=now()
    )
    began = time.perf_counter()
    runs.run_upload(upload_id=upload.id, clock=now)
    print("swapped", time.perf_counter() - began)
    upload.refresh_from_db()
    assert upload.state == "applied", upload.state
print(open("/proc/self/status").read())
"""


def write_roster(path: Path, *, rows: int = ROWS) -> None:
    """Write the file."""
    with path.open("w") as file:
        file.writelines(f"{line}\n" for line in _lines(rows))


def import_by_worker(path: Path) -> "subprocess.Popen[str]":
    """Start a process that takes the file, checks it and swaps it in, as a worker does.

    Its output has the seconds of both steps and what the process held.
    """
    return subprocess.Popen(
        [sys.executable, "-c", _WORK, str(path)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _lines(rows: int) -> Iterator[str]:
    """Yield a roster as programs send them: each row another provider."""
    yield ",".join(COLUMNS)
    for number in range(rows):
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
