"""A group with two providers in two contracts, and who works there."""

import pytest
from django.test import Client

from core.accounts.models import User
from core.groups.models import Provider, Role
from core.groups.services.memberships import grant_provider_role
from tenants.context import ActiveContract
from tests.support.people import (
    START,
    accept_present_terms,
    make_person,
    make_provider,
)
from tests.support.sign_in import sign_in_directly


@pytest.fixture
def head() -> User:
    return make_person("head")


@pytest.fixture
def elm(head: User, contract_a: ActiveContract) -> Provider:
    return make_provider(head, contract_a)


@pytest.fixture
def oak(head: User, elm: Provider, contract_c: ActiveContract) -> Provider:
    return make_provider(head, contract_c, identifier="1000000012", name="Oak Clinic")


@pytest.fixture
def dana(elm: Provider, head: User, contract_a: ActiveContract) -> User:
    user = make_person("dana")
    accept_present_terms(user, contract_a)
    grant_provider_role(user=user, provider=elm, role=Role.STAFF, by=head.id, at=START)
    return user


@pytest.fixture
def chief(elm: Provider, head: User, contract_a: ActiveContract) -> User:
    """Return a Provider Admin of Elm Clinic."""
    user = make_person("chief")
    accept_present_terms(user, contract_a)
    grant_provider_role(user=user, provider=elm, role=Role.PROVIDER_ADMIN, by=head.id, at=START)
    return user


@pytest.fixture
def stranger_provider(contract_a: ActiveContract) -> Provider:
    """Return a provider of somebody else's group."""
    return make_provider(
        make_person("other"), contract_a, identifier="1000000020", name="Ash Clinic"
    )


@pytest.fixture
def admin(client: Client, head: User, elm: Provider) -> Client:
    sign_in_directly(client, head)
    return client
