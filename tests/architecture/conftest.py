"""Who asks for every address, and what their refusals leave."""

import pytest
from django.test import Client

from core.accounts.models import User
from core.groups.models import Role
from core.groups.services.memberships import grant_provider_role
from tenants.context import ActiveContract
from tests.integration.setup.configured import READER, offering
from tests.support.people import (
    START,
    accept_present_terms,
    make_person,
    make_provider,
)
from tests.support.refusals import RecordedRefusals
from tests.support.sign_in import sign_in_directly


@pytest.fixture
def clients(contract_a: ActiveContract) -> dict[str, Client]:
    admin = make_person("group-admin", phone=None)
    provider = make_provider(admin, contract_a)
    people: dict[str, User | None] = {"nobody": None, "group_admin": admin}
    offering(READER)
    for role, member in (
        ("staff", Role.STAFF.value),
        ("reader", "reader"),
        ("provider_admin", Role.PROVIDER_ADMIN.value),
    ):
        person = make_person(role.replace("_", "-"), phone=None)
        people[role] = person
        grant_provider_role(user=person, provider=provider, role=member, by=admin.id, at=START)
        accept_present_terms(person, contract_a)
    people["outsider"] = make_person("outsider", phone=None)
    ready = {}
    for role, user in people.items():
        ready[role] = Client()
        if user is not None:
            sign_in_directly(ready[role], user)
    return ready


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> RecordedRefusals:
    return RecordedRefusals(monkeypatch)
