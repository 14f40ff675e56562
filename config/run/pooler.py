"""Find PgBouncer, which one of the tests puts between the portal and its database."""

import shutil
from contextlib import suppress
from typing import Final

from config.run.first import SetupError, install_debian_package

PACKAGE: Final = "pgbouncer"
HOW_TO_INSTALL: Final = f"sudo apt-get install --yes {PACKAGE}"
# Where the distribution puts it; not in everybody's PATH.
_FOLDERS: Final = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"


def find_pooler() -> str | None:
    """Return the path of an installed PgBouncer, or None."""
    return shutil.which(PACKAGE) or shutil.which(PACKAGE, path=_FOLDERS)


def add_pooler() -> None:
    """Install PgBouncer beside the browser when it is missing; without it one test is skipped."""
    if find_pooler() is None:
        with suppress(SetupError):
            install_debian_package(PACKAGE, "The test of poolers needs PgBouncer.")
