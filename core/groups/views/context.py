"""Change Context: choose the provider and contract to work in, and the page of a provider."""

from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST

from core.accounts.access import SignedInRequest, signed_in
from core.accounts.policies import find_contract
from core.common.http import get_only
from core.groups.access import access_provider, list_providers
from core.groups.context import choose_context, note_page_of
from core.groups.forms import SetupSearchForm
from core.groups.models import Provider
from core.groups.permissions import Permission
from core.groups.reach import reach_of
from core.groups.roles import permissions_of
from core.groups.selectors import list_memberships_at, with_words
from core.groups.setup import page_of
from core.groups.views.shared import page_or_part
from core.groups.wording import number_name, role_names
from tenants.context import ActiveContract
from tenants.in_hand import contract_of, path_in


@get_only
@signed_in
def change(request: SignedInRequest) -> HttpResponse:
    """List the person's providers in the contracts in hand, to search and to choose from."""
    reach = reach_of(request)
    own = list_providers(request.user, Permission.PROVIDER_VIEW)
    form = SetupSearchForm(request.GET)
    found = with_words(own.filter(contract_id__in=reach.contract_ids), form.words())
    page = page_of(found.order_by("name", "id"), request.GET.get("page", ""))
    context = {"form": form, "page": page, "reach": reach, "nav_here": "context"}
    template = page_or_part(request, page="change", part="choices")
    return render(request, f"groups/context/{template}.html", context)


@require_POST
@signed_in
def choose(request: SignedInRequest, provider_id: UUID) -> HttpResponse:
    """Keep the choice, and lead to the provider's page under its contract's address."""
    provider, contract = _load(request, provider_id)
    choose_context(request, provider)
    return HttpResponseRedirect(path_in(contract, request, "provider", provider_id=provider.id))


@get_only
@signed_in
def provider(request: SignedInRequest, provider_id: UUID) -> HttpResponse:
    """Show a provider to who works for it, on the pages of its contract."""
    found, contract = _load(request, provider_id)
    if contract_of(request) is None:
        return HttpResponseRedirect(path_in(contract, request, "provider", provider_id=found.id))
    note_page_of(request, found)
    held = list_memberships_at(found).filter(user=request.user)
    roles = [(one.role, found.contract_id, one.grant_id) for one in held]
    context = {
        "provider": found,
        "number_name": number_name(found, contract),
        "roles": role_names({role for role, _, _ in roles}, found.contract_id),
        "sees_setup": Permission.USERS_VIEW in permissions_of(roles),
        "nav_here": "provider",
    }
    return render(request, "groups/context/provider.html", context)


def _load(request: SignedInRequest, provider_id: UUID) -> tuple[Provider, ActiveContract]:
    """Return a provider of the person and its contract. Raises Http404 out of scope.

    On the pages of a contract the providers of others do not exist.
    """
    found = access_provider(request.user, provider_id, Permission.PROVIDER_VIEW)
    contract, here = find_contract(found.contract_id), contract_of(request)
    if contract is None or (here is not None and here.id != contract.id):
        raise Http404
    return found, contract
