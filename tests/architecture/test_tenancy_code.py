"""Ways around the tenancy layer that the linters cannot see."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from tenants.database_router import contract_labels, shared_labels
from tenants.scoping import ContractManager, ContractModel

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path
    for folder in ("config", "tenants", "core", "contracts")
    for path in (ROOT / folder).rglob("*.py")
)
BACKEND = ROOT / "tenants" / "backend"
ENTERING = ("contract_context", "schema_scope", "filling_scope")


def trees(*words: str, besides: tuple[str, ...] = ()) -> Iterator[tuple[Path, ast.Module]]:
    """Parse the files in which a word stands; what has none of them cannot use what they name."""
    for path in SOURCES:
        if not any(str(path.relative_to(ROOT)).startswith(prefix) for prefix in besides):
            text = path.read_text()
            if any(word in text for word in words):
                yield path, ast.parse(text)


def name_of(node: ast.AST) -> str:
    """Return the dotted name of an expression, as far as it is one."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return name_of(node.func)
    return node.id if isinstance(node, ast.Name) else ""


def where(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def test_the_librarys_ways_to_switch_are_not_used() -> None:
    banned = {"set_tenant", "set_schema", "set_schema_to_public", "activate", "deactivate"}
    found = [
        where(path, node)
        for path, tree in trees(*banned, besides=("tenants/backend/",))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in banned
        and name_of(node.func.value).split(".")[-1] in {"connection", "contract", "tenant"}
    ]
    assert found == []


def test_the_librarys_helpers_are_not_imported() -> None:
    allowed = {
        "django_tenants.models",
        "django_tenants.utils.get_public_schema_name",
        "django_tenants.postgresql_backend",
    }
    found = [
        where(path, node)
        for path, tree in trees("django_tenants")
        if "migrations" not in path.parts
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("django_tenants")
        for alias in node.names
        if not {node.module, f"{node.module}.{alias.name}"} & allowed
    ]
    assert found == []


def test_psycopgs_own_transactions_are_not_used_on_djangos_connections() -> None:
    """They would roll back past the backend, which would go on believing in its path."""
    found = [
        where(path, node)
        for path, tree in trees("connection")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"transaction", "rollback", "commit", "pipeline"}
        and name_of(node.value).endswith("connection.connection")
    ]
    assert found == []


def test_a_schema_without_a_contract_is_entered_by_tenancy_alone() -> None:
    found = [
        where(path, node)
        for path, tree in trees("schema_scope", besides=("tenants/",))
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "tenants.context"
        and any(alias.name == "schema_scope" for alias in node.names)
    ]
    assert found == []


def test_generators_never_enter_a_contract() -> None:
    """Between two items the caller would be in the contract, too."""
    found = [
        where(path, function)
        for path, tree in trees(*ENTERING)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        and not any("contextmanager" in name_of(item) for item in function.decorator_list)
        for block in own_nodes(function)
        if isinstance(block, ast.With) and _enters(block)
        if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(block))
    ]
    assert found == []


def _enters(block: ast.With) -> bool:
    return any(name_of(item.context_expr).split(".")[-1] in ENTERING for item in block.items)


def own_nodes(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Return the nodes of a function without those of functions inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))


def test_threads_and_pools_are_started_where_their_context_is_thought_of() -> None:
    """A thread starts with no contract. Whoever starts one says here why that is right."""
    known = {
        "tenants/watching.py",  # looks at the shared schema by its full name
        "tenants/migrating.py",  # enters each schema itself
        "core/webhooks/services/turns.py",  # works on the shared schema alone
        "core/common/probing/asking.py",  # resolves a name
        "contracts/console/services/host_checks.py",  # asks hosts, and the registry
        "contracts/console/data/sealing.py",  # writes to the shared schema, and says so
        "contracts/roster/uploads/leases.py",  # enters the contract in which it was made
    }
    starting = {"Thread", "ThreadPoolExecutor", "Timer"}
    found = {
        str(path.relative_to(ROOT))
        for path, tree in trees(*starting, besides=("config/embedded/", "config/run/"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and name_of(node.func).split(".")[-1] in starting
    }
    assert found - known == set()


def test_each_app_is_wholly_shared_or_wholly_a_contracts() -> None:
    assert not shared_labels() & contract_labels()
    for model in apps.get_models(include_auto_created=True):
        in_contract = model._meta.app_label in contract_labels()
        assert issubclass(model, ContractModel) == in_contract, model
        for field in model._meta.get_fields():
            related = field.related_model
            if related is not None:
                other = related._meta.app_label in contract_labels()
                assert other == in_contract, f"{model.__name__}.{field.name}"


@pytest.mark.parametrize("label", sorted(settings.TENANT_APPS))
def test_every_manager_of_a_contract_model_carries_the_contract(label: str) -> None:
    (config,) = (config for config in apps.get_app_configs() if config.name == label)
    for model in config.get_models():
        assert isinstance(model._base_manager, ContractManager), model
        for manager in model._meta.managers:
            assert isinstance(manager, ContractManager), model


def test_contract_migrations_insert_no_rows_and_can_run_in_a_transaction() -> None:
    """Provisioning replays what the catalogue says, which knows of tables and not of rows."""
    found = []
    for name in settings.TENANT_APPS:
        for path in sorted((ROOT / name.replace(".", "/") / "migrations").glob("[0-9]*.py")):
            text = path.read_text()
            banned = ("RunPython", "INSERT INTO", "atomic = False", "Concurrently")
            found += [f"{path.name}: {word}" for word in banned if word in text]
    assert found == []


def test_the_backend_is_the_only_one_in_every_environment() -> None:
    assert {entry["ENGINE"] for entry in settings.DATABASES.values()} == {"tenants.backend"}
    assert settings.ATOMIC_REQUESTS is False
