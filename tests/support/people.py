"""A cast for tests: accounts with proven factors, and their way through the sign-in."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.test import Client

from contracts.evidence.services.records import AcceptedTerms
from contracts.registration.selectors import local_date
from contracts.registration.services.providers import accept_terms
from contracts.registration.terms import terms_digest
from core.accounts.models import User
from core.accounts.services.accounts import create_account
from core.common import clock
from core.common.ids import uuid7
from core.groups.models import Membership, Provider, Role
from core.groups.services.memberships import grant_group_admin
from core.groups.services.providers import ProviderFacts, register_provider
from core.mfa.models import Factor, FactorKind
from core.notifications.models import LocalMessage, OutboxMessage
from core.notifications.services.delivery import deliver_message
from core.notifications.states import MessageStatus
from tenants import registry
from tenants.context import ActiveContract

PASSWORD = "Blue-lantern 47 rivers"
PHONE = "+13045550142"


class _Everywhere:
    """What somebody has entered who has entered every contract."""

    def __contains__(self, _contract: object) -> bool:
        return True

    def __iter__(self) -> Iterator[UUID]:
        return iter(one.id for one in registry.list_contracts())


EVERYWHERE = _Everywhere()
START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def after(**delta: float) -> datetime:
    """Return a moment some time after the tests' start."""
    return START + timedelta(**delta)


def make_person(
    name: str = "dana",
    *,
    phone: str | None = PHONE,
    password: str = PASSWORD,
    factors: bool = True,
) -> User:
    """Make an account `<name>@clinic.example` with an e-mail factor and, usually, a phone."""
    user = create_account(
        username=name,
        email=f"{name}@clinic.example",
        first_name=name.title(),
        last_name="Reed",
        password_hash=make_password(password),
        by=None,
        at=START,
    )
    if factors:
        Factor.objects.create(user=user, kind=FactorKind.EMAIL, verified_at=START, created_at=START)
        if phone:
            Factor.objects.create(
                user=user, kind=FactorKind.PHONE, phone=phone, verified_at=START, created_at=START
            )
    return user


def make_provider(
    user: User,
    contract: ActiveContract,
    *,
    identifier: str = "1234567893",
    name: str = "Elm Clinic",
    accepted: bool = True,
) -> Provider:
    """Register a provider for an account, which becomes its Provider Group Admin.

    Like everybody who registers it has accepted the terms of use, unless it is said not to.
    """
    facts = ProviderFacts(
        identifier=identifier,
        identifier_type="npi",
        unit_key=identifier,
        roster_entry_id=uuid7(),
        name=name,
        provider_type="Behavioral Health Clinic",
        address_1="12 Elm Street",
        city="Charleston",
        state="WV",
        zip="25301",
    )
    if accepted:
        accept_present_terms(user, contract)
    return register_provider(
        user=user, group=None, contract=contract, facts=facts, by=user.id, at=START
    )


def give_deputy(user: User) -> User:
    """Give the groups of an account another Provider Group Admin, so that it can be closed."""
    deputy = make_person(f"deputy-of-{user.username}", phone=None)
    for held in Membership.objects.filter(user=user, role=Role.GROUP_ADMIN, until__isnull=True):
        assert held.group is not None
        grant_group_admin(user=deputy, group=held.group, by=None, at=START)
    return deputy


def accept_present_terms(user: User, contract: ActiveContract) -> None:
    """Keep that an account accepted what a contract asks now."""
    terms = contract.document.current_terms(local_date(contract.document, clock.now()))
    accept_terms(
        account_id=user.id,
        contract_id=contract.id,
        terms=AcceptedTerms(terms.version, terms_digest(terms), START),
    )


def deliver_all() -> None:
    """Hand over everything that waits in the outbox, as a worker would."""
    waiting = OutboxMessage.objects.filter(status=MessageStatus.QUEUED).order_by("created_at", "id")
    for message in waiting:
        deliver_message(message_id=message.id, clock=clock.now)


def last_code(to: str) -> str:
    """Return the code in the newest message to an address or number."""
    deliver_all()
    message = LocalMessage.objects.filter(to=to).order_by("-sent_at", "-id").first()
    assert message is not None, f"nothing was sent to {to}"
    found = re.search(r"\b(\d{6})\b", message.code)
    assert found is not None
    return found.group(1)


def sign_in_by_email(client: Client, user: User, *, host: str = "testserver") -> None:
    """Go through Login with Email to the end."""
    client.post(
        "/login/email/", {"email": user.email, "password": PASSWORD}, headers={"host": host}
    )
    client.post("/login/verify/", {"action": "send"}, headers={"host": host})
    code = last_code(user.email)
    client.post("/login/verify/", {"action": "verify", "code": code}, headers={"host": host})
    client.post("/login/verify/", {"action": "continue"}, headers={"host": host})


def session_account(client: Client) -> UUID | None:
    """Return who is signed in with this client."""
    key = client.session.get("_auth_user_id")
    return UUID(key) if key else None
