"""What the pages of Setup need beside their rows."""

from collections.abc import Hashable
from functools import partial
from typing import Any, Final, NamedTuple, TypedDict, cast
from urllib.parse import urlencode
from uuid import UUID

from django import template
from django.db.models import Count, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from core.accounts.models import User
from core.accounts.policies import contracts_in_hand, find_contract
from core.common.compiled import CompiledQuery
from core.groups.context import Context, change_path, context_in_hand
from core.groups.forms import SetupSearchForm
from core.groups.models import Invitation, JoinRequest, Membership, Provider
from core.groups.permissions import Permission
from core.groups.reach import (
    Reach,
    list_reached_providers,
    list_reached_requests,
    list_reached_users,
)
from core.groups.reviewing.listing import contracts_asking, list_waiting_reviews
from core.groups.reviewing.rules import rules_of
from core.groups.roles import added_roles
from core.groups.roles import role_name as _role_name
from core.groups.third_parties import any_lets_in, list_grantable_providers
from core.groups.wording import mail_words
from core.groups.wording import number_name as _number_name
from tenants.configuration.document import SupportContact
from tenants.context import ActiveContract
from tenants.in_hand import contract_of, is_portal_host, path_in, site_host_of
from tenants.routing import absolute_reverse

register = template.Library()


class Counts(TypedDict):
    """What stands in brackets on the tabs."""

    providers: int
    users: int
    requests: int
    reviews: int
    open_to_third_parties: int
    """Not shown: at how many providers the admin may give offices access."""


@register.simple_tag
def tab_counts(reach: Reach) -> Counts:
    """Return how many providers, users and requests an admin reaches, and what the tabs need else.

    One query; the reviews are of the contracts that ask for one. Its text is made once for some
    contracts as they are configured now: Django takes longer for it than for the rest of a page.
    """
    about = tuple(
        (one.id, rules_of(one) is not None, one.document.groups.third_parties)
        for one in reach.contracts
    )
    made = _made.get(key := (about, added_roles()))
    if made is None:
        if len(_made) >= _MOST_MADE:
            _made.clear()
        made = _made[key] = CompiledQuery(partial(_counts, reach.contracts))
    [counts] = made.all(actor_id=reach.actor.pk)
    return cast("Counts", dict(zip(Counts.__annotations__, counts, strict=True)))


_MOST_MADE: Final = 256
"""Texts that a process keeps, 10 kB each: one for each set of contracts that somebody works in."""
_made: dict[Hashable, CompiledQuery[Any]] = {}


def _counts(contracts: tuple[ActiveContract, ...], actor_id: UUID) -> QuerySet[Any, Any]:
    reach = Reach(User(pk=actor_id), contracts, left_out=0, entered=frozenset())
    return User.objects.filter(pk=actor_id).values_list(
        _number_of(list_reached_providers(reach, Permission.USERS_VIEW)),
        _number_of(list_reached_users(reach, Permission.USERS_VIEW)),
        _number_of(list_reached_requests(reach)),
        _number_of(list_waiting_reviews(reach)),
        _number_of(list_grantable_providers(reach)),
    )


def _number_of(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().values(all=Value(1)).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


@register.simple_tag
def asks_for_review(reach: Reach) -> bool:
    """Tell whether a contract in reach has an access review."""
    return bool(contracts_asking(reach))


@register.simple_tag
def contract_name(reach: Reach, provider: Provider) -> str:
    """Return the name of a provider's contract."""
    return reach.name_of(provider.contract_id)


@register.simple_tag
def number_name(reach: Reach, provider: Provider) -> str:
    """Return what a provider's number is called in its contract."""
    contract = next((one for one in reach.contracts if one.id == provider.contract_id), None)
    return _number_name(provider, contract) if contract else ""


@register.simple_tag
def program_contact(provider: Provider) -> SupportContact | None:
    """Return whom to ask first in a provider's program (no query)."""
    contract = find_contract(provider.contract_id)
    return next(iter(contract.document.support), None) if contract else None


@register.simple_tag(takes_context=True)
def current_context(context: template.Context) -> Context:
    """Return the provider and contract for the head of a page; home has read the providers."""
    home = context.get("home")
    shown = [card.provider for part in home.parts for card in part.cards] if home else None
    return context_in_hand(context["request"], shown=shown)


@register.simple_tag(takes_context=True)
def change_context_path(context: template.Context) -> str:
    """Return the path of Change Context."""
    return change_path(context["request"])


@register.simple_tag(takes_context=True)
def office_path(context: template.Context) -> str:
    """Return where an office's admins go, on the portal host."""
    return absolute_reverse("offices:offices", contract=None, host=site_host_of(context["request"]))


@register.simple_tag(takes_context=True)
def office_registration_path(context: template.Context) -> str:
    """Return where an office registers; nothing where no program in hand lets in third parties."""
    request = context["request"]
    here = contract_of(request)
    lets_in = here.document.groups.third_parties if here else any_lets_in()
    if not (is_portal_host(request) and lets_in):
        return ""
    return absolute_reverse("offices:register", contract=None, host=site_host_of(request))


class OwnProgram(NamedTuple):
    """A program in which somebody works, and the address of its home page."""

    name: str
    address: str


@register.simple_tag(takes_context=True)
def own_programs(context: template.Context) -> list[OwnProgram]:
    """Return the programs in which the signed-in person works, but the one in hand (no query)."""
    request = context["request"]
    here = contract_of(request)
    return [
        OwnProgram(
            one.name,
            path_in(one, request, "home")
            if is_portal_host(request)
            else absolute_reverse("home", contract=one),
        )
        for one in sorted(contracts_in_hand(request.user), key=lambda one: one.name)
        if here is None or one.id != here.id
    ]


@register.filter
def role_name(held: Membership | Invitation | JoinRequest) -> str:
    """Return what the role is called that somebody has, is invited to or was given."""
    place = held.provider if isinstance(held, JoinRequest) else held
    return _role_name(held.role, place.contract_id)


@register.filter
def role_at(role: str | None, provider: Provider) -> str:
    """Return what a role at a provider is called; nothing for none."""
    return _role_name(role, provider.contract_id) if role else ""


@register.filter
def mail_state(status: str | None) -> str:
    """Return what became of a mail, in words."""
    return mail_words(status)


@register.simple_tag
def search_query(form: SetupSearchForm) -> str:
    """Return what a link to another page of a list keeps of its search."""
    words = " ".join(form.words())
    return urlencode({"q": words}) + "&" if words else ""
