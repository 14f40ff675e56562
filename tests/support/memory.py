"""Keep the files of the tests' servers in memory, where the machine has room for them.

A test that commits gets a new copy of the template, some 800 files: on a disk that takes more than
ten times as much of the processor (docs/adr/0024). What is kept is thrown away with the machine's
memory, or once the checkout that it belongs to is gone.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MEMORY = Path("/dev/shm")  # folders of our own in it, with names that nobody can foresee
_ROOM = 2 * 1024**3  # a run leaves about 0.2 GB there; containers often have 0.06
_PREFIX = "portal-tests-"
_OWNER = "belongs-to"


def keep_in_memory(state: Path, memory: Path = _MEMORY) -> None:
    """Let `state` lead to a folder in memory; one that is there already stays where it is."""
    if state.exists() or not _has_room(memory):
        return
    with _alone(memory):
        _remove_abandoned(memory)
        if state.exists():  # another process was quicker
            return
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=memory))
        (folder / _OWNER).write_text(str(state))
        state.parent.mkdir(parents=True, exist_ok=True)
        state.unlink(missing_ok=True)  # it led to the memory of before a restart
        state.symlink_to(folder)


def _has_room(memory: Path) -> bool:
    return memory.is_dir() and shutil.disk_usage(memory).free > _ROOM


@contextmanager
def _alone(memory: Path) -> Iterator[None]:
    descriptor = os.open(memory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_abandoned(memory: Path) -> None:
    for folder in memory.glob(f"{_PREFIX}*"):
        if folder.stat().st_uid == os.getuid():
            owner = folder / _OWNER
            state = Path(owner.read_text()) if owner.exists() else folder  # killed on the way
            if not (state.is_symlink() and state.readlink() == folder):
                shutil.rmtree(folder, ignore_errors=True)
