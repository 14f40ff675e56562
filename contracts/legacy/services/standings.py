"""Which providers of a file are registered already, and which groups the others form."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from contracts.legacy.groups import AdminRow, NewGroup, form_groups
from contracts.legacy.rows import LegacyRow
from contracts.legacy.services.places import Place
from core.accounts.models import User
from core.common.tables import Rejection
from core.groups.models import Membership, Provider, ProviderGroup, ProviderStatus, Role

ProviderKey = tuple[UUID, str]
_BATCH: Final = 5_000
_NO_ADMIN: Final = (
    "This provider is not registered, and no row makes anybody its Provider Group Admin."
)
_SEVERAL_GROUPS: Final = (
    "Its administrators administer different provider groups already. Name its group in the "
    "column group_name: a new one of that name is made."
)


@dataclass
class Standing:
    """The providers that are there, by what registers once, and the groups to be made.

    `groups_of` are the groups that people of the file administer already.
    """

    providers: dict[ProviderKey, Provider]
    new_groups: Sequence[NewGroup[ProviderKey]]
    groups_of: Mapping[str, Sequence[ProviderGroup]]

    def groups_at_hand(self, new: NewGroup[ProviderKey]) -> Sequence[ProviderGroup]:
        """Return the groups that a new group's administrators have, unless the file names one."""
        if new.names:
            return []
        people = dict.fromkeys(row.person for row in new.rows)
        found = [group for person in people for group in self.groups_of.get(person, [])]
        return list(dict.fromkeys(found))

    def group_of(self, new: NewGroup[ProviderKey]) -> ProviderGroup | None:
        """Return the group that new providers join, or None when they make one."""
        present = self.groups_at_hand(new)
        return present[0] if present else None


def find_standing(
    rows: Sequence[LegacyRow], places: Mapping[int, Place], accounts: Mapping[str, User]
) -> tuple[Standing, list[Rejection]]:
    """Return where the providers of a file stand, and what speaks against rows about new ones.

    A new provider needs an administrator in the file, and an unambiguous group. One whose
    registration has ended is not new: it stays ended.
    """
    providers = _find_providers({places[row.number].key for row in rows})
    new_rows = [row for row in rows if places[row.number].key not in providers]
    admins = [row for row in rows if row.role == Role.GROUP_ADMIN]
    standing = Standing(
        providers=providers,
        new_groups=form_groups(
            AdminRow(row.number, row.name_key, places[row.number].key, row.group_name)
            for row in new_rows
            if row.role == Role.GROUP_ADMIN
        ),
        groups_of=_groups_of(admins, places, providers, accounts),
    )
    return standing, [*_without_admin(new_rows, places), *_ambiguous(standing)]


def _find_providers(keys: set[ProviderKey]) -> dict[ProviderKey, Provider]:
    """Return providers by key; an active one goes before those that have ended."""
    units = sorted({unit for _contract, unit in keys})
    found: dict[ProviderKey, Provider] = {}
    for begin in range(0, len(units), _BATCH):
        named = Provider.objects.filter(unit_key__in=units[begin : begin + _BATCH])
        for provider in named.select_related("group").order_by("registered_at", "id"):
            key = (provider.contract_id, provider.unit_key)
            if key in keys and (key not in found or provider.status == ProviderStatus.ACTIVE):
                found[key] = provider
    return found


def _groups_of(
    admins: Iterable[LegacyRow],
    places: Mapping[int, Place],
    providers: Mapping[ProviderKey, Provider],
    accounts: Mapping[str, User],
) -> dict[str, list[ProviderGroup]]:
    """Return the groups that people administer by now, or by a row about a registered provider."""
    found: dict[str, dict[ProviderGroup, None]] = {}
    held = Membership.objects.filter(role=Role.GROUP_ADMIN, until__isnull=True)
    for row in admins:
        groups = found.setdefault(row.name_key, {})
        provider = providers.get(places[row.number].key)
        if provider is not None and provider.status == ProviderStatus.ACTIVE:
            groups[provider.group] = None
        user = accounts.get(row.name_key)
        if user is not None and not groups:
            for membership in held.filter(user=user).select_related("group").order_by("since"):
                if membership.group is not None:
                    groups[membership.group] = None
    return {person: list(groups) for person, groups in found.items()}


def _without_admin(
    new_rows: Iterable[LegacyRow], places: Mapping[int, Place]
) -> Iterable[Rejection]:
    rows = list(new_rows)
    administered = {places[row.number].key for row in rows if row.role == Role.GROUP_ADMIN}
    for row in rows:
        if places[row.number].key not in administered:
            yield Rejection(row.number, "role", _NO_ADMIN)


def _ambiguous(standing: Standing) -> Iterable[Rejection]:
    for new in standing.new_groups:
        first = new.rows[0].number
        if len(new.names) > 1:
            agreeing = {"", new.names[0].casefold()}
            row = next(row for row in new.rows if row.group_name.casefold() not in agreeing)
            reason = f"Row {first} puts providers with the same administrator into another group."
            yield Rejection(row.number, "group_name", reason)
        elif len(standing.groups_at_hand(new)) > 1:
            yield Rejection(first, "identifier", _SEVERAL_GROUPS)
