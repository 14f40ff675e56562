"""The portal's port: claimed at once, held for as long as the portal runs."""

import errno
import fcntl
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

# How long what a killed run leaves behind may take to end by itself.
_LEFT_OVER_SECONDS = 15.0
_BACKLOG = 256


class PortTakenError(RuntimeError):
    """The port cannot be had; the message says why and what to do."""


class PortClaim:
    """The listening sockets of one port on this machine, and a file that says who holds them.

    Only this machine reaches them: the local outbox shows codes and links.
    """

    def __init__(self, port: int, state: Path) -> None:
        """Take the port. Raises PortTakenError at once when a portal or another program has it."""
        self.port = port
        self._file = state / f"run-{port}.lock"
        left_over = self._file.exists()
        self._lock = self._lock_file()
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()
        self.sockets = self._listen(wait=_LEFT_OVER_SECONDS if left_over else 0)

    def _lock_file(self) -> IO[str]:
        """Open and lock the file that says who has the port. Raises PortTakenError."""
        while True:
            lock = self._file.open("a+")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                with lock:
                    lock.seek(0)
                    holder = lock.read().strip()
                raise PortTakenError(
                    f"Port {self.port} is taken: the portal already runs there, as process "
                    f"{holder}. Stop it, or take another port: {_another(self.port)}"
                ) from None
            if _is_at(lock, self._file):
                return lock
            # Its holder has removed it between the opening and the locking: nobody else finds it.
            lock.close()

    def _listen(self, *, wait: float) -> list[socket.socket]:
        deadline = time.monotonic() + wait
        while True:
            try:
                return _listen(self.port)
            except OSError as error:
                if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                    time.sleep(0.1)
                    continue
                self.release()
                raise PortTakenError(
                    f"Port {self.port} cannot be had: {error.strerror}. "
                    f"Stop the program that has it, or take another port: {_another(self.port)}"
                ) from None

    def release(self) -> None:
        """Give the port back."""
        for listener in getattr(self, "sockets", []):
            listener.close()
        self._file.unlink(missing_ok=True)
        self._lock.close()


def _is_at(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _another(port: int) -> str:
    return f"PORT={port + 1} make run"


def _listen(port: int) -> list[socket.socket]:
    """Listen on IPv4 and, where this machine has it, on IPv6. Raises OSError."""
    sockets = [_listener(socket.AF_INET, "127.0.0.1", port)]
    try:
        sockets.append(_listener(socket.AF_INET6, "::1", port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            with suppress(OSError):
                sockets[0].close()
            raise
    return sockets


def _listener(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family is socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
