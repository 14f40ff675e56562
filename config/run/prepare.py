"""Bring a local portal's data up to date: `python -m config.run.prepare [--summary FILE]`."""

import argparse
import gc
import os
import sys
from pathlib import Path

import django
from django.core.management import CommandError

# Migrating makes classes by the thousand, and few of them are garbage. Own figure: with the usual
# 700 new objects between two rounds of the collector, those take a seventh of the whole time.
_NEW_OBJECTS_BETWEEN_ROUNDS = 50_000


def main(arguments: list[str]) -> int:
    """Prepare the data and write the summary for a person. Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m config.run.prepare", description=__doc__)
    parser.add_argument(
        "--summary", type=Path, help="for a portal that starts: where to write what to try"
    )
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    gc.set_threshold(_NEW_OBJECTS_BETWEEN_ROUNDS, 20, 100)
    django.setup()
    # Models can be imported from here on.
    from config.run.data import import_sample_users, prepare, step  # noqa: PLC0415
    from config.run.statics import collect_static  # noqa: PLC0415
    from config.run.summary import summary  # noqa: PLC0415

    try:
        prepare()
        if options.summary:
            import_sample_users()
            with step("Static files"):
                collect_static()
    except CommandError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if options.summary:
        options.summary.write_text(summary(int(os.environ.get("PORT", "8000"))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
