"""A test that fails when the machine is busy proves nothing: speed is measured by `make bench`."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
CLOCKS = {"monotonic", "perf_counter", "process_time", "thread_time"}


def timed_asserts(source: str) -> Iterator[int]:
    """Return the lines on which something has to be over within a time."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare):
            operator, parts = node.test.ops[0], ast.walk(node.test.left)
            reads_clock = any(getattr(part, "attr", None) in CLOCKS for part in parts)
            if reads_clock and isinstance(operator, ast.Lt | ast.LtE):
                yield node.lineno


def test_no_test_has_to_be_over_within_a_time() -> None:
    # The patience of `wait_for` is how long a test waits before it fails.
    waits = {TESTS / "support" / "processes.py"}
    found = [
        f"{path.relative_to(TESTS)}:{line}"
        for path in sorted(TESTS.rglob("*.py"))
        if path not in waits and "bench" not in path.parts
        for line in timed_asserts(path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("assert time.monotonic() - began < 1", [1]),
        ("assert answer <= 2\nassert time.perf_counter() - began <= 2", [2]),
        ("assert time.monotonic() - began >= 1", []),
        ("assert answer.status_code < 500", []),
    ],
)
def test_such_a_line_is_found(source: str, lines: list[int]) -> None:
    assert list(timed_asserts(source)) == lines
