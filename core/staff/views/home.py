"""The first page of staff."""

from django.http import HttpResponse
from django.shortcuts import render

from core.common import clock
from core.common.http import get_only
from core.staff.access import StaffRequest, staff_page
from core.staff.needs import needs_of
from tenants import registry


@get_only
@staff_page()
def home(request: StaffRequest) -> HttpResponse:
    """Say what waits, name the roles, and lead to what they may do."""
    names = {contract.id: contract.name for contract in registry.list_contracts()}
    roles = [
        (role.get_role_display(), names.get(role.contract_id, "") if role.contract_id else "")
        for role in request.staff.roles
    ]
    context = {
        "roles": roles,
        "needs": needs_of(request.staff, at=clock.now()),
        "nav_here": "home",
    }
    return render(request, "staff/home.html", context)
