"""What the tests of configured roles share: a program that has some, and people who hold them."""

from collections.abc import Mapping

from django.test import Client

from core.accounts.models import User
from core.groups.models import Provider
from core.groups.services.memberships import grant_provider_role
from tenants import registry
from tests.support.people import START, accept_present_terms, make_person
from tests.support.publishing import publish_change
from tests.support.sign_in import sign_in_directly

READER = {
    "key": "reader",
    "name": "Provider Reader",
    "sentence": "Reads.",
    "permissions": ["users.view", "activity.view"],
}
GREETER = {
    "key": "greeter",
    "name": "Provider Greeter",
    "sentence": "Invites.",
    "permissions": ["users.invite", "requests.decide"],
}
LEAD = {
    "key": "lead",
    "name": "Provider Lead",
    "sentence": "Gives roles.",
    "permissions": ["roles.manage", "activity.view"],
}


AUDITOR = {**READER, "key": "auditor", "name": "Office Reader", "third_parties": True}
"""A role that reads, and that a provider may give to an office."""


def offering(*roles: Mapping[str, object], slug: str = "wv-bh") -> None:
    """Let a program have these roles and no others beside the documented ones."""
    publish_change(slug, groups__roles=[dict(role) for role in roles])


def somebody(name: str, role: str, provider: Provider, *, by: User) -> User:
    """Return a person with a role at a provider."""
    user = make_person(name, phone=None)
    accept_present_terms(user, registry.get_contract_by_id(provider.contract_id))
    grant_provider_role(user=user, provider=provider, role=role, by=by.id, at=START)
    return user


def signed_in(user: User) -> Client:
    """Return a browser of somebody who has signed in."""
    client = Client()
    sign_in_directly(client, user)
    return client
