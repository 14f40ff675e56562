"""The first page of staff."""

from django.http import HttpResponse
from django.shortcuts import render

from core.common import clock
from core.common.http import get_only
from core.staff.access import StaffRequest, staff_page
from core.staff.needs import needs_of
from core.staff.oidc.providers import list_providers
from core.staff.vouching import vouching_of
from tenants import registry


@get_only
@staff_page()
def home(request: StaffRequest) -> HttpResponse:
    """Say what waits and name the roles; the navigation leads on."""
    at = clock.now()
    names = {contract.id: contract.name for contract in registry.list_contracts()}
    held = request.staff.roles
    asleep = [one for one in vouching_of(request.user, at=at).asleep if one not in held]
    roles = [
        (
            role.get_role_display(),
            names.get(role.contract_id, "") if role.contract_id else "",
            role in asleep,
        )
        for role in [*held, *asleep]
    ]
    context = {
        "roles": roles,
        "may_link": not request.staff.user.signs_in_elsewhere and bool(list_providers()),
        "needs": needs_of(request.staff, at=at),
        "nav_here": "home",
    }
    return render(request, "staff/home.html", context)
