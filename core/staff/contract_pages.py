"""The pages about one contract: each app adds its own, and all stand under the same tabs."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from core.staff.access import StaffRequest
from core.staff.contract_access import holds
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor
from tenants.models import Contract
from tenants.states import ContractState


@dataclass(frozen=True)
class ContractPage:
    """A tab of a contract. `url_name` is an address that takes the slug alone."""

    key: str
    label: str
    url_name: str
    permission: StaffPermission
    place: int
    """Where it stands among the others, by tens from the left."""
    states: frozenset[ContractState] = frozenset(ContractState)
    """In which states of a contract there is such a page."""


@dataclass(frozen=True)
class ContractTab:
    """A tab as it is drawn for somebody."""

    label: str
    url: str
    is_here: bool


_PAGES: dict[str, ContractPage] = {}


def register_contract_page(page: ContractPage) -> None:
    """Add a tab. Called once by the app that owns the page, when it is ready."""
    _PAGES[page.key] = page


def tabs_for(staff: StaffActor, contract: Contract, here: str) -> list[ContractTab]:
    """Return the tabs that somebody may open in a contract, from the left (no query)."""
    pages = sorted(_PAGES.values(), key=lambda page: page.place)
    return [
        ContractTab(page.label, reverse(page.url_name, args=[contract.slug]), page.key == here)
        for page in pages
        if contract.state in page.states and holds(staff, page.permission, contract)
    ]


def contract_page(
    request: StaffRequest,
    template: str,
    contract: Contract,
    here: str,
    context: Mapping[str, object],
) -> HttpResponse:
    """Answer with a page of a contract. `here` is the key of the tab that it belongs to.

    The template extends `staff/contract_base.html`.
    """
    given = {
        "nav_here": "contracts",
        "contract": contract,
        "contract_tabs": tabs_for(request.staff, contract, here),
    }
    return render(request, template, {**given, **context})
