"""The probe behind the real PgBouncer: what it lets pass and what it refuses."""

import re
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from config import embedded
from config.embedded.processes import own_folder, service_user
from config.run.pooler import HOW_TO_INSTALL, find_pooler
from tenants.identity.probe import MixedSchemasError, check_pooler
from tests.support.processes import free_port, wait_for

POOLER = find_pooler()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(POOLER is None, reason=f"PgBouncer is not installed: {HOW_TO_INSTALL}"),
]
Connect = Callable[[], psycopg.Connection]
Pooled = Callable[..., AbstractContextManager[Connect]]
# From this version on it can keep a client's search_path, where PostgreSQL 18 reports it; older
# ones do not start with the setting.
TRACKING = (1, 20)
_REPORTING = 18


def version() -> tuple[int, int]:
    said = subprocess.run([str(POOLER), "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"(\d+)\.(\d+)", said.stdout)
    assert found
    return int(found[1]), int(found[2])


@pytest.fixture
def pooled(real_db: None) -> Pooled:
    return _pooled


@contextmanager
def _pooled(*lines: str) -> Iterator[Connect]:
    """Run PgBouncer with some lines of configuration; give a way to connect through it."""
    port, user = free_port(), service_user()
    with tempfile.TemporaryDirectory(prefix="portal-pooler-") as name:
        folder = Path(name)
        own_folder(folder, user)
        sockets = embedded.places(embedded.test_state_folder()).sockets
        configuration = folder / "pgbouncer.ini"
        configuration.write_text(
            "[databases]\n"
            f"portal = host={sockets} dbname={settings.TEST_DATABASE} user={embedded.APPLICATION}\n"
            "[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            "auth_type = any\ndefault_pool_size = 4\n" + "".join(f"{line}\n" for line in lines)
        )
        configuration.chmod(0o644)
        with subprocess.Popen(
            [str(POOLER), "--quiet", str(configuration)],
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        ) as process:
            try:
                wait_for(lambda: process.poll() is not None or _is_listening(port))
                assert process.poll() is None, "PgBouncer ended at once"
                yield lambda: psycopg.connect(
                    f"host=127.0.0.1 port={port} dbname=portal user={embedded.APPLICATION}",
                    autocommit=True,
                )
            finally:
                process.kill()


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_session_pooling_keeps_sessions_apart(pooled: Pooled) -> None:
    with pooled("pool_mode = session") as connect:
        check_pooler(connect)


def test_transaction_pooling_mixes_sessions_and_is_refused(pooled: Pooled) -> None:
    with (
        pooled("pool_mode = transaction") as connect,
        pytest.raises(MixedSchemasError, match="pooler"),
    ):
        check_pooler(connect)


def test_transaction_pooling_passes_only_where_the_path_is_tracked(pooled: Pooled) -> None:
    tracking = ("pool_mode = transaction", "track_extra_parameters = search_path")
    if version() < TRACKING:
        with pytest.raises(AssertionError, match="ended at once"), pooled(*tracking):
            pass
        return
    with pooled(*tracking) as connect:
        with connect() as connection:
            server = connection.info.server_version // 10_000
        if server >= _REPORTING:
            check_pooler(connect)
        else:
            with pytest.raises(MixedSchemasError):
                check_pooler(connect)
