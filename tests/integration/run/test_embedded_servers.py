"""The local servers start once, serve all who use them, and leave nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config import embedded
from tests.support.processes import processes_of, state_folder, wait_for

pytestmark = pytest.mark.slow

HOLD = (
    "import sys, time\n"
    "from pathlib import Path\n"
    "from config import embedded\n"
    "use = embedded.start(Path(sys.argv[1]), durable=False)\n"
    "print('ready', flush=True)\n"
    "time.sleep(300)\n"
)


@pytest.fixture(scope="module")
def state() -> Iterator[Path]:
    with state_folder() as folder:
        yield folder


@pytest.fixture(autouse=True)
def _nothing_left(state: Path) -> Iterator[None]:
    yield
    wait_for(lambda: not processes_of(state), what=f"processes left: {processes_of(state)}")


def hold(state: Path) -> subprocess.Popen[str]:
    """Start a process that uses the servers, and wait until it has them."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(state)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def answers(state: Path) -> bool:
    try:
        with psycopg.connect(embedded.addresses(state).application_url, connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def server(state: Path, name: str) -> int:
    status = embedded.status(state)
    assert status is not None
    return int(status["servers"][name])


def test_both_servers_answer_and_stop_with_their_user(state: Path) -> None:
    with embedded.attached(state, durable=False):
        assert answers(state)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(embedded.places(state).redis_socket))
            client.sendall(b"PING\r\n")
            assert client.recv(16) == b"+PONG\r\n"
    assert not answers(state)
    assert processes_of(state) == {}


def test_neither_login_is_a_superuser_and_only_the_owner_makes_tables(state: Path) -> None:
    urls = embedded.addresses(state)
    with embedded.attached(state, durable=False):
        with psycopg.connect(urls.owner_url) as owner:
            roles = owner.execute(
                "SELECT rolname, rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles"
                " WHERE rolname LIKE 'portal\\_%' ORDER BY rolname"
            ).fetchall()
            owner.execute("CREATE TABLE probe (id int)")
            owner.rollback()
        assert roles == [("portal_app", False), ("portal_owner", False)]
        with (
            psycopg.connect(urls.application_url) as application,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            application.execute("CREATE TABLE probe (id int)")


def test_a_second_user_joins_and_the_last_one_stops(state: Path) -> None:
    use = embedded.start(state, durable=False)
    first = server(state, "postgres")
    other = hold(state)
    assert server(state, "postgres") == first
    use.release()
    assert answers(state)
    with other:
        other.kill()
    wait_for(lambda: not processes_of(state), what="the servers stop after a killed user")


def test_a_killed_keeper_takes_the_servers_with_it_and_blocks_nobody(state: Path) -> None:
    use = embedded.start(state, durable=False)
    status = embedded.status(state)
    assert status is not None
    os.kill(status["pid"], signal.SIGKILL)
    wait_for(lambda: embedded.status(state) is None, what="the keeper is gone")
    use.look()
    assert answers(state)
    use.release()


def test_who_uses_servers_that_were_stopped_hears_of_it(state: Path) -> None:
    use = embedded.start(state, durable=False)
    use.look()
    embedded.stop(state)
    with pytest.raises(embedded.EmbeddedServerError, match="were stopped"):
        use.look()
    use.release()


def test_who_uses_servers_whose_keeper_gave_up_hears_why(state: Path) -> None:
    use = embedded.start(state, durable=False)
    status = embedded.status(state)
    embedded.stop(state)
    gave_up = {**(status or {}), "ready": False, "error": "no space left"}
    embedded.places(state).status.write_text(json.dumps(gave_up))
    with pytest.raises(embedded.EmbeddedServerError, match="no space left"):
        use.look()
    use.release()


def test_a_server_that_dies_is_started_again(state: Path) -> None:
    with embedded.attached(state, durable=False):
        os.kill(server(state, "redis"), signal.SIGKILL)
        os.kill(server(state, "postgres"), signal.SIGKILL)
        wait_for(lambda: answers(state), what="PostgreSQL is back")


def test_a_killed_server_comes_back_though_a_session_of_it_hangs(state: Path) -> None:
    stranger = subprocess.Popen(
        ["postgres: portal-0123456789abcdef: portal_app portal [local] idle", "60"],
        executable="/bin/sleep",
    )
    try:
        with embedded.attached(state, durable=False):
            with psycopg.connect(embedded.addresses(state).owner_url) as session:
                # It holds the killed server's memory: no other server starts beside it.
                os.kill(session.info.backend_pid, signal.SIGSTOP)
                os.kill(server(state, "postgres"), signal.SIGKILL)
                wait_for(lambda: answers(state), what="PostgreSQL is back")
            assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_is_started_until_it_can_start(state: Path) -> None:
    with embedded.attached(state, durable=False):
        version = embedded.places(state).postgres / "PG_VERSION"
        made_by = version.read_text()
        version.write_text("9\n")
        os.kill(server(state, "postgres"), signal.SIGKILL)
        said = embedded.places(state).logs / "keeper.log"
        wait_for(lambda: "made by PostgreSQL 9" in said.read_text(), what="a start in vain")
        version.write_text(made_by)
        wait_for(lambda: answers(state), what="PostgreSQL is back")


def test_the_number_of_another_program_in_a_stale_file_blocks_nobody(state: Path) -> None:
    with embedded.attached(state, durable=False):
        pass
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        here = embedded.places(state)
        text = f"{stranger.pid}\n{here.postgres}\n1\n5432\n{here.sockets}\n\n0 0\nready\n"
        (here.postgres / "postmaster.pid").write_text(text)
        (here.sockets / ".s.PGSQL.5432.lock").write_text(text)
        with embedded.attached(state, durable=False):
            assert answers(state)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_half_made_cluster_is_made_anew() -> None:
    with state_folder() as fresh:
        unfinished = fresh / "postgres.unfinished"
        unfinished.mkdir()
        (unfinished / "PG_VERSION").write_text("18\n")
        with embedded.attached(fresh, durable=False):
            assert answers(fresh)


def test_a_cluster_of_another_version_is_explained() -> None:
    with state_folder() as fresh:
        (fresh / "postgres").mkdir()
        (fresh / "postgres" / "PG_VERSION").write_text("9\n")
        with pytest.raises(embedded.EmbeddedServerError, match="made by PostgreSQL 9"):
            embedded.start(fresh)
