"""The one process that starts the local servers, watches them and stops them after the last user.

It is started by `config.embedded.start()` and lives in a session of its own, so that Ctrl-C in a
terminal reaches the portal first and the servers last. Who uses the servers holds a shared lock on
a file; the kernel drops that lock with the process, however it ends. So the keeper knows when the
last user is gone, even after a kill, and leaves nothing behind.

    python -m config.embedded.keeper STATE_FOLDER durable|fast
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import psycopg

from config.embedded import postgres, redis_server
from config.embedded.errors import EmbeddedServerError
from config.embedded.places import Places, addresses, places
from config.embedded.processes import ServiceUser, let_pass, own_folder, service_user, stop_process
from config.embedded.roles import ensure_database, ensure_roles

_LOOK_SECONDS = 0.2
_PAUSE_SECONDS = 2.0
# A server that ends is started again, however often in its life, unless it ends all the time.
_MOST_STARTS = 10
_WITHIN_SECONDS = 60.0
_LARGEST_LOG = 5_000_000


class Keeper:
    """Holds both servers; see the module's text."""

    def __init__(self, here: Places, *, durable: bool) -> None:
        self._here = here
        self._durable = durable
        self._user: ServiceUser | None = None
        self._servers: dict[str, subprocess.Popen[bytes]] = {}
        self._asked_to_stop = False
        self._starts: dict[str, list[float]] = {"redis": [], "postgres": []}

    def run(self) -> int:
        """Start the servers, watch them until nobody uses them, stop them. Return the exit code."""
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            self._user = service_user()
            # Before either server: they run as that user and share the folder.
            if self._user:
                let_pass(self._here.postgres)
            own_folder(self._here.sockets, self._user)
            self._start("redis")
            self._start("postgres")
            servers = addresses(self._here.state)
            ensure_roles(servers)
            ensure_database(servers)
            self._say(ready=True)
            self._watch()
        except (
            EmbeddedServerError,
            OSError,
            subprocess.CalledProcessError,
            psycopg.Error,
        ) as error:
            log(str(error))
            self._say(ready=False, error=str(error))
            return 1
        finally:
            self._stop()
        self._here.status.unlink(missing_ok=True)
        return 0

    def _start(self, name: str) -> None:
        if name == "redis":
            self._servers[name] = redis_server.start(self._here, user=self._user)
        else:
            self._servers[name] = postgres.start(
                self._here,
                user=self._user,
                durable=self._durable,
                wanted=lambda: not self._asked_to_stop,
            )

    def _watch(self) -> None:
        with self._here.users.open("a") as users:
            while not self._asked_to_stop:
                if not self._here.pinned.exists() and _lock(users.fileno()):
                    self._stop()  # while the lock is held: nobody joins a server that is stopping
                    return
                for name, process in list(self._servers.items()):
                    if process.poll() is not None:
                        self._restart(name)
                time.sleep(_LOOK_SECONDS)

    def _restart(self, name: str) -> None:
        """Start a server that ended; try again after a pause when it does not start.

        Raises EmbeddedServerError when it was started too often within a while.
        """
        why = f"{name} ended (code {self._servers.pop(name).returncode})"
        while not self._asked_to_stop:
            self._count_start(name, why)
            log(f"{why}; starting it again.")
            try:
                self._start(name)
            except (EmbeddedServerError, OSError) as error:
                why = str(error)
                time.sleep(_PAUSE_SECONDS)
            else:
                self._say(ready=True)
                return

    def _count_start(self, name: str, why: str) -> None:
        now = time.monotonic()
        starts = [at for at in self._starts[name] if now - at < _WITHIN_SECONDS]
        if len(starts) >= _MOST_STARTS:
            raise EmbeddedServerError(
                f"{name} was started {len(starts)} times within {_WITHIN_SECONDS:.0f} s and does "
                f"not stay; see {self._here.logs}. At last: {why}"
            )
        self._starts[name] = [*starts, now]

    def _stop(self) -> None:
        if "redis" in self._servers:
            stop_process(self._servers.pop("redis"))
        if "postgres" in self._servers:
            # Fast: sessions are rolled back. Then at once, recovered at the next start.
            stop_process(self._servers.pop("postgres"), first=signal.SIGINT, second=signal.SIGQUIT)

    def _say(self, *, ready: bool, error: str = "") -> None:
        text = json.dumps(
            {
                "pid": os.getpid(),
                "ready": ready,
                "error": error,
                "servers": {name: process.pid for name, process in self._servers.items()},
            }
        )
        unfinished = self._here.status.with_suffix(".unfinished")
        unfinished.write_text(text)
        unfinished.replace(self._here.status)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._asked_to_stop = True


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def log(text: str) -> None:
    """Write a line to the keeper's log."""
    sys.stdout.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC [{os.getpid()}] {text}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Keep the servers of one state folder, unless another keeper does. Return the exit code."""
    here = places(Path(arguments[0]))
    here.make()
    with here.keeper.open("a") as lock:
        if not _lock(lock.fileno()):
            return 0
        here.status.unlink(missing_ok=True)
        for file in here.logs.glob("*.log"):
            with suppress(OSError):
                if file.stat().st_size > _LARGEST_LOG:
                    os.truncate(file, 0)
        return Keeper(here, durable=arguments[1] == "durable").run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
