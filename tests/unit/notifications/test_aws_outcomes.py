"""What a broken line means: did the request leave or not?"""

import socket
import threading
from contextlib import closing

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    ReadTimeoutError,
)
from pytest_django import Settings

from core.notifications.channels import aws, aws_clients
from core.notifications.channels.base import (
    DeliveryError,
    OutcomeUnknownError,
    PermanentRefusalError,
    Sender,
    TransientRefusalError,
)
from core.notifications.kinds import Rendered

URL = "https://email.us-east-1.amazonaws.com"
MAIL = Rendered(to="dana@example.org", subject="A code", text="482913")
SENDER = Sender(name="Portal", address="portal@example.org")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ConnectTimeoutError(endpoint_url=URL), TransientRefusalError),
        (EndpointConnectionError(endpoint_url=URL), TransientRefusalError),
        (NoCredentialsError(), TransientRefusalError),
        (NoRegionError(), TransientRefusalError),
        (ReadTimeoutError(endpoint_url=URL), OutcomeUnknownError),
        (ConnectionClosedError(endpoint_url=URL), OutcomeUnknownError),
        (ParamValidationError(report="482913"), PermanentRefusalError),
    ],
)
def test_what_an_error_of_the_line_means(
    error: BotoCoreError, outcome: type[DeliveryError]
) -> None:
    result = aws_clients.outcome_of(error)
    assert type(result) is outcome
    assert "482913" not in str(result)


class Server:
    """A server that counts requests and answers none of them."""

    def __init__(self, behaviour: str) -> None:
        self.requests = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._behaviour = behaviour
        self._held: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.recv(65536)
            self.requests += 1
            if self._behaviour == "close":
                connection.close()
            else:
                self._held.append(connection)

    def close(self) -> None:
        self._socket.close()
        for connection in self._held:
            connection.close()


@pytest.mark.parametrize("behaviour", ["close", "hang"])
def test_a_lost_answer_is_asked_for_once_only(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, behaviour: str
) -> None:
    """A real request over a real line: the library must not send it a second time by itself."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    settings.AWS_REGION = "us-east-1"
    settings.AWS_SES_CONFIGURATION_SET = ""
    with closing(Server(behaviour)) as server:
        config = Config(
            connect_timeout=1,
            read_timeout=0.5,
            retries={"total_max_attempts": 1, "mode": "standard"},
        )
        client = boto3.session.Session().client(
            "sesv2", region_name="us-east-1", endpoint_url=server.url, config=config
        )
        monkeypatch.setattr(aws_clients, "email_client", lambda: client)
        with pytest.raises(OutcomeUnknownError):
            aws.SimpleEmailService().send(MAIL, sender=SENDER, reference="x")
        assert server.requests == 1


def test_nobody_there_means_that_nothing_left(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    settings.AWS_REGION = "us-east-1"
    settings.AWS_SES_CONFIGURATION_SET = ""
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    client = boto3.session.Session().client(
        "sesv2",
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{port}",
        config=Config(connect_timeout=1, retries={"total_max_attempts": 1, "mode": "standard"}),
    )
    monkeypatch.setattr(aws_clients, "email_client", lambda: client)
    with pytest.raises(TransientRefusalError):
        aws.SimpleEmailService().send(MAIL, sender=SENDER, reference="x")
