"""Find the browser of the browser tests, or install the distribution's."""

import ctypes
import os
import shutil
import sys

from config.run.first import SetupError, install_debian_package
from config.run.pooler import add_pooler

# The shell has no windows to draw and no pages of its own to open beside each of ours: it does the
# same work with about a third of the processor's time. A whole browser does where one is there.
_PACKAGE = "chromium-headless-shell"
_NAMES = (_PACKAGE, "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")

_DRIVERS_LIBRARY = "libatomic.so.1"  # of Playwright's own node; minimal systems lack it


def find_browser() -> str | None:
    """Return the path of an installed Chromium; `PORTAL_CHROMIUM` names one outside the path."""
    named = os.environ.get("PORTAL_CHROMIUM")
    if named:
        return named
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


def ensure_browser() -> str:
    """Return the path of a Chromium, installed now when the machine has none and we are root.

    Raises SetupError with the one command that installs it.
    """
    found = find_browser()
    missing = [] if found else [_PACKAGE, "fonts-liberation"]
    if not _is_there(_DRIVERS_LIBRARY):
        missing.append("libatomic1")
    if missing:
        install_debian_package(
            " ".join(missing),
            "The browser tests need Chromium and what drives it, and not all of it is installed; "
            "`make test-fast` runs all that needs no browser.",
        )
        add_pooler()
    found = found or find_browser()
    if found is None:
        raise SetupError("Chromium was installed but cannot be found in PATH.")
    return found


def _is_there(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{ensure_browser()}\n")
    except SetupError as error:
        sys.exit(str(error))
