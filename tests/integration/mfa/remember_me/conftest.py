"""A cast that remembers, and contracts read anew after each test."""

from collections.abc import Iterator

import pytest
from django.test import Client

from core.accounts.models import User
from tenants import registry
from tenants.context import ActiveContract
from tests.integration.mfa.remembering import come_back, sign_in
from tests.support.people import make_person, make_provider


@pytest.fixture
def dana(contract_a: ActiveContract) -> User:
    user = make_person()
    make_provider(user, contract_a)
    return user


@pytest.fixture
def browser(client: Client, dana: User) -> Client:
    """Return a browser that remembers Login with Phone and was closed since."""
    sign_in(client, dana, "phone")
    return come_back(client)


@pytest.fixture(autouse=True)
def _as_published_before() -> Iterator[None]:
    """Read the contracts anew after a test that published and was rolled back."""
    yield
    registry.forget()
