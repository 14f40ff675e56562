"""Register providers."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import IntegrityError, transaction

from core.accounts.models import User
from core.accounts.services.accounts import grant_contract_access
from core.audit.recording import record
from core.common.errors import DomainError
from core.groups.models import Membership, Provider, ProviderGroup, Role
from core.groups.selectors import find_admin_group
from core.groups.services.holding import hold_group
from core.groups.services.memberships import grant_group_admin
from core.groups.services.roles import ChangedMeanwhileError
from tenants.context import ActiveContract


class ProviderRegisteredError(DomainError):
    """The provider is registered in this contract already.

    The person reads the same words as for every other failed registration.
    """

    code: ClassVar[str] = "provider_registered"
    message: ClassVar[str] = "This provider could not be registered. Ask the contact below."


@dataclass(frozen=True)
class ProviderFacts:
    """What a registration knows about the provider, from the roster.

    `unit_key` is what registers once in the contract: the normalized identifier, or the roster
    entry's key where each location registers.
    """

    identifier: str
    identifier_type: str
    unit_key: str
    roster_entry_id: UUID
    name: str
    provider_type: str = ""
    address_1: str = ""
    address_2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    phone: str = ""
    fax: str = ""


@transaction.atomic
def register_provider(
    *,
    user: User,
    group: ProviderGroup | None,
    contract: ActiveContract,
    facts: ProviderFacts,
    by: UUID | None,
    at: datetime,
) -> Provider:
    """Make a provider, its group unless one is given, and the user's admin membership.

    Called by registration inside its completing transaction, and when somebody signed in adds a
    provider. Without a group the oldest that the user administers is taken, else a new one is made.
    A group that is given was held by the caller, who knows that the user may administer it.
    Records `provider.registered`. Raises ProviderRegisteredError: the database decides, so of
    fifty at once one succeeds and the others leave nothing behind.
    """
    home = group or hold_admin_group(user.id) or make_group(facts.name, at=at)
    hold_group(home.id)
    try:
        with transaction.atomic():
            provider = Provider.objects.create(
                group=home,
                contract_id=contract.id,
                registered_at=at,
                registered_by=by or user.id,
                **asdict(facts),
            )
    except IntegrityError as error:
        raise ProviderRegisteredError from error
    grant_group_admin(user=user, group=home, by=by, at=at)
    # Whoever administers the group works in the provider's contract from now on.
    admins = Membership.objects.filter(group=home, until__isnull=True)
    for user_id in admins.order_by("user_id").values_list("user_id", flat=True):
        grant_contract_access(user_id=user_id, contract_id=contract.id, at=at)
    record(
        "provider.registered",
        contract_id=contract.id,
        actor_id=by or user.id,
        subject=("provider", provider.id),
        data={"group": str(home.id), "account": str(user.id)},
        at=at,
    )
    return provider


def hold_admin_group(user_id: UUID, group_id: UUID | None = None) -> ProviderGroup | None:
    """Return a group that an account administers, locked: the chosen one, else the oldest.

    None for who administers none; an office never gets providers. Who stops being its admin at the
    same moment either comes before or waits, and does not become one again by adding a provider.
    Raises ChangedMeanwhileError when the chosen one is not theirs any more.
    """
    while (key := group_id or _oldest(user_id)) is not None:
        group = hold_group(key)
        if _administers(user_id, key):
            return group
        if group_id is not None:
            raise ChangedMeanwhileError
    return None


def _oldest(user_id: UUID) -> UUID | None:
    found = find_admin_group(user_id)
    return found.id if found else None


def _administers(user_id: UUID, group_id: UUID) -> bool:
    return Membership.objects.filter(
        user_id=user_id,
        group_id=group_id,
        group__office__isnull=True,
        role=Role.GROUP_ADMIN,
        until__isnull=True,
    ).exists()


def make_group(name: str, *, at: datetime) -> ProviderGroup:
    """Make a group without providers, in the transaction that gives it its first one."""
    return ProviderGroup.objects.create(name=name, created_at=at)
