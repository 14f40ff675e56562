"""Only our own paths are followed."""

import pytest

from core.accounts.paths import is_own_path


@pytest.mark.parametrize("url", ["/", "/home/", "/wv-bh/home/?tab=1", "/a//b"])
def test_own(url: str) -> None:
    assert is_own_path(url)


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
    assert not is_own_path(url)
