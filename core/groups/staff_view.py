"""What staff see of an account's roles: those in their contracts, and that there are others."""

from collections.abc import Iterator
from uuid import UUID

from django.utils.timezone import localtime

from core.groups.models import Membership, Provider, ProviderStatus
from core.groups.roles import role_name
from core.staff.people import HeldRole


def list_held_roles(user_id: UUID) -> Iterator[HeldRole]:
    """Yield the roles that an account holds now; one for a whole group once for each contract.

    For the pages of staff (`core.staff.people`), which show of these what is in scope. Two queries,
    whatever their number.
    """
    rows = Membership.objects.filter(Membership.HELD, user_id=user_id)
    held = list(rows.select_related("provider").order_by("since", "id"))
    names = _names_in({one.group_id for one in held if one.provider is None})
    for one in held:
        if one.provider is not None:
            yield _at_provider(one, one.provider)
        else:
            yield from _in_group(one, names.get(one.group_id, {}))


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
    on = localtime(provider.suspends_at)
    return f"{provider.name} (left the roster; suspended on {on:%Y-%m-%d})"


def _names_in(groups: set[UUID | None]) -> dict[UUID | None, dict[UUID | None, list[str]]]:
    """Return the names of active providers by group and contract (one query, none without one)."""
    names: dict[UUID | None, dict[UUID | None, list[str]]] = {}
    active = Provider.objects.filter(group__in=groups, status=ProviderStatus.ACTIVE)
    for group_id, contract_id, name in active.order_by("name").values_list(
        "group_id", "contract_id", "name"
    ):
        names.setdefault(group_id, {}).setdefault(contract_id, []).append(name)
    return names


def _in_group(held: Membership, names: dict[UUID | None, list[str]]) -> Iterator[HeldRole]:
    """An office has no provider and belongs to no contract: only staff of all see it."""
    for key, found in (names or {None: ["an office"]}).items():
        yield HeldRole(
            contract_id=key,
            where=found[0] if len(found) == 1 else f"{found[0]} and {len(found) - 1} more",
            role=role_name(held.role, None),
            since=held.since,
        )
