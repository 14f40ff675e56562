"""The real web server with the settings that the Procfile and `make run` give it."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from config.run.supervisor import web
from tests.support.processes import free_port, wait_for

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent.parent.parent
SETTINGS = ["--config", "python:config.gunicorn"]


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server that says what it made of a request."""
    port = free_port()
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "tests.support.echo:application", *SETTINGS),
            *("--bind", f"127.0.0.1:{port}", "--log-level", "warning"),
        ],
        cwd=ROOT,
    ) as server:
        try:
            wait_for(lambda: is_listening(port), what="the server answers")
            yield port
        finally:
            server.terminate()


def environment_of(port: int, **headers: str) -> dict[str, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/page", headers=headers)
    said: dict[str, str] = json.loads(connection.getresponse().read())
    connection.close()
    return said


def test_no_header_makes_a_request_secure_or_moves_it(port: int) -> None:
    said = environment_of(
        port,
        **{"X-Forwarded-Proto": "https", "SCRIPT_NAME": "/other", "REMOTE_USER": "admin"},
    )
    assert said["wsgi.url_scheme"] == "http"
    assert (said["SCRIPT_NAME"], said["PATH_INFO"]) == ("", "/page")
    assert "REMOTE_USER" not in said
    assert said["HTTP_X_FORWARDED_PROTO"] == "https", "Django's middleware decides about it"


def test_the_settings_are_those_of_every_web_process() -> None:
    command = (ROOT / "Procfile").read_text().split("web:")[1].splitlines()[0]
    assert " ".join(SETTINGS) in command
    assert " ".join(SETTINGS) in " ".join(map(str, web([]).command))


def test_each_process_knows_how_many_share_the_cores(port: int) -> None:
    # An option on the command line would win over the file and leave the processes untold.
    assert environment_of(port)["processes"] == "2"
    command = (ROOT / "Procfile").read_text() + " ".join(map(str, web([]).command))
    assert "--workers" not in command
    assert "--threads" not in command
