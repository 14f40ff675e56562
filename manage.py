"""Django's command line, on the local portal's own servers unless the settings say otherwise.

With local settings and no DATABASE_URL, a command joins the PostgreSQL and Redis of a portal that
runs, or starts them for as long as it lasts.
"""

import os
import sys
from contextlib import AbstractContextManager, nullcontext

# What works without a database; everything else gets one.
_NEEDS_NO_SERVER = {"help", "version", "--help", "--version", "collectstatic", "findstatic"}
# What changes tables by hand logs in as their owner; `migrate_portal` does so by itself.
_OWNERS_COMMANDS = {"migrate", "dbshell"}


def _servers(arguments: list[str]) -> AbstractContextManager[None]:
    local = os.environ["DJANGO_SETTINGS_MODULE"] == "config.settings.local"
    command = arguments[1] if len(arguments) > 1 else "help"
    if not local or os.environ.get("DATABASE_URL") or command in _NEEDS_NO_SERVER:
        return nullcontext()
    from config import embedded  # noqa: PLC0415 (production has none of it)

    return embedded.attached()


def main() -> None:
    """Run the command that the arguments name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    if len(sys.argv) > 1 and sys.argv[1] in _OWNERS_COMMANDS:
        os.environ.setdefault("PORTAL_DB_ROLE", "owner")
    from django.core.management import execute_from_command_line  # noqa: PLC0415
    from django.db import ProgrammingError  # noqa: PLC0415

    with _servers(sys.argv):
        try:
            execute_from_command_line(sys.argv)
        except ProgrammingError as error:
            if not _names_a_missing_table(error):
                raise
            sys.exit(
                "The database has no tables yet, or older ones. Run `make run`, or "
                "`python manage.py migrate_portal` where the database is your own."
            )


def _names_a_missing_table(error: Exception) -> bool:
    return getattr(error.__cause__, "sqlstate", "") in {"42P01", "3F000"}


if __name__ == "__main__":
    main()
