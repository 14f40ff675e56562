"""A test that takes the day of now in UTC fails in the evening of the zone it speaks of.

`tests.support.days.day_of` has the day as the pages have it.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]


def days_of_now(source: str) -> Iterator[int]:
    """Return the lines that take the calendar day of a moment counted from now."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) in ("date", "today"):
            within = {getattr(part, "attr", None) for part in ast.walk(node.func)}
            if within & {"now", "today"}:
                yield node.lineno


def test_no_test_takes_the_day_of_now_in_utc() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line}"
        for path in sorted(TESTS.rglob("*.py"))
        for line in days_of_now(path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("day = clock.now().date()", [1]),
        ("\nday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()", [2]),
        ("day = date.today()", [1]),
        ("day = AT.date()", []),
        ("day = day_of(days=1)", []),
    ],
)
def test_such_a_line_is_found(source: str, lines: list[int]) -> None:
    assert list(days_of_now(source)) == lines
