"""The naive way in the place of ours: what a test asserts must fail with it."""

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest


def fails_with(target: str, naive: Any, check: Callable[[], object]) -> None:
    """Put a naive double where `target` is looked up, and show that the same assertion fails.

    `check` is what the test of the real thing calls; it makes its own data each time.
    """
    with mock.patch(target, naive), pytest.raises(AssertionError):
        check()
