"""Fixtures of the measurements."""

from collections.abc import Iterator

import pytest
from celery import current_app


@pytest.fixture
def announced() -> Iterator[None]:
    """Announce messages to the workers' queue, as at work; none are handed over in place."""
    current_app.conf.task_always_eager = False
    yield
    current_app.conf.task_always_eager = True
