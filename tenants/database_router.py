"""Which app's tables belong in which schema: each app is wholly shared or wholly a contract's."""

from functools import cache
from typing import Any

from django.apps import apps
from django.conf import settings

from tenants.context import current_schema


@cache
def contract_labels() -> frozenset[str]:
    """Return the labels of the apps whose tables stand in each contract's schema."""
    return frozenset(_label(name) for name in settings.TENANT_APPS)


@cache
def shared_labels() -> frozenset[str]:
    """Return the labels of the apps whose tables stand in the shared schema."""
    return frozenset(_label(name) for name in settings.SHARED_APPS)


def _label(name: str) -> str:
    return next(config.label for config in apps.get_app_configs() if config.name == name)


class SchemaRouter:
    """Migrates shared apps where no contract is in hand and contract apps where one is."""

    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **hints: Any
    ) -> bool | None:
        """Say whether an app's tables belong in the schema in hand."""
        labels = shared_labels() if current_schema() is None else contract_labels()
        return None if app_label in labels else False

    def allow_relation(self, obj1: Any, obj2: Any, **hints: Any) -> bool | None:
        """Refuse a foreign key between the shared schema and a contract's."""
        contract = contract_labels()
        first, second = obj1._meta.app_label, obj2._meta.app_label
        return None if (first in contract) == (second in contract) else False
