"""A writer of events, in a process of its own as web processes are.

python -m tests.bench.audit_writers CONTRACT SECONDS    waits for a line, then writes
"""

import sys
import time
from uuid import UUID

import django

if __name__ == "__main__":
    django.setup()

from django.db import connection

from core.audit.recording import record
from core.common.ids import uuid7


def main() -> None:
    """Record events, each committed by itself, and tell how many."""
    contract, seconds, subject = UUID(sys.argv[1]), float(sys.argv[2]), ("probe", uuid7())
    _append(contract, subject)
    connection.ensure_connection()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    began, written = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        _append(contract, subject)
        written += 1
    sys.stdout.write(f"{written}\n")


def _append(contract: UUID, subject: tuple[str, UUID]) -> None:
    record("probe.written", contract_id=contract, subject=subject, data={"what": "a sign-in"})


if __name__ == "__main__":
    main()
