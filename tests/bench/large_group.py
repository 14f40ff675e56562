"""A provider group as large as the portal is built for."""

from django.contrib.auth.hashers import make_password

from core.accounts.models import ContractAccess, User
from core.common.ids import uuid7
from core.groups.models import Membership, Provider, ProviderGroup, ProviderStatus, Role
from tenants.context import ActiveContract
from tests.support.people import START, make_person, make_provider

PROVIDERS = 500
USERS = 5_000


def make_large_group(contract: ActiveContract) -> User:
    """Return the Provider Group Admin of 500 providers and 5,000 users, ten at each."""
    admin = make_person("head")
    group = make_provider(admin, contract).group
    others = [_provider(group, contract, admin, number) for number in range(1, PROVIDERS)]
    Provider.objects.bulk_create(others)
    providers = list(Provider.objects.filter(group=group).order_by("id"))
    unusable = make_password(None)
    users = [_user(number, unusable) for number in range(USERS)]
    User.objects.bulk_create(users, batch_size=1000)
    Membership.objects.bulk_create(
        (
            Membership(
                user=user,
                provider=providers[number % PROVIDERS],
                role=Role.STAFF,
                since=START,
                created_by=admin.id,
            )
            for number, user in enumerate(users)
        ),
        batch_size=1000,
    )
    ContractAccess.objects.bulk_create(
        (ContractAccess(user=user, contract_id=contract.id, since=START) for user in users),
        batch_size=1000,
    )
    return admin


def _provider(group: ProviderGroup, contract: ActiveContract, admin: User, number: int) -> Provider:
    identifier = f"{2_000_000_000 + number}"
    return Provider(
        group=group,
        contract_id=contract.id,
        identifier=identifier,
        identifier_type="npi",
        unit_key=identifier,
        roster_entry_id=uuid7(),
        name=f"Clinic {number:03}",
        provider_type="Behavioral Health Clinic",
        address_1=f"{number} Elm Street",
        city="Charleston",
        state="WV",
        zip="25301",
        status=ProviderStatus.ACTIVE,
        registered_at=START,
        registered_by=admin.id,
    )


def _user(number: int, password: str) -> User:
    return User(
        username=f"user{number:04}",
        email=f"user{number:04}@clinic.example",
        first_name=f"First{number % 100}",
        last_name=f"Last{number:04}",
        password=password,
    )
