"""Use the local servers: start them or join those that run, and let go of them again."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from config.embedded.errors import EmbeddedServerError
from config.embedded.places import REPOSITORY, Places, places
from config.embedded.postgres import tail
from config.embedded.processes import is_alive

_LONGEST_START = 120.0
_LONGEST_STOP = 30.0
_LOOK_SECONDS = 0.02
# Keepers started by this process: they outlive the call, and are reaped when they have ended.
_spawned: "list[subprocess.Popen[bytes]]" = []


class Use:
    """The right to use the servers; they stay at least until `release()` or the process's end."""

    def __init__(self, here: Places, users: IO[str], *, durable: bool) -> None:
        self._here = here
        self._users = users
        self._durable = durable

    def look(self) -> None:
        """See that the servers are kept: start them again when their keeper was killed.

        Raises EmbeddedServerError with the keeper's words when it gave up, or was told to stop.
        """
        if _keeper_runs(self._here):
            return
        said = _read_status(self._here)
        if not said or said["error"]:
            raise EmbeddedServerError(said.get("error") or "The local servers were stopped.")
        _wait_until_ready(self._here, time.monotonic() + _LONGEST_START, durable=self._durable)

    def release(self) -> None:
        """Let go; return when the servers have stopped, or at once when others still use them."""
        if self._users.closed:
            return
        self._users.close()
        if not self._here.pinned.exists():
            _stop_when_unused(self._here)


def start(state: Path | None = None, *, durable: bool = True) -> Use:
    """Start the servers of a state folder, or join those that run, and wait until they answer.

    The servers go on until every user has let go of them. `durable=False` gives up safety
    against power cuts for speed: for tests. Raises EmbeddedServerError.
    """
    here = places(state)
    here.make()
    deadline = time.monotonic() + _LONGEST_START
    users = here.users.open("a")
    try:
        # Refused only while a keeper stops the servers.
        while not _try_lock(users, fcntl.LOCK_SH):
            _pause(deadline, here)
        _wait_until_ready(here, deadline, durable=durable)
    except BaseException:
        users.close()
        raise
    return Use(here, users, durable=durable)


@contextmanager
def attached(state: Path | None = None, *, durable: bool = True) -> Iterator[None]:
    """Use the servers inside the block."""
    use = start(state, durable=durable)
    try:
        yield
    finally:
        use.release()


def pin(state: Path | None = None) -> None:
    """Start the servers and have them stay until `stop()`, whoever uses them."""
    use = start(state)
    places(state).pinned.touch()
    use.release()


def stop(state: Path | None = None) -> bool:
    """Stop the servers whoever uses them; say whether any ran."""
    here = places(state)
    here.pinned.unlink(missing_ok=True)
    ran = here.state.exists() and _keeper_runs(here)
    if ran:
        _end_keeper(here)
    return ran


def status(state: Path | None = None) -> dict[str, Any] | None:
    """Return what the keeper says about the servers (`servers`: name and pid), None when none."""
    here = places(state)
    return _read_status(here) if here.state.exists() and _is_ready(here) else None


def _try_lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file.fileno(), kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _keeper_runs(here: Places) -> bool:
    if not here.keeper.exists():
        return False
    with here.keeper.open("a") as lock:
        return not _try_lock(lock, fcntl.LOCK_SH)


def _read_status(here: Places) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        found: dict[str, Any] = json.loads(here.status.read_text())
        return found
    return {}


def _is_ready(here: Places) -> bool:
    said = _read_status(here)
    return bool(said.get("ready")) and is_alive(said["pid"]) and _keeper_runs(here)


def _wait_until_ready(here: Places, deadline: float, *, durable: bool) -> None:
    keeper: subprocess.Popen[bytes] | None = None
    while not _is_ready(here):
        if keeper is not None and keeper.poll():
            raise EmbeddedServerError(_why(here))
        if not _keeper_runs(here) and (keeper is None or keeper.poll() is not None):
            keeper = _spawn_keeper(here, durable=durable)
            _spawned.append(keeper)
        _pause(deadline, here)


def _spawn_keeper(here: Places, *, durable: bool) -> subprocess.Popen[bytes]:
    with (here.logs / "keeper.log").open("ab") as log:
        return subprocess.Popen(
            [
                sys.executable,
                *(
                    "-m",
                    "config.embedded.keeper",
                    str(here.state),
                    "durable" if durable else "fast",
                ),
            ],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _why(here: Places) -> str:
    return (
        _read_status(here).get("error")
        or f"The local servers did not start:\n{tail(here.logs / 'keeper.log')}"
    )


def _pause(deadline: float, here: Places) -> None:
    if time.monotonic() > deadline:
        raise EmbeddedServerError(f"The local servers are not ready in time; see {here.logs}.")
    time.sleep(_LOOK_SECONDS)


def _stop_when_unused(here: Places) -> None:
    with here.users.open("a") as users:
        if not _try_lock(users, fcntl.LOCK_EX):
            # Others use them; or the keeper has noticed first and is stopping them.
            if not _others_use(here):
                _wait_for_keeper(here, _read_status(here).get("pid"))
            return
        _end_keeper(here)


def _others_use(here: Places) -> bool:
    with here.users.open("a") as users:
        return _try_lock(users, fcntl.LOCK_SH)


def _end_keeper(here: Places) -> None:
    pid = _read_status(here).get("pid")
    if pid and _keeper_runs(here):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    _wait_for_keeper(here, pid)


def _wait_for_keeper(here: Places, pid: int | None = None) -> None:
    deadline = time.monotonic() + _LONGEST_STOP
    while _keeper_runs(here) or (pid and is_alive(pid)):
        _pause(deadline, here)
    _spawned[:] = [keeper for keeper in _spawned if keeper.poll() is None]
