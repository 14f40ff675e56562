"""The naive way in the place of ours: what a test asserts must fail with it."""

import linecache
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb
from typing import Any
from unittest import mock

import pytest

TESTS = Path(__file__).resolve().parent.parent


def fails_with(target: str, naive: Any, check: Callable[[], object], *, where: str) -> None:
    """Put a naive double where `target` is looked up, and show that the same assertion fails.

    `check` is the test of the real thing, or what it calls; it makes its own data each time. See
    `must_fail` for `where`.
    """
    with mock.patch(target, naive), must_fail(where=where):
        check()


@contextmanager
def must_fail(*, where: str) -> Iterator[None]:
    """Show that the assertion with the words `where` fails, and none before it.

    A double that is refused for another reason, or that breaks the page, proves nothing.
    """
    with pytest.raises((AssertionError, pytest.fail.Exception)) as failure:
        yield
    failed = _failed_statement(failure.value)
    assert failed.startswith(("assert ", "with ")), failed
    assert where in f"{failed}\n{failure.value}", f"{failed}\n{failure.value}"


def _failed_statement(error: BaseException) -> str:
    """Return the statement of a test at which an assertion failed, on one line."""
    inside = [
        frame
        for frame in extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(TESTS) and frame.filename != __file__
    ]
    assert inside, f"no test has asserted this: {error}"
    last = inside[-1]
    lines = range(last.lineno or 0, (last.end_lineno or last.lineno or 0) + 1)
    return " ".join(linecache.getline(last.filename, line).strip() for line in lines)
