"""Find the browser of the browser tests, or install the distribution's."""

import os
import shutil
import sys

from config.run.first import SetupError, install_debian_package
from config.run.pooler import add_pooler

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


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
    if found is None:
        install_debian_package(
            "chromium fonts-liberation",
            "The browser tests need Chromium, and none is installed; `make test-fast` runs all "
            "that needs no browser.",
        )
        found = find_browser()
        add_pooler()
    if found is None:
        raise SetupError("Chromium was installed but cannot be found in PATH.")
    return found


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{ensure_browser()}\n")
    except SetupError as error:
        sys.exit(str(error))
