"""What the home page shows of a person's providers, by contract."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet

from core.accounts.models import User
from core.accounts.policies import contracts_in_hand, find_contract
from core.common.compiled import CompiledQuery
from core.groups.access import providers_of
from core.groups.models import Membership, Provider
from core.groups.permissions import Permission
from core.groups.roles import added_roles, role_name
from core.groups.to_do import ToDo, counts_for, to_do, to_do_without_providers
from core.groups.waiting import WaitingProvider, find_waiting_providers
from core.groups.wording import number_name
from core.mfa.proving.stepping_up import Ask, find_ask
from tenants import registry
from tenants.banners import Banner
from tenants.context import ActiveContract
from tenants.snapshot import RestingContract


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
    notices: tuple[Banner, ...] = ()
    """The contract's banners, which its own pages show at their head."""

    @property
    def satisfied(self) -> bool:
        """Tell whether the contract accepts how the person signed in."""
        return self.ask is None


@dataclass(frozen=True)
class Home:
    """The home page: the contracts in view, how many are elsewhere, the person's roles in view.

    A role in a contract that is not entered is no less its data than the provider is.
    `to_do` is what needs doing, the most urgent first; `resting` are programs that nobody is let
    into now, where the person has providers.
    """

    parts: Sequence[ContractPart]
    elsewhere: int
    roles: tuple[str, ...]
    to_do: Sequence[ToDo] = ()
    resting: Sequence[RestingContract] = ()
    waiting: Sequence[tuple[ActiveContract, WaitingProvider]] = ()
    """What the person has registered and staff have not approved yet."""


def build_home(
    user: User, *, contract: ActiveContract | None, used: Sequence[str], at: datetime
) -> Home:
    """Return the home page of a person, on a portal host or in one contract (one query).

    `used` are the channels that the session proved. Contracts that accept none of them leave
    their data out and say what they ask for (design decision 7).
    """
    found = _VISIBLE.all(user_id=user.id)
    parts: dict[UUID, ContractPart] = {}
    for provider in found:
        part = parts.get(provider.contract_id) or _new_part(user, provider.contract_id, used)
        if part is None:
            continue
        parts[provider.contract_id] = part
        if part.satisfied:
            part.cards.append(
                ProviderCard(provider, _roles_for(provider), number_name(provider, part.contract))
            )
    here = [part for key, part in parts.items() if contract is None or key == contract.id]
    cards = [card for part in here for card in part.cards]
    if contract is None:
        for part in here:
            part.notices = registry.banners_at(part.contract, at)
    entered = [part.contract for part in here if part.satisfied]
    return Home(
        parts=sorted(here, key=lambda part: part.contract.name),
        elsewhere=len(parts) - len(here),
        roles=tuple(sorted({role for card in cards for role in card.roles})),
        to_do=to_do(found[0], entered) if found else to_do_without_providers(user.id),
        resting=_resting(provider.contract_id for provider in found),
        waiting=_waiting(user, contract, parts),
    )


def _resting(contracts: Iterable[UUID]) -> list[RestingContract]:
    """Return those of some contracts that are suspended or closed, each once (no query)."""
    found = (registry.find_resting_by_id(key) for key in dict.fromkeys(contracts))
    return [one for one in found if one is not None]


def _waiting(
    user: User, contract: ActiveContract | None, parts: Mapping[UUID, ContractPart]
) -> list[tuple[ActiveContract, WaitingProvider]]:
    """Return what waits for approval in view; no query for most people.

    Who waits works in the contract already, as its policy holds for them: there is something to
    look for where it has no provider of theirs, or lets staff approve.
    """
    here = [one for one in contracts_in_hand(user) if contract is None or one.id == contract.id]
    asks = [
        one
        for one in here
        if one.id not in parts or one.document.registration.approval != "automatic"
    ]
    if not asks:
        return []
    by_key = {one.id: one for one in here}
    found = find_waiting_providers(user)
    return [(by_key[one.contract_id], one) for one in found if one.contract_id in by_key]


def _new_part(user: User, contract_id: UUID, used: Sequence[str]) -> ContractPart | None:
    contract = find_contract(contract_id)
    if contract is None:
        return None
    return ContractPart(contract=contract, ask=find_ask(contract, user, used))


def _roles_for(provider: Any) -> tuple[str, ...]:
    # Somebody may work here twice: by the provider's own admins, and by an access grant.
    held = dict.fromkeys(provider.roles)
    return tuple(role_name(role, provider.contract_id) for role in held)


def _visible_providers(*, user_id: UUID) -> QuerySet[Provider]:
    """Return what a person may see, each provider with the `roles` that they hold there.

    What needs doing comes with it: a statement of its own would be one more for every sign-in.
    """
    held = Membership.objects.filter(
        Membership.HELD,
        Q(group=OuterRef("group")) | Q(provider=OuterRef("pk")),
        user=user_id,
    )
    return (
        providers_of(user_id, Permission.PROVIDER_VIEW)
        .annotate(roles=ArraySubquery(held.order_by("since").values("role")), **counts_for(user_id))
        .order_by("name", "id")
    )


_VISIBLE: CompiledQuery[Any] = CompiledQuery(_visible_providers, given=added_roles)
