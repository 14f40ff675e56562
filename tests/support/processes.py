"""Look at the processes of this machine, as a test of starting and stopping needs it."""

import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def processes_of(state: Path) -> dict[int, str]:
    """Return the living processes that name a state folder in command or environment."""
    wanted = os.fsencode(state)
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            command = (entry / "cmdline").read_bytes()
            if command and (wanted in command or wanted in (entry / "environ").read_bytes()):
                found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace")
    return found


def wait_for(condition: Callable[[], object], *, seconds: float = 20, what: str = "") -> None:
    """Wait until a condition holds. Raises AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what or condition}"
        time.sleep(0.05)


def free_port() -> int:
    """Return a port that nothing has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def state_folder() -> Iterator[Path]:
    """Give a short-named state folder; afterwards end what still runs in it, and remove it."""
    folder = Path(tempfile.mkdtemp(prefix="portal-test-"))
    try:
        yield folder
    finally:
        for pid in processes_of(folder):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)
