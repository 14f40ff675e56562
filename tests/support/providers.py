"""Providers of messages on loopback: one that answers by script, and moto's server."""

import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.processes import free_port, wait_for

HANG, CLOSE = "hang", "close"


@dataclass(frozen=True)
class Reply:
    """What a scripted provider answers."""

    body: str = "{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class ScriptedProvider:
    """A server that answers by script, or takes a request in and never answers."""

    url: str = ""
    script: list[Reply | str] = field(default_factory=list)
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and body of each."""
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def scripted_provider() -> Iterator[ScriptedProvider]:
    """Run a scripted provider; what is not in its script is answered by `{}`."""
    provider = ScriptedProvider()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length).decode()
            provider.requests.append((self.command, self.path, body))
            reply = provider.script.pop(0) if provider.script else Reply()
            if isinstance(reply, str):
                self.close_connection = True
                if reply == HANG:
                    provider.over.wait()
                return
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body.encode())

        do_GET = do_POST = do_PUT = answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    # How often it looks whether it shall end: half a second by itself, which each test would wait.
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield provider
    finally:
        provider.over.set()
        server.shutdown()
        server.server_close()


@contextmanager
def moto_server() -> Iterator[str]:
    """Run moto's server as a process of its own; gives its address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    try:
        wait_for(lambda: _listens(port), seconds=30, what="moto's server")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.wait(5)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def fetch(url: str, *, data: bytes | None = None) -> bytes:
    """Return what an address of a test's own server answers."""
    with urllib.request.urlopen(url, data=data, timeout=5) as response:
        answer: bytes = response.read()
        return answer
