"""What staff see of an account's roles: those in their contracts, and that there are others."""

from collections.abc import Iterator
from uuid import UUID

from core.groups.models import Membership, Provider, ProviderStatus
from core.groups.roles import role_name
from core.staff.people import HeldRole


def list_held_roles(user_id: UUID) -> Iterator[HeldRole]:
    """Yield the roles that an account holds now; one for a whole group once for each contract.

    For the pages of staff (`core.staff.people`), which show of these what is in scope.
    """
    held = Membership.objects.filter(Membership.HELD, user_id=user_id)
    for one in held.select_related("provider", "group").order_by("since", "id"):
        if one.provider is not None:
            yield _at_provider(one, one.provider)
        else:
            yield from _in_group(one)


def _at_provider(held: Membership, provider: Provider) -> HeldRole:
    return HeldRole(
        contract_id=provider.contract_id,
        where=_place_of(provider),
        role=role_name(held.role, provider.contract_id),
        since=held.since,
    )


def _place_of(provider: Provider) -> str:
    if provider.suspends_at is None:
        return provider.name
    return f"{provider.name} (left the roster; suspended on {provider.suspends_at:%Y-%m-%d})"


def _in_group(held: Membership) -> Iterator[HeldRole]:
    """An office has no provider and belongs to no contract: only staff of all see it."""
    providers = Provider.objects.filter(group=held.group_id, status=ProviderStatus.ACTIVE)
    names: dict[UUID | None, list[str]] = {}
    for contract_id, name in providers.order_by("name").values_list("contract_id", "name"):
        names.setdefault(contract_id, []).append(name)
    for key, found in (names or {None: ["an office"]}).items():
        yield HeldRole(
            contract_id=key,
            where=found[0] if len(found) == 1 else f"{found[0]} and {len(found) - 1} more",
            role=role_name(held.role, None),
            since=held.since,
        )
