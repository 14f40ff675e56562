"""Which migrations a contract's schema must have for this code to serve the contract.

Migrations expand first and contract later, so code and schemas may differ for the length of a
release. A contract whose own migration failed answers 503 alone; the others go on.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

from django.apps import apps

from tenants.database_router import contract_labels

_MIGRATION = re.compile(r"^(\d{4}_\w+)\.py$")


@cache
def required_migrations() -> Mapping[str, str]:
    """Return the migration of each contract app that this code needs.

    That is the newest one, unless the app's configuration names an older one as
    `minimum_migration`. Files are listed, not imported: web processes need no migration code.
    """
    required: dict[str, str] = {}
    for config in apps.get_app_configs():
        if config.label in contract_labels():
            needed = getattr(config, "minimum_migration", None) or newest_migration(config.name)
            if needed:
                required[config.label] = needed
    return required


def newest_migration(app_name: str) -> str | None:
    """Return the name of an app's last migration, None for an app without any."""
    package = import_module(f"{app_name}.migrations")
    folder = Path(str(package.__path__[0]))
    names = [match[1] for path in folder.iterdir() if (match := _MIGRATION.match(path.name))]
    return max(names, default=None)


def is_behind(applied: Mapping[str, str]) -> bool:
    """Say whether a schema whose last migrations are `applied` lacks one that the code needs."""
    return any(applied.get(label, "") < needed for label, needed in required_migrations().items())
