"""Fixtures that every test may use; the database's making is in tests/support/database.py.

- `db` (pytest-django) gives the test a transaction that is rolled back, logged in as `portal_app`
  like production. Four sample contracts with their rosters are there, published once in the
  template. A test that needs the owner's login says `@pytest.mark.django_db(databases=["default",
  "owner"])`.
- `@pytest.mark.django_db(transaction=True)` commits for real; afterwards the whole database is
  replaced by a fresh copy of the template, tables and schemas included.
- `contract_a` (identifier, program number), `contract_b` (location, issued codes) and `contract_c`
  (identifier, with a host of its own) are contracts: `with contract_context(contract_a): …`.
"""

import fcntl
import gc
import os
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from unittest import mock

import pytest
from botocore.loaders import create_loader
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

from core.accounts import policies
from tenants import registry
from tenants.context import ActiveContract
from tests.support import database

ROOT = Path(__file__).resolve().parent.parent
# How many new objects bring a round of the collector, how many rounds one of older objects.
_ROUNDS = (50_000, 20, 100)
# Each run draws other examples: many short runs find what one long run finds. For a long one:
# pytest tests/unit --hypothesis-profile=default
# How fast examples are drawn and run says how busy the machine is, and no more.
hypothesis_settings.register_profile(
    "each run", max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("each run")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Let one of several processes collect first: the others read what it has compiled.

    In a fresh clone that is most of the work of collecting.
    """
    gc.set_threshold(*_ROUNDS)
    if not hasattr(session.config, "workerinput"):
        yield
        return
    with Path(__file__).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            fcntl.flock(file, fcntl.LOCK_SH)
            fcntl.flock(file, fcntl.LOCK_UN)
        yield


def pytest_collection_finish() -> None:
    """Leave what is loaded by now out of the collector's rounds: it stays until the end."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark what lies in tests/browser, and run it first.

    pytest-xdist deals the beginning of the list to one process: that one has the portal and the
    browser, and while it waits for them the others have the processor.
    """
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker("browser")
    yield
    items.sort(key=lambda item: "browser" not in item.path.parts)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the process of the browser tests go first: the run takes as long as they do.

    xdist deals them to whichever process is ready first; the others take what is left of the
    processor, and so does that one when it is through with them.
    """
    if hasattr(item.config, "workerinput") and item.get_closest_marker("browser") is None:
        _step_back()


@lru_cache(maxsize=1)
def _step_back() -> None:
    os.nice(5)


@pytest.fixture(scope="session", autouse=True)
def _modules_loaded_first() -> None:
    """Load the modules that are else loaded on first use: tasks, commands, channels.

    Some take the clock's function by name. First loaded in a test that has put another clock in its
    place, they would keep that one for every test after it.
    """
    for folder in ("contracts", "core", "tenants"):
        for module in pkgutil.walk_packages([str(ROOT / folder)], f"{folder}."):
            if ".migrations" not in module.name:
                import_module(module.name)


@pytest.fixture(scope="session", autouse=True)
def _amazons_models_read_once() -> Iterator[None]:
    """Read the models of Amazon's services once: each client of a test would read its own."""
    with mock.patch("botocore.session.create_loader", lru_cache(create_loader)):
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Start the servers and give this process its own copy of the template."""
    # Processes that a test starts work on the same database.
    os.environ["PORTAL_TEST_DATABASE"] = settings.TEST_DATABASE
    with database.running_servers():
        template = database.ensure_template()
        database.clone(template, settings.TEST_DATABASE)
        with _renewed_after_commits(template), django_db_blocker.unblock():
            yield
            connections.close_all()
        database.drop(settings.TEST_DATABASE)


@contextmanager
def _renewed_after_commits(template: str) -> Iterator[None]:
    """Replace Django's way to clean up after a test that committed.

    Django truncates every table: the application's login may not, and the contracts with their
    schemas would be gone. TestCase, which rolls back, overrides the method and is not touched.
    """

    def renew(_case: object) -> None:
        connections.close_all()
        database.clone(template, settings.TEST_DATABASE)
        registry.forget()

    with mock.patch.object(TransactionTestCase, "_fixture_teardown", renew):
        yield


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> None:
    """Give each test with a database an empty cache: counters do not reach over.

    Merged policies are kept by revision: a test that publishes and is rolled back would leave its
    own to the next test that publishes the same revision.
    """
    if request.node.get_closest_marker("django_db") or "db" in request.fixturenames:
        request.getfixturevalue("django_db_setup")
        cache.clear()
        policies._merged.cache_clear()


@pytest.fixture
def contract_a(db: None) -> ActiveContract:
    """Return a contract whose unit is the identifier and whose code is a program number."""
    return _contract("wv-bh")


@pytest.fixture
def contract_b(db: None) -> ActiveContract:
    """Return a contract whose unit is the location and whose codes are issued and secret."""
    return _contract("acentra-sample")


@pytest.fixture
def contract_c(db: None) -> ActiveContract:
    """Return a contract that has a host of its own."""
    return _contract("ms-um")


def _contract(slug: str) -> ActiveContract:
    return registry.get_contract(slug)
