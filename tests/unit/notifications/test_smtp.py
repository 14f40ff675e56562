"""Mail by SMTP, against a real mail server with TLS on loopback."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pytest_django import Settings

from core.notifications.channels import smtp
from core.notifications.channels.base import (
    DeliveryError,
    OutcomeUnknownError,
    PermanentRefusalError,
    Sender,
    TransientRefusalError,
)
from core.notifications.channels.smtp import MailServer
from core.notifications.kinds import Rendered
from tests.support.processes import free_port

MAIL = Rendered(
    to="dana@example.org", subject="A code: Señal", text="482913\n.\nEnd", html="<p>482913</p>"
)
SENDER = Sender(name="Programa de Señal", address="portal@example.org", reply_to="h@example.org")
REFERENCE = "019a0000-0000-7000-8000-000000000001"
HOST = "127.0.0.1"


@dataclass
class Postman:
    """Takes mail, or answers a command as it is told."""

    taken: list[Envelope] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.encrypted.append(session.ssl is not None)
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        answer = self.answers.get("DATA", "250 OK")
        if answer.startswith("250"):
            self.taken.append(envelope)
        return answer


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def context_for(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def start(postman: Postman, **options: Any) -> Controller:
    controller = Controller(postman, hostname=HOST, port=free_port(), **options)
    controller.start()
    return controller


def use(controller: Controller, settings: Settings) -> None:
    settings.SMTP_HOST = HOST
    settings.SMTP_PORT = controller.port


@pytest.fixture
def trusted(authority: trustme.CA, settings: Settings, tmp_path: Path) -> None:
    """The authority of the tests' server is trusted."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    settings.SMTP_CA_FILE = str(tmp_path / "ca.pem")
    settings.SMTP_USER = ""


@pytest.fixture
def postman(authority: trustme.CA, trusted: None, settings: Settings) -> Iterator[Postman]:
    made = Postman()
    controller = start(made, tls_context=context_for(authority, HOST), require_starttls=True)
    use(controller, settings)
    yield made
    controller.stop()


def send() -> str:
    return MailServer().send(MAIL, sender=SENDER, reference=REFERENCE).reference


def test_a_mail_arrives_over_tls(postman: Postman) -> None:
    assert send() == f"<{REFERENCE}@example.org>"
    (envelope,) = postman.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER.address, [MAIL.to])
    assert postman.encrypted == [True]
    content = envelope.content
    assert isinstance(content, bytes)
    mail = message_from_bytes(content, policy=default)
    assert mail["Subject"] == MAIL.subject
    assert mail["From"] == "Programa de Señal <portal@example.org>"
    assert (mail["Reply-To"], mail["Auto-Submitted"]) == ("h@example.org", "auto-generated")
    plain, rich = mail.iter_parts()
    assert plain.get_content().splitlines() == MAIL.text.splitlines()
    assert rich.get_content().strip() == MAIL.html


def test_a_server_without_encryption_gets_no_mail(trusted: None, settings: Settings) -> None:
    postman = Postman()
    controller = start(postman)
    use(controller, settings)
    try:
        with pytest.raises(TransientRefusalError) as refusal:
            send()
    finally:
        controller.stop()
    assert refusal.value.reason == "SMTPNotSupportedError"
    assert postman.encrypted == []


@pytest.mark.parametrize("flaw", ["another name", "another authority"])
def test_a_certificate_that_does_not_fit_gets_no_mail(
    authority: trustme.CA, trusted: None, settings: Settings, flaw: str
) -> None:
    signer = authority if flaw == "another name" else trustme.CA()
    name = "mail.example.net" if flaw == "another name" else HOST
    postman = Postman()
    controller = start(postman, tls_context=context_for(signer, name))
    use(controller, settings)
    try:
        with pytest.raises(TransientRefusalError):
            send()
    finally:
        controller.stop()
    assert postman.encrypted == []


@pytest.mark.parametrize(("password", "arrives"), [("right", True), ("wrong", False)])
def test_it_signs_in_where_the_server_wants_it(
    authority: trustme.CA, trusted: None, settings: Settings, password: str, arrives: bool
) -> None:
    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.password == b"right"
        # Not handled: else the server gives no answer, and the client waits for one to the end.
        return AuthResult(success=right, handled=False)

    postman = Postman()
    controller = start(
        postman,
        tls_context=context_for(authority, HOST),
        authenticator=check,
        auth_required=True,
    )
    use(controller, settings)
    settings.SMTP_USER, settings.SMTP_PASSWORD = "portal", password
    try:
        if arrives:
            send()
        else:
            # The password is the deployment's: mail waits until it is put right.
            with pytest.raises(TransientRefusalError) as refusal:
                send()
            assert "portal" not in refusal.value.reason
    finally:
        controller.stop()
    assert len(postman.taken) == arrives


REFUSALS = [
    ("RCPT", "550 5.1.1 no dana@example.org here", PermanentRefusalError, True, False),
    ("RCPT", "550 5.7.1 we do not like you", PermanentRefusalError, False, False),
    ("RCPT", "452 4.2.2 mailbox full", TransientRefusalError, False, False),
    ("RCPT", "421 4.3.2 busy", TransientRefusalError, False, True),
    ("MAIL", "451 4.3.0 later", TransientRefusalError, False, True),
    ("MAIL", "553 5.1.8 bad sender", PermanentRefusalError, False, False),
    ("DATA", "554 5.7.1 looks like spam", PermanentRefusalError, False, False),
    ("DATA", "452 4.3.1 no room", TransientRefusalError, False, True),
]


@pytest.mark.parametrize("case", REFUSALS, ids=str)
def test_what_a_refusal_means(
    postman: Postman, case: tuple[str, str, type[DeliveryError], bool, bool]
) -> None:
    command, answer, outcome, bad_address, of_channel = case
    postman.answers[command] = answer
    with pytest.raises(outcome) as refusal:
        send()
    assert refusal.value.reason == f"smtp {answer[:3]}"
    assert refusal.value.of_channel is of_channel
    assert getattr(refusal.value, "bad_address", False) is bad_address
    assert postman.taken == []


def test_an_address_that_no_server_can_take_is_a_bad_one(postman: Postman) -> None:
    odd = Rendered(to="daña@example.org", subject="x", text="x")
    with pytest.raises(PermanentRefusalError) as refusal:
        MailServer().send(odd, sender=SENDER, reference=REFERENCE)
    assert refusal.value.bad_address


def test_nobody_there_means_that_nothing_left(trusted: None, settings: Settings) -> None:
    with closing(socket.socket()) as unused:
        unused.bind((HOST, 0))
        settings.SMTP_HOST, settings.SMTP_PORT = HOST, unused.getsockname()[1]
    with pytest.raises(TransientRefusalError):
        send()


class Mute:
    """A server that follows a script of answers and then says nothing, or hangs up."""

    def __init__(self, authority: trustme.CA, *, answers: list[str], end: str) -> None:
        self._socket = socket.create_server((HOST, 0))
        self.port = self._socket.getsockname()[1]
        self._context = context_for(authority, HOST)
        self._answers, self._end = answers, end
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        line, _ = self._socket.accept()
        try:
            line = self._converse(line)
        except OSError:
            return  # the client has hung up first
        finally:
            line.close()

    def _converse(self, line: socket.socket) -> socket.socket:
        line.sendall(b"220 ready\r\n")
        for answer in self._answers:
            if answer == "TLS":
                line = self._context.wrap_socket(line, server_side=True)
                continue
            line.recv(65536)
            line.sendall(f"{answer}\r\n".encode())
        line.recv(65536)
        if self._end == "hang":
            self._over.wait()
        return line

    def close(self) -> None:
        self._over.set()
        self._thread.join(20)
        self._socket.close()


@pytest.fixture
def mute(
    authority: trustme.CA, trusted: None, settings: Settings
) -> Callable[[list[str], str], Mute]:
    """Start a mute server and make it the deployment's."""

    def make(answers: list[str], end: str) -> Mute:
        server = Mute(authority, answers=answers, end=end)
        settings.SMTP_HOST, settings.SMTP_PORT = HOST, server.port
        return server

    return make


UNTIL_TLS = ["250-mail\r\n250 STARTTLS", "220 go on", "TLS", "250 mail"]
UNTIL_TEXT = [*UNTIL_TLS, "250 OK", "250 OK", "354 go on"]


@pytest.mark.parametrize("end", ["hang", "close"])
@pytest.mark.parametrize(
    "case",
    [
        ([], TransientRefusalError),
        (UNTIL_TLS, TransientRefusalError),
        ([*UNTIL_TLS, "250 OK"], TransientRefusalError),
        (UNTIL_TEXT, OutcomeUnknownError),
    ],
)
def test_a_lost_answer_is_unknown_only_once_the_text_was_told(
    mute: Callable[[list[str], str], Mute],
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[list[str], type[DeliveryError]],
    end: str,
) -> None:
    answers, outcome = case
    monkeypatch.setattr(smtp, "SECONDS", 0.5)
    with closing(mute(answers, end)), pytest.raises(outcome):
        send()


def test_a_server_that_is_slow_at_every_step_is_given_up(
    mute: Callable[[list[str], str], Mute], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "IN_ALL_SECONDS", 0.0)
    with closing(mute(UNTIL_TEXT, "hang")), pytest.raises(TransientRefusalError):
        send()


def test_the_limits_are_five_seconds_and_thirty_in_all() -> None:
    assert smtp.SECONDS <= 5
    assert smtp.IN_ALL_SECONDS + smtp.SECONDS < 30
