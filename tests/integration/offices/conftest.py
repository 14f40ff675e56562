"""A billing office with two people, and a group with a provider in each of two contracts.

`contract_c` lets in third parties, `contract_a` does not.
"""

from datetime import date

import pytest
from django.test import Client

from core.accounts.models import User
from core.common import clock
from core.groups.models import AccessGrant, Membership, Office, Provider, Role
from core.groups.services.access_grants import GrantTerms, give_access
from core.groups.services.assignments import assign_people
from core.groups.services.offices import OfficeFacts, join_office, make_office
from tenants.context import ActiveContract
from tests.support.days import day_of
from tests.support.people import (
    EVERYWHERE,
    accept_present_terms,
    make_person,
    make_provider,
)
from tests.support.sign_in import sign_in_directly

FACTS = OfficeFacts("River Billing", "4 Quay Street", "", "Jackson", "MS", "39201")


def in_days(days: int) -> date:
    return day_of(days=days)


def through(days: int, role: str = Role.STAFF.value) -> GrantTerms:
    """Return access for some days, in a role."""
    return GrantTerms(role, in_days(days))


@pytest.fixture
def head() -> User:
    return make_person("head")


@pytest.fixture
def oak(head: User, contract_c: ActiveContract) -> Provider:
    return make_provider(head, contract_c, identifier="1000000012", name="Oak Clinic")


@pytest.fixture
def elm(head: User, oak: Provider, contract_a: ActiveContract) -> Provider:
    return make_provider(head, contract_a)


@pytest.fixture
def ash(contract_c: ActiveContract) -> Provider:
    """Return a provider of somebody else's group, where third parties are let in, too."""
    return make_provider(
        make_person("other"), contract_c, identifier="1000000020", name="Ash Clinic"
    )


@pytest.fixture
def olive() -> User:
    return make_person("olive")


@pytest.fixture
def office(olive: User) -> Office:
    return make_office(user=olive, facts=FACTS, at=clock.now())


@pytest.fixture
def billie(office: Office, olive: User, contract_c: ActiveContract) -> User:
    """Return somebody who works for the office and has accepted the program's terms."""
    user = make_person("billie")
    accept_present_terms(user, contract_c)
    join_office(office, user, Role.STAFF, by=olive.id, at=clock.now())
    return user


@pytest.fixture
def grant(office: Office, oak: Provider, head: User) -> AccessGrant:
    made = give_access(
        office=office,
        providers=[oak],
        terms=through(90),
        by=head.id,
        entered=EVERYWHERE,
        at=clock.now(),
    )
    return made[0]


@pytest.fixture
def assigned(grant: AccessGrant, billie: User, olive: User) -> Membership:
    return assign_people(grant_id=grant.id, user_ids=[billie.id], by=olive.id, at=clock.now())[0]


def signed_in(user: User) -> Client:
    client = Client()
    sign_in_directly(client, user)
    return client


@pytest.fixture
def admin(head: User, oak: Provider) -> Client:
    return signed_in(head)


@pytest.fixture
def hers(olive: User, office: Office) -> Client:
    """Return the browser of the office's admin."""
    return signed_in(olive)
