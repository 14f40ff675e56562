"""`manage.py` finds a database: the running portal's, or one that lasts as long as the command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import embedded
from tests.support.processes import processes_of, state_folder

ROOT = Path(__file__).resolve().parent.parent.parent.parent

pytestmark = pytest.mark.slow


def manage(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**kept, "PORTAL_STATE": str(state)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_command_starts_its_servers_joins_those_that_run_and_leaves_nothing() -> None:
    """Both before the first run: what a command needs of the tables is not there yet."""
    with state_folder() as state:
        early = manage(state, "accounts", "unlock", "a@example.org", "--reason", "early")
        assert early.returncode == 1
        assert "make run" in early.stderr
        assert "Traceback" not in early.stderr
        assert processes_of(state) == {}
        with embedded.attached(state):
            before = embedded.status(state)
            beside = manage(state, "check", "--database", "default")
            assert beside.returncode == 0, beside.stderr
            assert embedded.status(state) == before
        assert processes_of(state) == {}
