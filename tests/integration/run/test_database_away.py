"""A web process whose real database is away: at its start, and while it runs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from config import embedded
from tests.support import database
from tests.support.processes import free_port, state_folder, wait_for

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent.parent.parent


def environment(state: Path, port: int) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "PORTAL_STATE": str(state),
        "PORT": str(port),
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
    }


@pytest.fixture(scope="module")
def state(django_db_setup: None) -> Iterator[Path]:
    """A state folder with tables and documents as the tests have them, and no server running."""
    with state_folder() as folder:
        with embedded.attached(folder, durable=False):
            database.copy_to_portal(folder)
        yield folder


@pytest.fixture
def port(state: Path) -> Iterator[int]:
    """The port of a real web server with one process, started without a database."""
    port = free_port()
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "config.wsgi:application"),
            *("--config", "python:config.gunicorn", "--bind", f"127.0.0.1:{port}"),
            *("--workers", "1", "--worker-class", "gthread", "--threads", "2"),
            *("--graceful-timeout", "1"),
        ],
        cwd=ROOT,
        env={
            **environment(state, port),
            "DJANGO_SETTINGS_MODULE": "tests.support.web_settings",
        },
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            wait_for(lambda: answers(port), what="the server answers")
            yield port
        finally:
            server.terminate()


def get(port: int, path: str, **headers: str) -> tuple[HTTPResponse, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Host": "localhost", **headers})
    response = connection.getresponse()
    page = response.read().decode()
    connection.close()
    return response, page


def answers(port: int) -> bool:
    try:
        return get(port, "/healthz")[0].status == 200
    except OSError:
        return False


def assert_says_try_again(port: int) -> None:
    # With a session's cookie: a page that needs nothing of the database would not notice.
    response, page = get(port, "/", Cookie=f"portal_session={'s' * 32}")
    assert response.status == 503
    assert "Please try again in a minute" in page
    assert response.headers["Retry-After"] == "5"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Request-ID"]


def test_the_page_says_try_again_until_the_database_is_there(state: Path, port: int) -> None:
    for _ in range(2):
        assert_says_try_again(port)
    with embedded.attached(state, durable=False):
        assert get(port, "/")[0].status == 200
        # Another server process under the same address, while connections to the first are held.
        first = embedded.status(state)
    assert_says_try_again(port)
    with embedded.attached(state, durable=False):
        assert embedded.status(state) != first
        assert get(port, "/")[0].status == 200
    assert_says_try_again(port)
