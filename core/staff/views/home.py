"""The first page of staff."""

from django.http import HttpResponse
from django.shortcuts import render

from core.common.http import get_only
from core.staff.access import StaffRequest, staff_page
from tenants import registry


@get_only
@staff_page()
def home(request: StaffRequest) -> HttpResponse:
    """Name the roles, and lead to what they may do."""
    names = {contract.id: contract.name for contract in registry.list_contracts()}
    roles = [
        (role.get_role_display(), names.get(role.contract_id, "") if role.contract_id else "")
        for role in request.staff.roles
    ]
    return render(request, "staff/home.html", {"roles": roles, "nav_here": "home"})
