"""The whole portal, started, killed, started again and stopped as a person does it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from tests.integration.run import restarting
from tests.support.processes import free_port, processes_of, state_folder, wait_for

pytestmark = pytest.mark.slow

LONGEST_START = 120
ROOT = Path(__file__).resolve().parent.parent.parent.parent


@pytest.fixture(scope="module")
def state() -> Iterator[Path]:
    with state_folder() as folder:
        yield folder


def environment(state: Path, port: int) -> dict[str, str]:
    """Return a person's environment: nothing of the tests' own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PORTAL_STATE": str(state), "PORT": str(port)}


def start(state: Path, port: int, output: int | IO[str] = subprocess.PIPE) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "config.run"],
        cwd=ROOT,
        env=environment(state, port),
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read_until_ready(portal: subprocess.Popen[str]) -> str:
    assert portal.stdout
    said = ""
    for line in portal.stdout:
        said += line
        if "Ctrl-C" in line:
            return said
    raise AssertionError(f"the portal ended:\n{said}")


def status(port: int, path: str, host: str = "localhost") -> int:
    request = Request(f"http://127.0.0.1:{port}{path}", headers={"Host": f"{host}:{port}"})
    try:
        with urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except URLError as error:
        return int(getattr(error, "code", 0))


def test_a_run_that_is_killed_blocks_no_other_and_a_stopped_one_leaves_nothing(
    state: Path,
) -> None:
    port = free_port()
    with start(state, port) as killed:
        said = read_until_ready(killed)
        assert f"http://localhost:{port}/" in said
        assert "/outbox/" in said
        assert status(port, "/healthz") == status(port, "/readyz") == status(port, "/") == 200
        assert_refused_beside(state, port)
        killed.kill()

    with start(state, port) as again:
        read_until_ready(again)
        assert status(port, "/") == 200
        again.send_signal(signal.SIGTERM)
        assert again.wait(30) == 0
    assert processes_of(state) == {}
    assert status(port, "/healthz") == 0


@contextmanager
def running(state: Path) -> Iterator[restarting.Portal]:
    """A portal that is left to itself."""
    port = free_port()
    said = state / "portal.log"
    with said.open("w") as log, start(state, port, output=log) as process:
        try:
            wait_for(lambda: "Ctrl-C" in said.read_text(), seconds=LONGEST_START, what=str(said))
            yield restarting.Portal(port, state)
        finally:
            process.send_signal(signal.SIGTERM)


def test_journeys_go_on_to_their_end_when_each_part_is_killed_on_the_way(state: Path) -> None:
    """Web, worker, Redis (broker and cache) and database end between steps, and start anew.

    What a person presses meanwhile is answered late or with "try again"; a code that was lost with
    its worker is asked for again; nothing happens twice.
    """
    with running(state) as portal:
        dana = restarting.Person(portal)
        restarting.register(dana)
        assert dana.visit("/home/").status_code == 200
        dana.cookies.clear()
        restarting.sign_in(dana)
        assert dana.visit("/home/").status_code == 200
        dana.cookies.clear()
        restarting.choose_a_new_password(dana)
        assert dana.visit("/home/").status_code == 200
        assert portal.tally() == restarting.ONCE


def assert_refused_beside(state: Path, port: int) -> None:
    beside = subprocess.run(
        [sys.executable, "-m", "config.run"],
        cwd=ROOT,
        env=environment(state, port),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert beside.returncode == 1
    assert f"Port {port} is taken" in beside.stderr


def test_a_port_that_is_no_number_is_named(state: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "config.run"],
        cwd=ROOT,
        env={**environment(state, 1), "PORT": "eighty"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert run.returncode == 1
    assert "PORT is 'eighty'" in run.stderr


def test_interrupting_the_start_stops_what_has_started(state: Path) -> None:
    with start(state, free_port()) as portal:
        wait_for(lambda: any("postgres" in name for name in processes_of(state).values()))
        portal.send_signal(signal.SIGINT)
        assert portal.wait(30) == 0
    wait_for(lambda: not processes_of(state), what="nothing is left")
