"""The provider that somebody works as at present: shown in the head of every page.

It is shown and never used: each page takes its contract and provider from its own address, so two
tabs cannot mix two of them (docs/adr/0022). The session keeps the last choice for each contract.
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.urls import get_script_prefix, reverse

from core.accounts.access import SignedInRequest
from core.accounts.models import User
from core.accounts.policies import contracts_in_hand, find_contract
from core.common.compiled import CompiledQuery
from core.groups.access import providers_of
from core.groups.models import Provider
from core.groups.permissions import Permission
from core.groups.reach import reach_of
from tenants.context import ActiveContract
from tenants.in_hand import contract_of, is_portal_host

_KEY: Final = "portal_context"
_MOST_KEPT: Final = 20
_FOUND: Final = "portal_context_in_hand"
_OF_PAGE: Final = "portal_context_of_page"


@dataclass(frozen=True)
class Context:
    """What the head shows. Without a provider: none is chosen, and there may be several."""

    contract: ActiveContract | None = None
    provider: Provider | None = None
    has_choice: bool = False
    """Whether there is anything to choose from."""


def choose_context(request: SignedInRequest, provider: Provider) -> None:
    """Keep for this session which provider was chosen; the caller has loaded it as the person's.

    Of a provider only its key is kept, and it is looked up again for every page.
    """
    kept = _kept(request)
    kept.pop(str(provider.contract_id), None)
    kept[str(provider.contract_id)] = str(provider.id)
    request.session[_KEY] = dict(list(kept.items())[-_MOST_KEPT:])


def note_page_of(request: HttpRequest, provider: Provider) -> None:
    """Say that a page is about one provider: the head shows that one, whatever was chosen."""
    setattr(request, _OF_PAGE, provider)


def show_context(request: HttpRequest, context: Context) -> None:
    """Say what the head of a page shows, for whoever knows it without a look-up."""
    setattr(request, _FOUND, context)


def change_path(request: HttpRequest) -> str:
    """Return where to change the context: on a portal host the page of all contracts."""
    path = reverse("context")
    if is_portal_host(request):
        return "/" + path.removeprefix(get_script_prefix())
    return path


def context_in_hand(request: HttpRequest, *, shown: list[Provider] | None = None) -> Context:
    """Return what the head of a page shows (one query, none for a page about one provider).

    `shown` are the person's providers where the page has read them already. A choice that is the
    person's no more falls away here, and the page says so.
    """
    found: Context | None = getattr(request, _FOUND, None)
    if found is None:
        found = _find(request, shown)
        setattr(request, _FOUND, found)
    return found


def _find(request: HttpRequest, shown: list[Provider] | None) -> Context:
    user, here = request.user, contract_of(request)
    if not isinstance(user, User):
        return Context(here)
    if (provider := getattr(request, _OF_PAGE, None)) is not None:
        return _context_of(provider)
    kept = _kept(request)
    key = kept.get(str(here.id), "") if here else next(reversed(kept.values()), "")
    if key:
        chosen = _CHOSEN.first(user_id=user.id, provider_id=UUID(key))
        if chosen is not None:
            return _context_of(chosen) if _is_entered(request, chosen) else Context(here)
        _drop(request, key)
    return _only(request, _first_two(user, here) if shown is None else shown, here)


def _first_two(user: User, here: ActiveContract | None) -> list[Provider]:
    """Return up to two of the person's providers: one is the context, two are a choice."""
    if here is None:
        return _TWO.all(user_id=user.id)
    return _TWO_IN.all(user_id=user.id, contract_id=here.id)


def _only(request: HttpRequest, own: list[Provider], here: ActiveContract | None) -> Context:
    """Return the context of who has not chosen: of one provider, that one."""
    if len(own) == 1 and _is_entered(request, own[0]):
        return _context_of(own[0])
    return Context(here, has_choice=bool(own) or _works_elsewhere(request))


def _works_elsewhere(request: Any) -> bool:
    """Tell whether a portal host shows the person more than the contract in hand (no query)."""
    return is_portal_host(request) and bool(contracts_in_hand(request.user))


def _context_of(provider: Provider) -> Context:
    return Context(find_contract(provider.contract_id), provider, has_choice=True)


def _is_entered(request: Any, provider: Provider) -> bool:
    """Tell whether the session meets the sign-in rules of a provider's contract."""
    return any(one.id == provider.contract_id for one in reach_of(request).contracts)


def _drop(request: HttpRequest, key: str) -> None:
    """Forget a choice that is the person's no more, and say so."""
    request.session[_KEY] = {
        contract: kept for contract, kept in _kept(request).items() if kept != key
    }
    messages.warning(
        request,
        "You no longer work for the provider that you had chosen, or it was given up. Choose "
        "another one under Change Context.",
    )


def _kept(request: HttpRequest) -> dict[str, str]:
    return dict(request.session.get(_KEY, {}))


def _chosen(*, user_id: UUID, provider_id: UUID) -> Any:
    return providers_of(user_id, Permission.PROVIDER_VIEW).filter(pk=provider_id)


def _two(*, user_id: UUID) -> Any:
    return providers_of(user_id, Permission.PROVIDER_VIEW).order_by("id")[:2]


def _two_in(*, user_id: UUID, contract_id: UUID) -> Any:
    own = providers_of(user_id, Permission.PROVIDER_VIEW).filter(contract_id=contract_id)
    return own.order_by("id")[:2]


_CHOSEN: Final[CompiledQuery[Provider]] = CompiledQuery(_chosen)
_TWO: Final[CompiledQuery[Provider]] = CompiledQuery(_two)
_TWO_IN: Final[CompiledQuery[Provider]] = CompiledQuery(_two_in)
