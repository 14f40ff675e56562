"""What a provider's admin sees of the offices that have access, and how it is loaded for them."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet

from core.common.http import row_or_404
from core.groups.access import list_own_memberships
from core.groups.grant_days import is_living, last_day_of
from core.groups.models import AccessGrant, Membership, Provider
from core.groups.offices import list_assigned, list_living
from core.groups.permissions import Permission
from core.groups.policies import roles_to_give
from core.groups.reach import Reach, list_reached_providers
from core.groups.roles import RoleTerms, terms_of, with_present
from core.groups.selectors import with_words
from core.groups.services.roles import roles_held
from core.groups.setup import MOST_CHOICES, roles_at
from tenants import registry
from tenants.context import ActiveContract


def contracts_with_third_parties(contracts: Sequence[ActiveContract]) -> list[UUID]:
    """Return the keys of those contracts that let in third parties."""
    return [one.id for one in contracts if one.document.groups.third_parties]


def any_lets_in() -> bool:
    """Tell whether any contract lets in third parties: else there is nothing to register for."""
    return bool(contracts_with_third_parties(registry.list_contracts()))


def list_grantable_providers(reach: Reach) -> QuerySet[Provider]:
    """Return the providers to which the person may give access, where contracts let it in."""
    found = list_reached_providers(reach, Permission.THIRD_PARTIES_MANAGE)
    return found.filter(contract_id__in=contracts_with_third_parties(reach.contracts))


def roles_to_grant(reach: Reach, providers: Iterable[Provider]) -> tuple[RoleTerms, ...]:
    """Return the roles that the person may give to offices, at one of some providers or another.

    As `roles_at` has them: the service says whether one is there at the provider that is chosen.
    """
    own = list(list_own_memberships(reach.actor).select_related("provider"))
    offered = roles_at(reach, own, providers, Permission.THIRD_PARTIES_MANAGE)
    return tuple(role for role in offered if role.to_third_parties)


def roles_for_grant(reach: Reach, grant: AccessGrant) -> tuple[RoleTerms, ...]:
    """Return the roles in which such access may go on, the present one among them."""
    contract_id = grant.provider.contract_id
    held = roles_held(reach.actor.id, grant.provider)
    offered = roles_to_give(held, Permission.THIRD_PARTIES_MANAGE, contract_id=contract_id)
    present = terms_of(grant.role, contract_id)
    return with_present(present, (role for role in offered if role.to_third_parties))


@dataclass(frozen=True)
class GrantChoices:
    """The providers that a form offers; `has_more` where a search narrows or would have to."""

    providers: list[Provider]
    has_more: bool


def grant_choices(
    reach: Reach, *, words: Sequence[str] = (), kept: Iterable[str] = ()
) -> GrantChoices:
    """Return those that fit a search, at most `MOST_CHOICES`, after those chosen before it.

    Not those that leave the roster: to them nothing is added.
    """
    grantable = list_grantable_providers(reach).filter(suspends_at=None).order_by("name", "id")
    keys = _keys_among(kept)
    chosen = list(grantable.filter(id__in=keys)) if keys else []
    fitting = list(with_words(grantable, words).exclude(id__in=keys)[: MOST_CHOICES + 1])
    has_more = bool(words) or len(fitting) > MOST_CHOICES
    return GrantChoices(chosen + fitting[:MOST_CHOICES], has_more)


def _keys_among(values: Iterable[str]) -> list[UUID]:
    keys = []
    for value in values:
        with suppress(ValueError):
            keys.append(UUID(value))
    return keys


def list_reached_grants(reach: Reach) -> QuerySet[AccessGrant]:
    """Return all access to the person's providers, also what has ended."""
    found = AccessGrant.objects.filter(provider__in=list_grantable_providers(reach))
    return found.select_related("provider", "office__group")


def list_living_grants(reach: Reach, *, at: datetime) -> QuerySet[AccessGrant]:
    """Return what counts now, by office and provider."""
    found = list_living(list_reached_grants(reach), at=at)
    return found.order_by("office__group__name", "provider__name", "id")


def access_reached_grant(reach: Reach, key: UUID) -> AccessGrant:
    """Return access to one of the person's providers, also ended. Raises Http404 out of reach."""
    return row_or_404(list_reached_grants(reach), key)


def access_reached_assignment(reach: Reach, key: UUID) -> Membership:
    """Return a role by such access, present or past. Raises Http404 out of reach."""
    found = Membership.objects.filter(grant__in=list_reached_grants(reach))
    return row_or_404(found.select_related("user", "provider", "grant__office__group"), key)


@dataclass(frozen=True)
class GrantPart:
    """One office's access to one provider, with the people who work by it."""

    grant: AccessGrant
    role: RoleTerms
    people: Sequence[Membership]
    last_day: date
    is_living: bool


def grant_part(grant: AccessGrant, *, at: datetime) -> GrantPart:
    """Return what the page of a grant shows."""
    return _part(grant, list(list_assigned(grant)), at=at)


def grant_parts(grants: Iterable[AccessGrant], *, at: datetime) -> list[GrantPart]:
    """Return what a list shows of grants (one query)."""
    shown = list(grants)
    people: dict[UUID | None, list[Membership]] = {}
    held = Membership.objects.filter(Membership.HELD, grant__in=shown).select_related("user")
    for one in held.order_by("user__last_name", "user__first_name", "id"):
        people.setdefault(one.grant_id, []).append(one)
    return [_part(one, people.get(one.id, []), at=at) for one in shown]


def _part(grant: AccessGrant, people: Sequence[Membership], *, at: datetime) -> GrantPart:
    role = terms_of(grant.role, grant.provider.contract_id)
    return GrantPart(grant, role, people, last_day_of(grant), is_living(grant, at=at))
