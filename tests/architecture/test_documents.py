"""The documents tell the truth: what they name exists, and what exists is named."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import load_command_class

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
FOLDERS = ("config", "contracts", "core", "tenants", "templates", "tests", "docs")
# Documents write these as they are seen from their own place.
FROM_DOCS = ("adr", "howto", "runbooks")
# The environment lies in the repository's folder, too.
OWN_APPS = [
    config
    for config in apps.get_app_configs()
    if Path(config.path).is_relative_to(ROOT) and ".venv" not in Path(config.path).parts
]


def named_paths(document: Path) -> set[str]:
    """Return the paths between backticks that begin with a folder of ours."""
    quoted = re.findall(r"`([\w./-]+/[\w./-]*)`", document.read_text())
    return {path for path in quoted if path.split("/")[0] in {*FOLDERS, *FROM_DOCS}}


def exists(path: str) -> bool:
    base = DOCS if path.split("/", maxsplit=1)[0] in FROM_DOCS else ROOT
    # A decision is named by its number: `adr/0009`.
    return (base / path).exists() or bool(list(base.glob(f"{path}-*.md")))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_that_a_document_names_is_there(document: Path) -> None:
    assert [path for path in sorted(named_paths(document)) if not exists(path)] == []


PROPERTIES = (DOCS / "security-properties.md").read_text()
ROWS = [row for row in re.findall(r"^\| (.+) \|$", PROPERTIES, re.MULTILINE) if "::" in row]


def named_tests(text: str) -> list[tuple[str, str]]:
    """Return the tests that are named: the path of the file, and the function."""
    short = {"i/": "tests/integration/", "u/": "tests/unit/"}
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", text)
    return [(short.get(path[:2], path[:2]) + path[2:], test) for path, test in named]


@cache
def functions_in(path: str) -> dict[str, str]:
    """Return the text of each function at the top of a file of ours; none where there is none."""
    file = ROOT / path
    text = file.read_text() if file.exists() else ""
    found = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    return {node.name: ast.get_source_segment(text, node) or "" for node in found}


def test_every_test_that_proves_a_property_is_there() -> None:
    named = named_tests(PROPERTIES)
    assert len(named) > 100
    assert [one for one in named if one[1] not in functions_in(one[0])] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.partition(" | ")[0])
def test_every_property_has_a_naive_double_at_which_its_test_fails(row: str) -> None:
    proofs, _, doubles = row.partition("naive: ")
    assert named_tests(proofs), "no test of the property itself"
    shown = [functions_in(path)[test] for path, test in named_tests(doubles)]
    assert shown, "no naive double"
    assert [text for text in shown if not re.search(r"\b(fails_with|must_fail)\(", text)] == []


def test_the_code_names_decisions_that_there_are() -> None:
    numbers = {
        number
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        for number in re.findall(r"\badr/(\d{4})", path.read_text())
    }
    assert numbers
    assert [number for number in sorted(numbers) if not exists(f"adr/{number}")] == []


def test_every_decision_is_in_the_list() -> None:
    listed = re.findall(r"\]\(([^)]+\.md)\)", (DOCS / "adr" / "README.md").read_text())
    assert listed == sorted(path.name for path in (DOCS / "adr").glob("[0-9]*.md"))


@pytest.mark.parametrize("folder", ["howto", "runbooks"])
def test_every_guide_is_named_where_newcomers_look(folder: str) -> None:
    entrances = (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()
    guides = sorted((DOCS / folder).glob("*.md"))
    assert guides
    assert [path.name for path in guides if f"docs/{folder}/{path.name}" not in entrances] == []


def own_commands() -> list[str]:
    """Return every management command of ours with its acts: `roster import`."""
    found = []
    for config in OWN_APPS:
        for path in sorted((Path(config.path) / "management" / "commands").glob("[a-z]*.py")):
            parser = load_command_class(config.name, path.stem).create_parser("", path.stem)
            # argparse has no public way to ask for the acts of a command.
            groups = parser._subparsers._group_actions if parser._subparsers else []
            acts = [act for group in groups for act in group.choices or ()]
            found += [f"{path.stem} {act}" for act in acts] or [path.stem]
    return found


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text().replace("\\|", "|")
    rows = re.findall(r"`python manage.py (\w+)(?: ([\w|-]+))?", readme)
    named = {f"{name} {act}".strip() for name, acts in rows for act in acts.split("|")}
    # Django's own commands, which we only keep from being used where they do harm.
    guarded = {"migrate", "migrate_schemas"}
    assert [name for name in own_commands() if name not in named | guarded] == []


def test_every_make_target_is_in_the_readme() -> None:
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    readme = (ROOT / "README.md").read_text()
    assert targets
    assert [name for name in targets if f"make {name}" not in readme] == []


def test_every_variable_of_production_is_in_the_runbook() -> None:
    sources = {
        "config/settings/production.py": r'(?:env_\w+|environ\.get)\(\s*"([A-Z_]+)"',
        "config/gunicorn.py": r'environ\.\w+\("([A-Z_]+)"',
        "Procfile": r"\$\{([A-Z_]+)",
    }
    read = {
        name
        for path, pattern in sources.items()
        for name in re.findall(pattern, (ROOT / path).read_text())
    }
    assert len(read) > 20
    runbook = (DOCS / "runbooks" / "deploy.md").read_text()
    assert [name for name in sorted(read) if f"`{name}`" not in runbook] == []


def test_every_app_is_in_the_table_of_the_design() -> None:
    design = (DOCS / "design.md").read_text()
    folders = [str(Path(config.path).relative_to(ROOT)) for config in OWN_APPS]
    assert len(folders) > 10
    assert [folder for folder in folders if f"| `{folder}/` |" not in design] == []
