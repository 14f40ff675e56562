"""The contract in hand: what the middleware found out about a request, typed, for every view."""

from django.http import HttpRequest
from django.urls import get_script_prefix, reverse

from tenants import registry
from tenants.configuration.document import BrandSection
from tenants.context import ActiveContract


def contract_of(request: HttpRequest) -> ActiveContract | None:
    """Return the contract whose page this is; None on a portal host without one."""
    contract: ActiveContract | None = getattr(request, "contract", None)
    return contract


def contract_key_of(request: HttpRequest) -> str:
    """Return the key of the contract in hand as text, "" without one: what a session can keep."""
    contract = contract_of(request)
    return str(contract.id) if contract else ""


def is_portal_host(request: HttpRequest) -> bool:
    """Tell whether the host serves all contracts; one that nobody found out about counts as one."""
    found: bool = getattr(request, "is_portal_host", True)
    return found


def site_host_of(request: HttpRequest) -> str:
    """Return which of the configured hosts a request came to, "" for none; never its header."""
    host: str = getattr(request, "site_host", "")
    return host


def brand_of(request: HttpRequest) -> BrandSection:
    """Return the brand of the contract or portal host that a request came to."""
    contract = contract_of(request)
    if contract is not None:
        return contract.document.brand
    return registry.get_deployment().brand_of(site_host_of(request))


def path_in(contract: ActiveContract, request: HttpRequest, name: str, **kwargs: object) -> str:
    """Return the path of a page of a contract on the host that is being visited.

    On a portal host every contract is under its slug; on a contract's own host there is no other.
    """
    path = reverse(name, kwargs=kwargs)
    if contract_of(request) == contract or not is_portal_host(request):
        return path
    return f"/{contract.slug}/{path.removeprefix(get_script_prefix())}"
