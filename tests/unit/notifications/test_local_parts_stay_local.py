"""What serves a local portal only is imported by nothing that production loads."""

import ast
from collections.abc import Iterator
from pathlib import Path

APP = Path(__file__).resolve().parents[3] / "core" / "notifications"
LOCAL = {
    "core.notifications.channels.local",
    "core.notifications.local_calls",
    "core.notifications.local_mailbox",
    "core.notifications.local_urls",
    "core.notifications.local_views",
}


def imported_by(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(path: Path) -> str:
    return "core.notifications." + ".".join(path.relative_to(APP).with_suffix("").parts)


def test_the_list_of_local_modules_is_true() -> None:
    found = {module_of(path) for path in APP.rglob("*.py") if "local" in path.name}
    assert found == LOCAL


def test_no_other_module_imports_a_local_one() -> None:
    offenders = {
        module_of(path): sorted(LOCAL & set(imported_by(path)))
        for path in APP.rglob("*.py")
        if module_of(path) not in LOCAL and LOCAL & set(imported_by(path))
    }
    assert offenders == {}
