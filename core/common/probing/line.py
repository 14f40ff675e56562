"""A connection to one address that ends by itself: by a moment for all of it, and by its bytes."""

import io
import selectors
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

T = TypeVar("T")
_CONNECT_SECONDS: Final = 3.0
_READ: Final = selectors.EVENT_READ
_WRITE: Final = selectors.EVENT_WRITE


class TooMuchError(Exception):
    """The other side sends more than anybody has asked for."""


class Line(io.RawIOBase):
    """What comes from one address, until `deadline` (of `time.monotonic`) and `most` bytes.

    The moment is one for everything: whoever sends an octet now and then does not move it.
    """

    def __init__(self, *, deadline: float, most: int) -> None:
        self._deadline = deadline
        self._left = most
        self._socket: socket.socket | ssl.SSLSocket | None = None

    def open(self, address: str, port: int) -> None:
        """Connect. Raises OSError, TimeoutError among them."""
        patience = min(self._remaining(), _CONNECT_SECONDS)
        made = socket.create_connection((address, port), timeout=patience)
        made.settimeout(0)
        self._socket = made

    def secure(self, context: ssl.SSLContext, name: str) -> dict[str, Any]:
        """Begin TLS with a host of this name; returns its certificate. Raises OSError."""
        plain, self._socket = self._held(), None
        try:
            secured = context.wrap_socket(
                plain, server_hostname=name, do_handshake_on_connect=False
            )
        except BaseException:
            plain.close()
            raise
        self._socket = secured
        self._until(secured.do_handshake, _READ)
        return dict(secured.getpeercert() or {})

    def say(self, octets: bytes) -> None:
        """Send all of it."""
        held = self._held()
        while octets:
            sent = self._until(lambda octets=octets: held.send(octets), _WRITE)  # type: ignore[misc]
            octets = octets[sent:]

    def readable(self) -> bool:
        """Tell what a file tells."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some octets. Raises TooMuchError for the first one too many, and TimeoutError."""
        held, room = self._held(), min(len(buffer), self._left + 1)
        count = self._until(lambda: held.recv_into(memoryview(buffer)[:room]), _READ)
        self._left -= count
        if self._left < 0:
            raise TooMuchError
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return itself as the file that `http.client` reads an answer from."""
        return io.BufferedReader(self)

    def close(self) -> None:
        """Hang up, without waiting for the other side."""
        if self._socket is not None:
            self._socket.close()
        super().close()

    def _held(self) -> socket.socket:
        if self._socket is None:
            raise OSError("not connected")
        return self._socket

    def _remaining(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _until(self, act: Callable[[], T], event: int) -> T:
        """Do something that would wait, and wait until it does not."""
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                self._wait(_READ)
            except ssl.SSLWantWriteError:
                self._wait(_WRITE)
            except BlockingIOError:
                self._wait(event)

    def _wait(self, event: int) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._held(), event)
            if not selector.select(self._remaining()):
                raise TimeoutError
