"""Start the portal's processes, watch them, start again what ends, and stop them together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from config.embedded.places import REPOSITORY
from config.embedded.processes import spawn

_STOP_SECONDS = 10.0
_LOOK_SECONDS = 0.2
_MOST_STARTS = 5
_WITHIN_SECONDS = 60.0
# Django's checks are those of `make test`: three processes would each take a second over them at
# each start. The web server makes none anyway.
_CELERY = (sys.executable, "-m", "celery", "--quiet", "--skip-checks", "--app", "config.celery")


class ProcessFailedError(RuntimeError):
    """A process of the portal cannot be kept running."""


@dataclass
class Program:
    """One process of the portal: what it is called and how it is started."""

    name: str
    command: Sequence[str]
    pass_fds: Sequence[int] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    starts: list[float] = field(default_factory=list)
    process: "subprocess.Popen[bytes] | None" = None


class Supervisor:
    """Keeps programs running. Each has a process group of its own and ends when this one dies."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._programs: list[Program] = []

    def start(self, program: Program) -> None:
        """Start a program and keep it running from now on."""
        self._programs.append(program)
        self._launch(program)

    def look(self) -> None:
        """Start again what ended. Raises ProcessFailedError when that happens too often."""
        for program in self._programs:
            process = program.process
            if process is None or process.poll() is None:
                continue
            _end_group(process.pid)
            now = time.monotonic()
            program.starts = [at for at in program.starts if now - at < _WITHIN_SECONDS]
            if len(program.starts) >= _MOST_STARTS:
                raise ProcessFailedError(
                    f"{program.name} ended {len(program.starts)} times within a minute; "
                    "its last words stand above."
                )
            self._say(f"{program.name} ended (code {process.returncode}); starting it again.")
            self._launch(program)

    def watch(self, until: Callable[[], bool]) -> None:
        """Look after the programs until `until` says so."""
        while not until():
            self.look()
            time.sleep(_LOOK_SECONDS)

    def stop(self) -> None:
        """Ask all programs to end, wait for them, and end by force what stays."""
        processes = [program.process for program in self._programs if program.process]
        for process in processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            _end_group(process.pid)
            process.wait()
        self._programs.clear()

    def _launch(self, program: Program) -> None:
        program.starts.append(time.monotonic())
        program.process = spawn(
            program.command,
            output=None,
            env={**os.environ, **program.env},
            cwd=REPOSITORY,
            pass_fds=program.pass_fds,
        )


def _end_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def web(listeners: Sequence[int]) -> Program:
    """Return the web server on sockets that listen already."""
    binds = [part for number in listeners for part in ("--bind", f"fd://{number}")]
    return Program(
        name="web",
        command=[
            *(sys.executable, "-m", "gunicorn", "config.wsgi:application", *binds),
            *("--config", "python:config.gunicorn"),
            *("--worker-class", "gthread"),
            *("--graceful-timeout", "3", "--timeout", "60", "--log-level", "warning"),
            *("--worker-tmp-dir", _memory_folder()),
        ],
        pass_fds=listeners,
    )


def worker() -> Program:
    """Return the process that delivers what leaves."""
    return Program(
        name="worker",
        command=[
            *_CELERY,
            "worker",
            *("--concurrency", "2", "--loglevel", "WARNING"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ],
        # Whoever works as root on this machine knows it.
        env={"PYTHONWARNINGS": "ignore:You're running the worker with superuser"},
    )


def sealer() -> Program:
    """Return the process that seals what the audit records."""
    return Program(
        name="sealer",
        command=[sys.executable, "manage.py", "audit", "--skip-checks", "seal", "--follow"],
    )


def beat(schedule: str) -> Program:
    """Return the clock that starts what is due; `schedule` is the file it remembers in."""
    return Program(
        name="beat",
        command=[
            *_CELERY,
            "beat",
            *("--schedule", schedule, "--pidfile", "", "--loglevel", "WARNING"),
        ],
    )


def _memory_folder() -> str:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp"  # noqa: S108 (gunicorn's advice)
