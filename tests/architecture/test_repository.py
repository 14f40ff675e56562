"""Guards on the repository itself: what may stand where."""

import ast
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = ("config", "contracts", "core", "tenants", "templates")
FORBIDDEN_MODULES = {"utils.py", "helpers.py", "misc.py"}


def tracked_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [ROOT / line for line in listing.splitlines() if (ROOT / line).is_file()]


def source_files(*suffixes: str) -> list[Path]:
    return [
        path
        for path in tracked_files()
        if path.suffix in suffixes and path.relative_to(ROOT).parts[0] in SOURCES
    ]


def program_slugs() -> list[str]:
    return sorted(path.stem for path in (ROOT / "contracts" / "programs").glob("*.toml"))


def program_names() -> list[str]:
    documents = (ROOT / "contracts" / "programs").glob("*.toml")
    sections = [tomllib.loads(path.read_text())["contract"] for path in documents]
    return [section[field] for section in sections for field in ("name", "program", "agency")]


def test_the_sample_programs_are_found() -> None:
    assert len(program_slugs()) >= 4


def test_no_code_or_template_names_a_contract() -> None:
    # The names of states alone are no names of contracts: a list of states holds them all.
    names = "|".join(re.escape(name) for name in [*program_slugs(), *program_names()])
    pattern = re.compile(rf"\b({names})\b", re.IGNORECASE)
    hits = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for path in source_files(".py", ".html", ".txt", ".js", ".css")
        if "programs" not in path.parts
        for match in pattern.finditer(path.read_text())
    ]
    assert hits == []


def test_python_files_stay_readable() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in [*source_files(".py"), *(ROOT / "tests").rglob("*.py")]
        if "migrations" not in path.parts and (lines := len(path.read_text().splitlines())) > 400
    }
    assert long == {}


def test_functions_stay_readable() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in source_files(".py")
        if "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= 50
    ]
    assert long == []


def test_every_setting_of_ours_is_read_and_stands_in_the_base() -> None:
    """With its reason beside it; what is read with a default of its own is found by nobody."""
    base = (ROOT / "config" / "settings" / "base.py").read_text()
    defined = set(re.findall(r"^((?:PORTAL|AWS|SMTP)_[A-Z_]+)\b", base, re.MULTILINE))
    # Has no value that could hold everywhere.
    defined.add("PORTAL_SECRET_KEYS")
    code = "".join(path.read_text() for path in source_files(".py") if "settings" not in path.parts)
    read = set(re.findall(r"\bsettings\.((?:PORTAL|AWS|SMTP)_[A-Z_]+)", code))
    assert read - defined == set()
    assert {name for name in defined if not re.search(rf"\b{name}\b", code)} == set()
    assert "getattr(settings," not in code


def test_usernames_and_addresses_are_compared_by_their_index() -> None:
    """An index is over small letters; `iexact` compares capitals (core/common/without_case.py)."""
    slow = re.compile(r"\b(?:username|email)__iexact\b")
    found = [path.name for path in source_files(".py") if slow.search(path.read_text())]
    assert found == []


def test_no_drawer_modules() -> None:
    assert [path for path in source_files(".py") if path.name in FORBIDDEN_MODULES] == []


@pytest.mark.parametrize("name", ["Pipfile", "Pipfile.lock", "package.json", "package-lock.json"])
def test_no_registry_address_in_dependency_files(name: str) -> None:
    text = (ROOT / name).read_text()
    registries = re.compile(r"pypi\.org|pythonhosted|registry\.npmjs|\[\[source\]\]|\"resolved\"")
    assert not registries.search(text)


def test_the_lock_names_no_index_and_hashes_everything() -> None:
    lock = json.loads((ROOT / "Pipfile.lock").read_text())
    assert lock["_meta"]["sources"] == []
    packages = {**lock["default"], **lock["develop"]}
    assert [name for name, entry in packages.items() if "index" in entry] == []
    assert [name for name, entry in packages.items() if not entry.get("hashes")] == []


def test_django_stays_on_the_long_term_release() -> None:
    lock = json.loads((ROOT / "Pipfile.lock").read_text())
    assert lock["default"]["django"]["version"].startswith("==5.2.")


def test_no_placeholder_is_left() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX:|NotImplementedError)\b")
    assert [
        str(path.relative_to(ROOT))
        for path in source_files(".py")
        if marks.search(path.read_text())
    ] == []


def test_decisions_are_numbered_one_after_another() -> None:
    titles = {
        path.name: path.read_text().partition("\n")[0]
        for path in sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    }
    numbers = [int(name[:4]) for name in titles]
    assert numbers == list(range(1, len(titles) + 1))
    assert [
        name for name, title in titles.items() if not title.startswith(f"# {int(name[:4])}. ")
    ] == []


def test_no_link_of_the_file_system_is_tracked() -> None:
    # A tracked link in place of a folder that git ignores would overwrite that folder.
    listing = subprocess.run(
        ["git", "ls-files", "--stage"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    assert [line for line in listing.splitlines() if line.startswith("120000")] == []


def test_pages_write_days_of_their_own_time_zone() -> None:
    """A moment is kept in UTC, whose day is tomorrow on an American evening: `localtime` first."""
    hits = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in source_files(".py")
        if not {"management", "migrations", "models", "models.py", "printing.py"} & {*path.parts}
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None
        if "%" in ast.unparse(node.format_spec) and _is_moment(node.value)
    ]
    assert hits == []


def _is_moment(value: ast.expr) -> bool:
    """Tell whether an expression is named like a moment; a waiver's `until` is a day."""
    if isinstance(value, ast.Attribute):
        return value.attr.endswith("_at")
    return isinstance(value, ast.Name) and value.id in {"at", "moment", "until"}
