"""Ask a host one thing, or hand it something, over the address that its name had at that moment.

The name is resolved once; every address that it gave has to be one that may be asked, and the
connection goes to that very address under the name that was asked for (adr/0038). A redirect is
read and not followed. Whoever owns the name sees that somebody asked, and learns nothing else.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, cast

from core.common.networks import Network
from core.common.probing.addresses import Address, may_be_asked, read_resolved
from core.common.probing.line import Line, TooMuchError

Resolve = Callable[[str], Sequence[str]]

PATIENCE_SECONDS: Final = 8.0
"""For everything after the name is resolved; resolving has as much again. Own figure."""
_MOST_BYTES: Final = 32_000
_MOST_OF_BODY: Final = 200
_MOST_ADDRESSES: Final = 8
_MOST_TRIED: Final = 2
_HTTPS_PORT: Final = 443
_HTTP_PORT: Final = 80
# Of OpenSSL's x509_vfy.h.
_CERTIFICATE_WORDS: Final = {
    9: "early",
    10: "expired",
    62: "name",
    64: "name",
    **dict.fromkeys((2, 18, 19, 20, 21, 27), "issuer"),
}


class Trouble(StrEnum):
    """Why there is no answer."""

    NO_NAME = "no_name"
    INSIDE = "inside"
    UNREACHABLE = "unreachable"
    CERTIFICATE = "certificate"
    ODD = "odd"


class NoAnswerError(Exception):
    """There is no answer. `detail` is one short word of ours; `address` is a public one, or ""."""

    def __init__(self, trouble: Trouble, detail: str = "", address: str = "") -> None:
        self.trouble, self.detail, self.address = trouble, detail, address
        super().__init__(f"{trouble} {detail}".strip())


@dataclass(frozen=True)
class Question:
    """What a host is asked: a GET of a path, or something that is handed over to it.

    Of what it answers `most` octets are read. Where it `keeps_status`, an answer whose body breaks
    off or never ends is an answer.
    """

    path: str
    method: str = "GET"
    headers: Sequence[tuple[str, str]] = (
        ("Accept", "text/plain"),
        ("User-Agent", "portal-host-check"),
    )
    body: bytes = b""
    most: int = _MOST_OF_BODY
    keeps_status: bool = False


@dataclass(frozen=True)
class Answer:
    """What a host answered. `location` and `body` are whatever it wrote: compare, never show."""

    address: str
    status: int
    location: str
    body: bytes
    certificate_ends_at: datetime | None
    retry_after: str = ""


def system_addresses(host: str) -> Sequence[str]:
    """Return the addresses of a name, as this machine's resolver has them. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True)
class Prober:
    """How hosts are asked. `tls` None: without TLS, as on a portal on one machine."""

    resolve: Resolve = system_addresses
    allowed: Sequence[Network] = ()
    tls: ssl.SSLContext | None = None
    port: int | None = None
    patience: float = PATIENCE_SECONDS

    def ask(self, host: str, path: str) -> Answer:
        """Return what a host answers at a path of ours. Raises NoAnswerError."""
        return self.send(host, Question(path))

    def send(self, host: str, asked: Question) -> Answer:
        """Return what a host answers to a request. Raises NoAnswerError."""
        addresses = self._addresses_of(host)
        deadline = time.monotonic() + self.patience
        *others, last = addresses[:_MOST_TRIED]
        for address in others:
            try:
                return self._ask_at(address, host, asked, deadline)
            except NoAnswerError as error:
                if error.trouble is not Trouble.UNREACHABLE:
                    raise
        return self._ask_at(last, host, asked, deadline)

    def _addresses_of(self, host: str) -> list[Address]:
        texts = _in_time(self.resolve, host, self.patience)
        found = [read_resolved(text) for text in texts[:_MOST_ADDRESSES]]
        known = [one for one in found if one is not None]
        if not known or len(known) < len(found):
            raise NoAnswerError(Trouble.NO_NAME)
        # One address inside among public ones is as good as none: whoever answers chose them all.
        if not all(may_be_asked(one, allowed=self.allowed) for one in known):
            raise NoAnswerError(Trouble.INSIDE)
        return known

    def _ask_at(self, address: Address, host: str, asked: Question, deadline: float) -> Answer:
        where = str(address)
        line = Line(deadline=deadline, most=_MOST_BYTES)
        try:
            line.open(where, self._port())
            certificate = line.secure(self.tls, host) if self.tls else {}
            line.say(self._request(host, asked))
            return _read(line, where, certificate, asked)
        except ssl.SSLCertVerificationError as error:
            raise NoAnswerError(Trouble.CERTIFICATE, _certificate_word(error), where) from None
        except ssl.SSLError:
            raise NoAnswerError(Trouble.CERTIFICATE, "tls", where) from None
        except TimeoutError:
            raise NoAnswerError(Trouble.UNREACHABLE, "slow", where) from None
        except OSError:
            raise NoAnswerError(Trouble.UNREACHABLE, "refused", where) from None
        except (http.client.HTTPException, TooMuchError, ValueError):
            raise NoAnswerError(Trouble.ODD, "", where) from None
        finally:
            line.close()

    def _port(self) -> int:
        return self.port or (_HTTPS_PORT if self.tls else _HTTP_PORT)

    def _request(self, host: str, asked: Question) -> bytes:
        bare = f"[{host}]" if ":" in host else host
        name = bare if self.port is None else f"{bare}:{self.port}"
        lines = [
            f"{asked.method} {asked.path} HTTP/1.1",
            f"Host: {name}",
            "Connection: close",
            *(f"{header}: {value}" for header, value in asked.headers),
        ]
        if asked.method != "GET":
            lines.append(f"Content-Length: {len(asked.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii") + asked.body


def _in_time(resolve: Resolve, host: str, patience: float) -> Sequence[str]:
    """Resolve a name, and wait no longer than that: a system's resolver may take half a minute."""
    found: list[Sequence[str]] = []

    def look_up() -> None:
        try:
            found.append(resolve(host))
        except (OSError, UnicodeError):
            found.append(())

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(patience)
    if not found:
        raise NoAnswerError(Trouble.NO_NAME, "slow")
    return found[0]


def _read(line: Line, address: str, certificate: dict[str, Any], asked: Question) -> Answer:
    response = http.client.HTTPResponse(cast("socket.socket", line), method=asked.method)
    try:
        response.begin()
        return Answer(
            address=address,
            status=response.status,
            location=response.getheader("Location") or "",
            body=_body(response, asked),
            certificate_ends_at=_end_of(certificate),
            retry_after=response.getheader("Retry-After") or "",
        )
    finally:
        response.close()


def _body(response: http.client.HTTPResponse, asked: Question) -> bytes:
    if not asked.keeps_status:
        return response.read(asked.most)
    found = b""
    with suppress(OSError, http.client.HTTPException, TooMuchError, ValueError):
        while len(found) < asked.most and (more := response.read1(asked.most - len(found))):
            found += more
    return found


def _end_of(certificate: dict[str, Any]) -> datetime | None:
    written = certificate.get("notAfter")
    if not written:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(written), UTC)


def _certificate_word(error: ssl.SSLCertVerificationError) -> str:
    return _CERTIFICATE_WORDS.get(error.verify_code, "tls")
