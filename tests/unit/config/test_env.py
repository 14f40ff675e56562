"""Environment readers fail loudly and name the variable."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env
from config.databases import database


def test_a_missing_text_is_named() -> None:
    with pytest.raises(ImproperlyConfigured, match="PORTAL_TEST_MISSING"):
        env.env_str("PORTAL_TEST_MISSING")


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv("PORTAL_TEST_FILE", str(tmp_path / "secret"))
    assert env.env_str("PORTAL_TEST") == "from the file"


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("0", False), ("TRUE", True)])
def test_booleans(monkeypatch: pytest.MonkeyPatch, text: str, value: bool) -> None:
    monkeypatch.setenv("PORTAL_TEST", text)
    assert env.env_bool("PORTAL_TEST", default=not value) is value


@pytest.mark.parametrize(
    "reader",
    [lambda: env.env_bool("PORTAL_TEST", default=False), lambda: env.env_int("PORTAL_TEST", 1)],
)
def test_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch, reader: object) -> None:
    monkeypatch.setenv("PORTAL_TEST", "maybe")
    with pytest.raises(ImproperlyConfigured, match="PORTAL_TEST"):
        reader()  # type: ignore[operator]


@pytest.mark.parametrize("text", ["", "short", "1:short", "x:" + "k" * 40])
def test_weak_or_malformed_keys_are_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PORTAL_TEST", text)
    with pytest.raises(ImproperlyConfigured):
        env.env_keys("PORTAL_TEST")


def test_versioned_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_TEST", "1:" + "a" * 32 + ",2:" + "b" * 32)
    assert env.env_keys("PORTAL_TEST") == {1: "a" * 32, 2: "b" * 32}


def test_a_database_url_with_a_socket() -> None:
    settings = database("postgresql://portal_app:p%40ss@/portal?host=/tmp/pg&port=5433")
    assert settings["USER"] == "portal_app"
    assert settings["PASSWORD"] == "p@ss"
    assert settings["HOST"] == "/tmp/pg"
    assert settings["PORT"] == "5433"
    assert settings["NAME"] == "portal"


def test_another_scheme_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured):
        database("mysql://x/y")


def test_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.env_networks("PORTAL_TEST_MISSING") == ()
    monkeypatch.setenv("PORTAL_TEST", "10.0.0.0/8, 2001:db8::7")
    assert [str(network) for network in env.env_networks("PORTAL_TEST")] == [
        "10.0.0.0/8",
        "2001:db8::7/128",
    ]
    monkeypatch.setenv("PORTAL_TEST", "10.0.0.0/8, proxy.internal")
    with pytest.raises(ImproperlyConfigured, match=r"PORTAL_TEST: 'proxy\.internal' is no network"):
        env.env_networks("PORTAL_TEST")


def test_key_versions_are_written_in_plain_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_TEST", "²:" + "a" * 32)
    with pytest.raises(ImproperlyConfigured, match="PORTAL_TEST"):
        env.env_keys("PORTAL_TEST")
