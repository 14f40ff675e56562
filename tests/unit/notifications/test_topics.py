"""The certificate of a notification: fetched over TLS, once, with an end to patience."""

import http.client
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import trustme

from core.notifications.channels import topics
from core.notifications.channels.base import TransientRefusalError
from core.notifications.channels.topics import signing_certificate

URL = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a1b.pem"


class Place:
    """A server with TLS that gives what it is told."""

    def __init__(self, authority: trustme.CA) -> None:
        self.paths: list[str] = []
        self.status, self.body = 200, b"-----BEGIN CERTIFICATE-----"
        self.headers: dict[str, str] = {}
        place = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                place.paths.append(self.path)
                self.send_response(place.status)
                for name, value in place.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(place.body)))
                self.end_headers()
                self.wfile.write(place.body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The place that stands for Amazon's, and is asked in its stead."""
    authority = trustme.CA()
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    made = Place(authority)
    monkeypatch.setattr(
        topics,
        "_connect",
        lambda host: http.client.HTTPSConnection(
            "127.0.0.1", made.port, timeout=topics.SECONDS, context=trusted
        ),
    )
    topics.CERTIFICATES.forget()
    yield made
    topics.CERTIFICATES.forget()
    made.server.shutdown()
    made.server.server_close()


def test_a_certificate_is_fetched_once(place: Place) -> None:
    assert [signing_certificate(URL) for _ in range(3)] == [place.body] * 3
    assert place.paths == ["/SimpleNotificationService-0a1b.pem"]


@pytest.mark.parametrize("status", [302, 403, 404, 500])
def test_nothing_but_the_file_itself_is_taken(place: Place, status: int) -> None:
    place.status, place.headers = status, {"Location": "https://127.0.0.1/elsewhere"}
    with pytest.raises(TransientRefusalError):
        signing_certificate(URL)
    assert len(place.paths) == 1, "a redirect is not followed"


def test_what_is_too_large_is_not_read_to_the_end(place: Place) -> None:
    place.body = b"x" * 30_000
    with pytest.raises(TransientRefusalError):
        signing_certificate(URL)


def test_a_stranger_cannot_make_the_portal_ask_for_ever(place: Place) -> None:
    place.status = 404
    for number in range(30):
        with pytest.raises(TransientRefusalError):
            signing_certificate(URL.replace("0a1b", f"{number:04x}"))
    assert len(place.paths) == 10


def test_a_place_that_is_not_who_it_says_it_is_is_refused(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        topics,
        "_connect",
        lambda host: http.client.HTTPSConnection(
            "127.0.0.1", place.port, timeout=5, context=ssl.create_default_context()
        ),
    )
    with pytest.raises(TransientRefusalError):
        signing_certificate(URL)
    assert place.paths == []


def test_the_real_way_asks_the_host_of_the_address_over_checked_tls() -> None:
    connection = topics._connect("sns.us-east-1.amazonaws.com")
    assert (connection.host, connection.port) == ("sns.us-east-1.amazonaws.com", 443)
    assert connection.timeout is not None
    assert connection.timeout <= 5
    context = connection._context  # type: ignore[attr-defined]
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
