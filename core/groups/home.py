"""What the home page shows of a person's providers, by contract."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from core.accounts.models import User
from core.accounts.policies import find_contract
from core.groups.access import list_memberships, providers_within
from core.groups.models import Membership, Provider, Role
from core.groups.permissions import Permission
from core.groups.wording import number_name
from core.mfa.proving.stepping_up import Ask, find_ask
from tenants.context import ActiveContract


@dataclass(frozen=True)
class ProviderCard:
    """One provider, and what the person is for it."""

    provider: Provider
    roles: tuple[str, ...]
    identifier_label: str


@dataclass
class ContractPart:
    """The providers of one contract; none are shown until its sign-in rules are met."""

    contract: ActiveContract
    ask: Ask | None
    enter: str = ""
    """Where the person proves what the contract asks for, on the host in hand."""
    cards: list[ProviderCard] = field(default_factory=list)

    @property
    def satisfied(self) -> bool:
        """Tell whether the contract accepts how the person signed in."""
        return self.ask is None


@dataclass(frozen=True)
class Home:
    """The home page: the contracts in view, how many are elsewhere, the person's roles in view."""

    parts: Sequence[ContractPart]
    elsewhere: int
    roles: tuple[str, ...]


def build_home(user: User, *, contract: ActiveContract | None, used: Sequence[str]) -> Home:
    """Return the home page of a person, on a portal host or in one contract.

    `used` are the channels that the session proved. Contracts that accept none of them leave
    their data out and say what they ask for (design decision 7).
    """
    memberships = list(list_memberships(user))
    found = list(providers_within(memberships, Permission.PROVIDER_VIEW).order_by("name", "id"))
    parts: dict[UUID, ContractPart] = {}
    for provider in found:
        part = parts.get(provider.contract_id) or _new_part(user, provider.contract_id, used)
        if part is None:
            continue
        parts[provider.contract_id] = part
        if part.satisfied:
            part.cards.append(
                ProviderCard(
                    provider,
                    _roles_for(provider, memberships),
                    number_name(provider, part.contract),
                )
            )
    here = [part for key, part in parts.items() if contract is None or key == contract.id]
    own = [one for one in found if contract is None or one.contract_id == contract.id]
    return Home(
        parts=sorted(here, key=lambda part: part.contract.name),
        elsewhere=len(parts) - len(here),
        roles=tuple(sorted({role for one in own for role in _roles_for(one, memberships)})),
    )


def _new_part(user: User, contract_id: UUID, used: Sequence[str]) -> ContractPart | None:
    contract = find_contract(contract_id)
    if contract is None:
        return None
    return ContractPart(contract=contract, ask=find_ask(contract, user, used))


def _roles_for(provider: Provider, memberships: Sequence[Membership]) -> tuple[str, ...]:
    return tuple(
        Role(one.role).label
        for one in memberships
        if one.group_id == provider.group_id or one.provider_id == provider.id
    )
