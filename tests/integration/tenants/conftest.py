"""Fixtures of the tenancy tests.

Most of these tests are about connections and real transactions, and change no rows that stay. A
fresh copy of the database for each would take most of their time, so they share one:
whoever commits something takes it back.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from tenants import registry
from tenants.context import ActiveContract


class Two(NamedTuple):
    """Two contracts."""

    one: ActiveContract
    other: ActiveContract


@pytest.fixture
def real_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give the test connections that commit for real, new ones at its start and at its end."""
    with django_db_blocker.unblock():
        connections.close_all()
        registry.forget()
        yield
        connections.close_all()
        registry.forget()


@pytest.fixture
def two(real_db: None) -> Two:
    """Two sample contracts on connections that commit for real."""
    return Two(registry.get_contract("wv-bh"), registry.get_contract("acentra-sample"))
