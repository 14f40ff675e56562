"""`make run`: the whole portal on this machine. Ctrl-C stops it and leaves nothing behind.

    python -m config.run [--with-parent]

`PORT` chooses the port, `PORTAL_STATE` the folder that keeps the data. `DATABASE_URL` and
`REDIS_URL`, when both are set, replace the local servers. `--with-parent` stops the portal when the
process that started it (make) is killed.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType

from config import embedded
from config.embedded.places import REPOSITORY
from config.embedded.processes import end_with_parent, spawn, stop_process
from config.run.ports import PortClaim, PortTakenError
from config.run.supervisor import ProcessFailedError, Supervisor, beat, sealer, web, worker

_LONGEST_START = 120.0
_PROMPT = "Press Ctrl-C to stop."


class StopRequested(BaseException):
    """A person or the system asked the portal to stop; the argument names the signal."""


def say(text: str) -> None:
    """Tell the person at the terminal."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Run the portal until it is asked to stop. Return 0, or 1 when it cannot run."""
    parser = argparse.ArgumentParser(prog="python -m config.run", description=__doc__)
    parser.add_argument("--with-parent", action="store_true")
    options = parser.parse_args(arguments)
    if options.with_parent:
        end_with_parent(signal.SIGTERM)
    _listen_for_stop()
    try:
        with ExitStack() as stack:
            _run(stack)
    except StopRequested as request:
        say(f"The portal has stopped ({request}).")
        return 0
    except (
        PortTakenError,
        embedded.EmbeddedServerError,
        ProcessFailedError,
        OSError,
    ) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _run(stack: ExitStack) -> None:
    began = time.monotonic()
    here = embedded.places()
    here.make()
    claim = PortClaim(_port(), here.state)
    stack.callback(claim.release)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.local"
    look_after_servers = _serve(stack)
    summary = here.state / f"run-{claim.port}.txt"
    _prepare(summary)
    say("Starting the portal …")
    supervisor = Supervisor(say)
    stack.enter_context(_stopped_together(supervisor))
    supervisor.start(web([listener.fileno() for listener in claim.sockets]))
    supervisor.start(worker())
    supervisor.start(beat(str(here.state / "beat")))
    supervisor.start(sealer())
    supervisor.watch(until=_FirstPage(claim.port))
    say(f"Ready after {time.monotonic() - began:.0f} s.\n\n{summary.read_text()}\n{_PROMPT}")
    supervisor.watch(until=look_after_servers)


def _serve(stack: ExitStack) -> Callable[[], bool]:
    """Start the local servers if they are needed; what is returned looks after them, for ever."""
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return lambda: False
    say("Starting PostgreSQL and Redis …")
    servers = embedded.start()
    stack.callback(servers.release)

    def look() -> bool:
        servers.look()
        return False

    return look


@contextmanager
def _stopped_together(supervisor: Supervisor) -> Iterator[None]:
    try:
        yield
    finally:
        _ignore_signals()
        say("\nStopping …")
        supervisor.stop()


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) < 65_536:
        raise PortTakenError(f"PORT is {text!r}; write a number up to 65535.")
    os.environ["PORT"] = text
    return int(text)


def _prepare(summary: Path) -> None:
    """Bring tables, configuration and sample data up to date in a process of its own."""
    process = spawn(
        [sys.executable, "-m", "config.run.prepare", "--summary", summary],
        output=None,
        cwd=REPOSITORY,
    )
    try:
        code = process.wait()
    finally:
        stop_process(process)
    if code:
        raise ProcessFailedError("The portal's data could not be prepared; see above.")


class _FirstPage:
    """Says whether the portal has answered; then its first page has been made once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._deadline = time.monotonic() + _LONGEST_START

    def __call__(self) -> bool:
        if time.monotonic() > self._deadline:
            raise ProcessFailedError("The portal does not answer; see above.")
        if self._status("/readyz") != HTTPStatus.OK:
            return False
        self._status("/")
        return True

    def _status(self, path: str) -> int:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request("GET", path, headers={"Host": f"localhost:{self._port}"})
            return connection.getresponse().status
        except (OSError, HTTPException):
            return 0
        finally:
            connection.close()


def _listen_for_stop() -> None:
    def stop(number: int, _frame: FrameType | None) -> None:
        _ignore_signals()
        raise StopRequested(signal.Signals(number).name)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def _ignore_signals() -> None:
    """From here on only stop, once and to the end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
