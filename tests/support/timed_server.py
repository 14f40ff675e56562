"""A real web server on the tests' database, whose time on the processor is known."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.support.processes import free_port, wait_for

_ON_THE_PROCESSOR = 2
"""Linux knows a clock of every process: its number, turned over, and what the clock counts."""

ROOT = Path(__file__).resolve().parent.parent.parent


class TimedServer:
    """Gunicorn as the Procfile starts it, with the tests' settings."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.address = f"http://localhost:{port}"
        self._process = process

    def cpu_seconds(self) -> float:
        """Return the seconds that its processes have spent on the processor, to the microsecond."""
        workers = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        pids = [self._process.pid, *map(int, workers.split())]
        return sum(time.clock_gettime(~pid << 3 | _ON_THE_PROCESSOR) for pid in pids)

    def answers(self, path: str = "/readyz") -> bool:
        """Tell whether a page comes."""
        try:
            return requests.get(self.address + path, timeout=20).ok
        except requests.ConnectionError:
            return False


@contextmanager
def timed_server(*, processes: int, real_hashes: bool) -> Iterator[TimedServer]:
    """Start the server on the database in hand, and end it."""
    port = free_port()
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "config.wsgi:application"),
            *("--config", "python:config.gunicorn", "--bind", f"127.0.0.1:{port}"),
            *("--worker-class", "gthread", "--log-level", "critical"),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.support.timed_settings",
            "PORTAL_TEST_REAL_HASHES": "yes" if real_hashes else "",
            "WEB_CONCURRENCY": str(processes),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            server = TimedServer(process, port)
            wait_for(server.answers, seconds=60, what="the server answers")
            yield server
        finally:
            process.terminate()
