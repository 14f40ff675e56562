"""Browsers in words, as their owner knows them again. Pure.

What a browser says of itself is a hint and may be anything; nothing depends on it.
"""

import re
from typing import Final

UNKNOWN: Final = "Unknown browser"
# The first that fits: a browser names those that it is compatible with, too.
_BROWSERS: Final = (
    (re.compile(r"\bEdg(e|A|iOS)?/"), "Edge"),
    (re.compile(r"\b(OPR|Opera)/"), "Opera"),
    (re.compile(r"\bSamsungBrowser/"), "Samsung Internet"),
    (re.compile(r"\b(Firefox|FxiOS)/"), "Firefox"),
    (re.compile(r"\b(Chrome|CriOS|Chromium)/"), "Chrome"),
    (re.compile(r"\bVersion/[\d.]+.* Safari/"), "Safari"),
)
_SYSTEMS: Final = (
    (re.compile(r"\biPhone\b"), "iPhone"),
    (re.compile(r"\biPad\b"), "iPad"),
    (re.compile(r"\bAndroid\b"), "Android"),
    (re.compile(r"\bWindows\b"), "Windows"),
    (re.compile(r"\b(Macintosh|Mac OS X)\b"), "Mac"),
    (re.compile(r"\bCrOS\b"), "Chromebook"),
    (re.compile(r"\bLinux\b"), "Linux"),
)


def describe_browser(user_agent: str) -> str:
    """Return `Firefox on Windows` and the like for a User-Agent header."""
    text = user_agent[:400]
    browser = next((name for sign, name in _BROWSERS if sign.search(text)), "")
    system = next((name for sign, name in _SYSTEMS if sign.search(text)), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or (f"Browser on {system}" if system else UNKNOWN)
