"""Where the tests' servers keep their files."""

import shutil
from pathlib import Path

import pytest

from tests.support import memory
from tests.support.memory import keep_in_memory


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """Return a folder that stands for the machine's memory."""
    folder = tmp_path / "memory"
    folder.mkdir()
    return folder


def test_the_folder_leads_to_memory_that_no_other_user_reads(tmp_path: Path, shared: Path) -> None:
    state = tmp_path / "state" / "test"
    keep_in_memory(state, shared)
    assert state.resolve().parent == shared
    assert state.resolve().stat().st_mode & 0o077 == 0
    kept = state.resolve()
    keep_in_memory(state, shared)
    assert state.resolve() == kept


def test_what_lies_on_a_disk_stays_there(tmp_path: Path, shared: Path) -> None:
    state = tmp_path / "test"
    state.mkdir()
    keep_in_memory(state, shared)
    assert not state.is_symlink()


def test_without_room_nothing_is_made(
    tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_ROOM", shutil.disk_usage(shared).total * 2)
    keep_in_memory(tmp_path / "test", shared)
    keep_in_memory(tmp_path / "test", tmp_path / "no-such-folder")
    assert not (tmp_path / "test").is_symlink()
    assert list(shared.iterdir()) == []


def test_memory_of_a_checkout_that_is_gone_is_given_back(tmp_path: Path, shared: Path) -> None:
    gone, other, made = (tmp_path / name / "test" for name in ("gone", "other", "made"))
    keep_in_memory(gone, shared)
    keep_in_memory(other, shared)
    abandoned = gone.resolve()
    gone.unlink()
    keep_in_memory(made, shared)
    assert not abandoned.exists()
    assert {path.name for path in shared.iterdir()} == {
        other.resolve().name,
        made.resolve().name,
    }


def test_after_a_restart_of_the_machine_it_is_made_anew(tmp_path: Path, shared: Path) -> None:
    state = tmp_path / "test"
    keep_in_memory(state, shared)
    shutil.rmtree(state.resolve())
    keep_in_memory(state, shared)
    assert state.is_dir()
