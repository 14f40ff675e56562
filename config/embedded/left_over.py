"""What a PostgreSQL server that was killed leaves behind, and how it is cleared away.

The sessions of a killed server end by themselves, but not at once: each notices when it next
waits, and one that is busy or stopped not at all. Until the last is gone they hold the server's
memory, and no other server starts in that folder.
"""

import hashlib
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from config.embedded.errors import EmbeddedServerError
from config.embedded.places import Places
from config.embedded.processes import is_alive

_LOOK_SECONDS = 0.05
# A server shuts down cleanly, then at once; who has lost it is asked, and is not waited for long.
_STEPS = (
    (signal.SIGINT, 15.0, 1.0),
    (signal.SIGQUIT, 2.0, 1.0),
    (signal.SIGKILL, 10.0, 10.0),
)


def cluster_name(here: Places) -> str:
    """Return the name that every process of this folder's server bears for all to see.

    Of a process of another user, which the servers of root are, only the title can be read
    everywhere.
    """
    return f"portal-{hashlib.sha256(os.fsencode(here.postgres.resolve())).hexdigest()[:16]}"


def clear_after_a_kill(here: Places) -> None:
    """End what is left of an earlier server, and remove the files that would stop the next one.

    A process number may have been given to another program since: only a server of this very
    folder and its sessions are touched. Raises EmbeddedServerError when one of them stays.
    """
    for number, server_seconds, session_seconds in _STEPS:
        servers, sessions = _processes(here)
        # A server ends its sessions itself. Killed, it would leave them behind.
        asked = servers if servers and number != signal.SIGKILL else servers + sessions
        for pid in asked:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        if _all_end(servers + sessions, server_seconds if servers else session_seconds):
            break
    else:
        raise EmbeddedServerError(f"An earlier server of {here.postgres} does not end.")
    for left_over in (
        here.postgres / "postmaster.pid",
        here.sockets / ".s.PGSQL.5432",
        here.sockets / ".s.PGSQL.5432.lock",
    ):
        left_over.unlink(missing_ok=True)


def _processes(here: Places) -> tuple[list[int], list[int]]:
    """Return the living servers of this folder (one, if any) and the sessions and helpers."""
    servers, sessions = list[int](), list[int]()
    title = f"postgres: {cluster_name(here)}: ".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (entry / "cmdline").read_bytes()
            if command.startswith(title):
                sessions.append(int(entry.name))
            elif os.fsencode(here.postgres) in _folder_of(command.split(b"\0")):
                servers.append(int(entry.name))
    return servers, sessions


def _folder_of(words: list[bytes]) -> list[bytes]:
    """Return what follows the name of PostgreSQL's server and `-D` in a command, if it is one."""
    runs = len(words) > 2 and words[0].endswith(b"/postgres") and words[1] == b"-D"
    return words[2:3] if runs else []


def _all_end(pids: list[int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(is_alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_SECONDS)
    return True
