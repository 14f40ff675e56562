"""Browsers in words."""

import pytest

from core.accounts.sessions.user_agents import UNKNOWN, describe_browser

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_4) AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (f"{WINDOWS} Chrome/122.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"{WINDOWS} Chrome/122.0.0.0 Safari/537.36 Edg/122.0", "Edge on Windows"),
        (f"{MAC} Version/17.4 Safari/605.1.15", "Safari on Mac"),
        (f"{IPHONE} CriOS/122.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:123.0) Gecko/20100101 Firefox/123.0",
            "Firefox on Linux",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/122.0 Mobile",
            "Chrome on Android",
        ),
        ("something Windows of its own", "Browser on Windows"),
        ("", UNKNOWN),
        ("<script>" * 1000, UNKNOWN),
    ],
)
def test_browsers(user_agent: str, words: str) -> None:
    assert describe_browser(user_agent) == words
