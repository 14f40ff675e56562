"""Servers of a few lines on this machine, that answer as hosts of strangers may."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Answering = Callable[[socket.socket, bytes], None]


@dataclass
class OddServer:
    """Where it listens, and what it was asked."""

    port: int
    asked: list[bytes] = field(default_factory=list)


@contextmanager
def odd_server(
    answer: Answering | bytes, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> Iterator[OddServer]:
    """Run a server; `answer` is what it writes, or what does the writing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listening:
        known = OddServer(listening.getsockname()[1])
        over = threading.Event()
        thread = threading.Thread(target=_serve, args=(listening, known, answer, tls, over))
        thread.start()
        try:
            yield known
        finally:
            over.set()
            with suppress(OSError):
                socket.create_connection(listening.getsockname()[:2], timeout=1).close()
            thread.join()


def _serve(
    listening: socket.socket,
    known: OddServer,
    answer: Answering | bytes,
    tls: ssl.SSLContext | None,
    over: threading.Event,
) -> None:
    while not over.is_set():
        plain, _ = listening.accept()
        if over.is_set():
            plain.close()
            return
        plain.settimeout(5)
        with suppress(OSError):
            made = tls.wrap_socket(plain, server_side=True) if tls else plain
            with made:
                _answer(made, known, answer)
        plain.close()


def _answer(made: socket.socket, known: OddServer, answer: Answering | bytes) -> None:
    asked = made.recv(4096)
    known.asked.append(asked)
    if isinstance(answer, bytes):
        made.sendall(answer)
    else:
        answer(made, asked)
