"""The web server while many sign in: pages of others go on, and who is too many is told."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

import pytest

from tests.support.processes import free_port, wait_for

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent.parent.parent
AT_ONCE = 24


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a web server as the portal starts it, for tests/support/hashing_app.py."""
    port = free_port()
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "tests.support.hashing_app:application"),
            *("--config", "python:config.gunicorn", "--worker-class", "gthread"),
            *("--bind", f"127.0.0.1:{port}", "--log-level", "warning"),
        ],
        cwd=ROOT,
    ) as server:
        try:
            wait_for(lambda: answers(port), what="the server answers")
            yield port
        finally:
            server.terminate()


def ask(port: int, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST" if path == "/hash" else "GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


def answers(port: int) -> bool:
    try:
        return ask(port, "/") == 200
    except OSError:
        return False


def test_pages_of_others_do_not_wait_behind_hashes(port: int) -> None:
    ends = time.monotonic() + 3

    hashes: list[float] = []

    def keep_signing_in(_place: int) -> list[int]:
        found = []
        while time.monotonic() < ends:
            began = time.monotonic()
            found.append(ask(port, "/hash"))
            if found[-1] == 200:
                hashes.append(time.monotonic() - began)
            time.sleep(0.05)
        return found

    waits = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        tries = [pool.submit(keep_signing_in, place) for place in range(AT_ONCE)]
        time.sleep(0.3)
        while time.monotonic() < ends - 0.5:
            began = time.monotonic()
            assert ask(port, "/page") == 200
            waits.append(time.monotonic() - began)
            time.sleep(0.1)
        statuses = [status for one in tries for status in one.result()]
    assert set(statuses) == {200, 503}
    # On whatever machine: a page that stood in the same queue would wait as long as a hash.
    assert median(waits) < median(hashes) / 2, (waits, hashes)
