"""What each kind of module may import inside an app (import-linter holds the order of apps)."""

import ast
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("tenants", "core", "contracts")
# Services and pure modules are called from views, tasks and commands alike, so they know none.
WEB = ("django.http", "django.shortcuts", "rest_framework", "celery", "allauth")
PURE = ("rules", "states.py", "identifiers.py", "phones.py", "crypto.py", "merge.py", "gates.py")

# The outer layers first: each knows those that follow.
ORDER = {"views": 0, "tasks": 0, "urls": 0, "management": 0, "forms": 1, "services": 2}
ORDER |= {"policies": 3, "selectors": 3, "models": 4}


@cache
def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def modules() -> list[Path]:
    return [path for app in APPS for path in sorted((ROOT / app).rglob("*.py"))]


def is_inner(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return "services" in parts or any(part in PURE for part in parts)


INNER = [path for path in modules() if is_inner(path)]


def test_inner_modules_are_found() -> None:
    assert len(INNER) > 15


@pytest.mark.parametrize("path", INNER, ids=lambda path: str(path.relative_to(ROOT)))
def test_services_and_pure_modules_know_nothing_of_the_web(path: Path) -> None:
    hits = {
        name
        for name in imports_of(path)
        for banned in WEB
        if name == banned or name.startswith(f"{banned}.")
    }
    assert hits == set()


def test_allauth_internals_are_used_in_one_module() -> None:
    users = [
        str(path.relative_to(ROOT))
        for path in modules()
        if any(name.startswith("allauth.") and ".internal" in name for name in imports_of(path))
    ]
    assert users in ([], ["core/accounts/signing_in/allauth_wrapper.py"])


def rank_of(names: Iterable[str]) -> int | None:
    """Return how far inside an app a module stands; None for one that is of no layer."""
    return next((ORDER[name] for name in reversed(list(names)) if name in ORDER), None)


def test_inside_an_app_imports_run_one_way() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules()
        if (own := rank_of(path.relative_to(ROOT).with_suffix("").parts)) is not None
        for name in imports_of(path)
        if name.split(".")[0] in APPS
        and (other := rank_of(name.split("."))) is not None
        and other < own
    ]
    assert wrong == []


def says_that_it_is_pure(path: Path) -> bool:
    text, word = path.read_text(), re.compile(r"\b[Pp]ure\b")
    # Most files say it nowhere, and parsing takes a hundred times longer than this look.
    return bool(word.search(text) and word.search(ast.get_docstring(ast.parse(text)) or ""))


@pytest.mark.parametrize(
    "path",
    [path for path in modules() if says_that_it_is_pure(path)],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_what_says_that_it_is_pure_reaches_no_table_and_no_request(path: Path) -> None:
    outside = (
        "django.db",
        "django.http",
        "django.shortcuts",
        "celery",
        "allauth",
        "rest_framework",
    )
    assert [
        name
        for name in imports_of(path)
        if name.startswith(outside) or {"services", "selectors"} & set(name.split("."))
    ] == []
    # An enumeration may come from a module of models; rows may not.
    assert ".objects" not in path.read_text()


def test_what_the_middleware_found_out_is_asked_for_in_one_typed_place() -> None:
    """tenants.in_hand; a name read off the request by hand has no type and its own default."""
    read = re.compile(r"""request,\s*["'](?:contract|site_host|is_portal_host)["']""")
    assert [
        str(path.relative_to(ROOT))
        for path in modules()
        if path.relative_to(ROOT).parts[0] != "tenants" and read.search(path.read_text())
    ] == []


def test_models_do_not_import_services_or_views() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in modules()
        if path.name == "models.py"
        and any(".services" in name or ".views" in name for name in imports_of(path))
    ]
    assert wrong == []


def test_the_librarys_contract_switches_are_not_used() -> None:
    switches = {"schema_context", "tenant_context"}
    wrong = []
    for path in modules():
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if "django_tenants" in text else ():
            if isinstance(node, ast.ImportFrom) and node.module == "django_tenants.utils":
                wrong += [
                    f"{path.name}: {alias.name}" for alias in node.names if alias.name in switches
                ]
    assert wrong == []
