"""Receivers of webhooks: real HTTP servers on this machine, and a verifier of signatures.

The verifier is written from the Standard Webhooks specification and shares nothing with the portal.
"""

import base64
import hashlib
import hmac
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes


Answers = Callable[[Received, BaseHTTPRequestHandler], None]


@dataclass
class Receiver:
    """Where it listens, what came, and how many requests it had in hand at most."""

    port: int
    scheme: str = "http"
    received: list[Received] = field(default_factory=list)
    most_at_once: int = 0
    at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        return f"{self.scheme}://localhost:{self.port}/hook?of=us"

    @property
    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.received]


def says(*statuses: int, **headers: str) -> Answers:
    """Answer with these statuses in turn, the last one from then on."""
    left = list(statuses)

    def answer(_received: Received, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(left.pop(0) if len(left) > 1 else left[0])
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "4")
        handler.end_headers()
        handler.wfile.write(b"fine")

    return answer


@contextmanager
def receiver(answer: Answers, *, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver in threads, one for each connection."""
    known = Receiver(0, "https" if tls else "http")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with known.lock:
                known.at_once += 1
                known.most_at_once = max(known.most_at_once, known.at_once)
            came = Received(self.path, dict(self.headers.items()), body)
            known.received.append(came)
            try:
                with suppress(OSError):
                    answer(came, self)
            finally:
                with known.lock:
                    known.at_once -= 1

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    known.port = server.server_address[1]
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def certificate_for(authority: trustme.CA, name: str) -> ssl.SSLContext:
    """Return what a server shows that has a certificate for a name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def believing(authority: trustme.CA) -> ssl.SSLContext:
    """Return what a client believes who knows one authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def is_genuine(came: Received, secret: str, *, now: float, tolerance: int = 300) -> bool:
    """Verify a message as the specification tells receivers to."""
    heads = {name.lower(): value for name, value in came.headers.items()}
    number, moment = heads["webhook-id"], heads["webhook-timestamp"]
    if abs(now - int(moment)) > tolerance:
        return False
    mac = hmac.new(base64.b64decode(secret[len("whsec_") :]), digestmod=hashlib.sha256)
    for piece in (number, ".", moment, "."):
        mac.update(piece.encode("utf-8"))
    mac.update(came.body)
    for versioned in heads["webhook-signature"].split(" "):
        version, _, signature = versioned.partition(",")
        if version == "v1" and hmac.compare_digest(base64.b64decode(signature), mac.digest()):
            return True
    return False
