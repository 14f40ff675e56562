"""Only our own paths are followed."""

import pytest

from core.accounts import paths
from tests.support.naive import fails_with


@pytest.mark.parametrize("url", ["/", "/home/", "/wv-bh/home/?tab=1", "/a//b"])
def test_own(url: str) -> None:
    assert paths.is_own_path(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "home/",
        "//evil.example/",
        "/\\evil.example",
        "/\\/evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\x00home",
        "/" + "a" * 600,
    ],
)
def test_foreign(url: str) -> None:
    assert not paths.is_own_path(url)


@pytest.mark.parametrize("url", ["//evil.example/", "/\\evil.example", "/\x00home"])
def test_whatever_begins_with_a_slash_would_be_foreign_too(url: str) -> None:
    """The naive way: a path begins with a slash."""
    fails_with(
        "core.accounts.paths.is_own_path",
        lambda url: url.startswith("/"),
        lambda: test_foreign(url),
        where="assert not paths.is_own_path(url)",
    )
