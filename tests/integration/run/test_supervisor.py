"""The supervisor: the port is claimed at once, programs are kept, and none outlives it."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import IO

import pytest

from config.run import ports
from config.run.__main__ import _port
from config.run.ports import PortClaim, PortTakenError
from config.run.supervisor import ProcessFailedError, Program, Supervisor
from tests.support.processes import free_port, processes_of, state_folder, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail whoever waits for a port."""
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: pytest.fail("it waits"))
    monkeypatch.setattr(ports, "time", clock)


@pytest.mark.usefixtures("_no_waiting")
def test_a_claimed_port_is_refused_at_once_and_free_again_afterwards(tmp_path: Path) -> None:
    port = free_port()
    claim = PortClaim(port, tmp_path)
    with pytest.raises(PortTakenError, match=rf"{port} is taken.*PORT={port + 1} make run"):
        PortClaim(port, tmp_path)
    claim.release()
    PortClaim(port, tmp_path).release()


def test_a_file_that_is_removed_while_it_is_being_locked_gives_nobody_the_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    lock = fcntl.flock
    first = PortClaim(port, tmp_path)

    def lock_late(file: IO[str], how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", lock)
        first.release()
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", lock_late)
    second = PortClaim(port, tmp_path)
    with pytest.raises(PortTakenError, match=f"already runs there, as process {os.getpid()}"):
        PortClaim(port, tmp_path)
    second.release()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["²", "٨٠٠٠", "65536", "-1", "http"])
def test_a_port_is_written_in_plain_digits(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(PortTakenError, match=f"PORT is '{text}'"):
        _port()


@pytest.mark.usefixtures("_no_waiting")
def test_the_port_of_another_program_is_refused_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match="Stop the program that has it"):
            PortClaim(port, tmp_path)


def test_what_a_killed_run_left_gets_time_to_end(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / f"run-{port}.lock").write_text("999999999")
    code = (
        "import socket, sys, time\n"
        f"server = socket.create_server(('127.0.0.1', {port})); print('up', flush=True)\n"
        "time.sleep(1)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as left_over:
        assert left_over.stdout
        left_over.stdout.readline()
        PortClaim(port, tmp_path).release()


def test_a_program_that_ends_is_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    program = Program("sleeper", ["sleep", "60"])
    supervisor.start(program)
    assert program.process
    first = program.process.pid
    os.kill(first, signal.SIGKILL)
    program.process.wait()
    supervisor.look()
    assert program.process.pid != first
    assert "sleeper ended" in said[0]
    supervisor.stop()
    assert program.process.poll() is not None


def test_a_program_that_cannot_stay_stops_everything() -> None:
    supervisor = Supervisor(lambda text: None)
    supervisor.start(Program("quitter", ["false"]))
    deadline = time.monotonic() + 20
    with pytest.raises(ProcessFailedError, match="quitter ended 5 times"):
        supervisor.watch(until=lambda: time.monotonic() > deadline)
    supervisor.stop()


def test_programs_and_their_children_die_with_a_killed_supervisor() -> None:
    code = (
        "import sys, time\n"
        "from config.run.supervisor import Program, Supervisor\n"
        "supervisor = Supervisor(print)\n"
        "supervisor.start(Program('p', ['sh', '-c', 'exec sleep 300', sys.argv[1]]))\n"
        "print('up', flush=True)\n"
        "time.sleep(300)\n"
    )
    with state_folder() as state:
        with subprocess.Popen(
            [sys.executable, "-c", code, str(state)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PORTAL_STATE": str(state)},
        ) as process:
            assert process.stdout
            process.stdout.readline()
            # The child has no name before its own program runs.
            wait_for(lambda: len(processes_of(state)) == 2, what="the child runs")
            process.kill()
        wait_for(lambda: not processes_of(state), what="the child ends")
