"""The set-up on a fresh machine: what it stamps and what it says when it cannot go on."""

from pathlib import Path

import pytest

from config.run import browser, first, pooler


def test_the_digest_follows_the_files(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    file.write_text("one")
    before = first.digest_of([file])
    assert first.digest_of([file]) == before
    file.write_text("two")
    assert first.digest_of([file]) != before


def test_without_root_the_one_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(first.SetupError, match=r"sudo sh -c 'apt-get update && .* chromium"):
        first.install_debian_package("chromium", "No browser.")


def test_a_python_that_cannot_make_environments_is_explained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(first.SetupError, match=r"python3\.11-venv"):
        first._need_venv()


def test_a_failed_step_shows_its_last_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(first, "LOG", tmp_path / "setup.log")
    with pytest.raises(first.SetupError, match="no such package"):
        first.run("Installing", ["sh", "-c", "echo no such package; exit 3"])


def test_a_named_browser_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_CHROMIUM", "/opt/chromium/chrome")
    assert browser.find_browser() == "/opt/chromium/chrome"


def test_the_shell_is_preferred_to_a_whole_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"chromium", "google-chrome"}
    monkeypatch.delenv("PORTAL_CHROMIUM", raising=False)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}" if name in there else None)
    assert browser.find_browser() == "/usr/bin/chromium"
    there.add("chromium-headless-shell")
    assert browser.find_browser() == "/usr/bin/chromium-headless-shell"


def test_the_pooler_comes_with_the_browser_and_may_be_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As root on a machine that has neither, where the distribution has no PgBouncer."""
    there: set[str] = set()
    asked: list[str] = []

    def install(name: str, reason: str) -> None:
        asked.append(name)
        if "pgbouncer" in name:
            raise first.SetupError(reason)
        there.update(name.split())

    monkeypatch.delenv("PORTAL_CHROMIUM", raising=False)
    monkeypatch.setattr(
        "shutil.which", lambda name, path=None: f"/usr/bin/{name}" if name in there else None
    )
    monkeypatch.setattr(browser, "_is_there", lambda library: "libatomic1" in there)
    monkeypatch.setattr(browser, "install_debian_package", install)
    monkeypatch.setattr(pooler, "install_debian_package", install)
    assert browser.ensure_browser() == "/usr/bin/chromium-headless-shell"
    assert asked == ["chromium-headless-shell fonts-liberation libatomic1", "pgbouncer"]
    assert browser.ensure_browser() == "/usr/bin/chromium-headless-shell"
    assert len(asked) == 2


def test_without_browser_and_root_the_tests_name_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PORTAL_CHROMIUM", raising=False)
    monkeypatch.setattr("shutil.which", lambda name, path=None: None)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(first.SetupError, match="make test-fast"):
        browser.ensure_browser()
