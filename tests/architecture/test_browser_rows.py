"""Browser tests share one portal, and each row of a sample roster can be registered once.

Two tests with one row pass or fail by their order.
"""

import ast
import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROSTERS = ROOT / "contracts" / "programs" / "rosters"
# Registered by the sample users, and refused here on purpose.
REFUSED = {"0000000001"}


def codes() -> set[str]:
    """Return the codes of the sample rosters."""
    found: set[str] = set()
    for roster in ROSTERS.glob("*.csv"):
        with roster.open(newline="") as source:
            found |= {row["code"] for row in csv.DictReader(source) if row["code"]}
    return found - REFUSED


def texts_of_tests(source: str) -> dict[str, set[str]]:
    """Return the texts that each test of a file writes, and those of what it names of the file."""
    named = {name: node for node in ast.parse(source).body for name in names_of(node)}

    def met(name: str, before: set[str]) -> Iterator[str]:
        for part in ast.walk(named[name]):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value
            if isinstance(part, ast.Name) and part.id in named and part.id not in before:
                before.add(part.id)
                yield from met(part.id, before)

    return {name: set(met(name, {name})) for name in named if name.startswith("test_")}


def names_of(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def test_no_two_browser_tests_register_the_same_row() -> None:
    known = codes()
    assert len(known) > 300
    users: dict[str, set[str]] = defaultdict(set)
    for path in (ROOT / "tests" / "browser").glob("*.py"):
        source = path.read_text()
        tests = texts_of_tests(source)
        for name, texts in tests.items():
            for code in known & texts:
                users[code].add(f"{path.name}: {name}")
        # What no test of its own file reaches is for others, who import it.
        shared = {code for code in known if f'"{code}"' in source}
        for code in shared.difference(*tests.values()):
            users[code].add(path.name)
    assert users
    assert {code: sorted(tests) for code, tests in users.items() if len(tests) > 1} == {}


def test_a_row_that_two_tests_reach_through_one_constant_is_found() -> None:
    source = "ROW = '0042'\ndef claim():\n    return ROW\n"
    both = source + "def test_one():\n    claim()\ndef test_other():\n    print(ROW)\n"
    assert texts_of_tests(both) == {"test_one": {"0042"}, "test_other": {"0042"}}
