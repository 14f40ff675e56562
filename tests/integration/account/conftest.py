"""Somebody signed in who looks after their account."""

import pytest
from django.test import Client

from core.accounts.models import User
from tenants.context import ActiveContract
from tests.support.people import make_person, make_provider
from tests.support.sign_in import sign_in_directly


@pytest.fixture
def user(client: Client, contract_a: ActiveContract) -> User:
    """Return Dana, who has just signed in by e-mail and has a phone."""
    person = make_person()
    make_provider(person, contract_a)
    sign_in_directly(client, person)
    return person
