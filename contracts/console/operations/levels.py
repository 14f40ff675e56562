"""How far each contract's schema has come against what this version needs."""

from collections.abc import Sequence
from dataclasses import dataclass

from tenants.models import Contract
from tenants.schema_level import required_migrations


@dataclass(frozen=True)
class Missing:
    """An app whose migrations lag in one schema: what is there, what this version needs."""

    app: str
    applied: str
    needed: str


@dataclass(frozen=True)
class SchemaLevel:
    """One contract's schema. Without `is_made` it is provisioning's to make it."""

    contract: Contract
    is_made: bool
    missing: Sequence[Missing]


def schema_levels() -> list[SchemaLevel]:
    """Return every contract's schema, those that lag first (one query)."""
    levels = [_level(one) for one in Contract.objects.order_by("name", "slug")]
    return sorted(levels, key=lambda one: not one.missing)


def _level(contract: Contract) -> SchemaLevel:
    applied: dict[str, str] = contract.schema_migrations
    if not applied:
        return SchemaLevel(contract, is_made=False, missing=())
    lagging = [
        Missing(app.rpartition("_")[2], applied.get(app, ""), needed)
        for app, needed in required_migrations().items()
        if applied.get(app, "") < needed
    ]
    return SchemaLevel(contract, is_made=True, missing=lagging)
