"""The first page of staff, and the page for those who signed in without an accepted factor."""

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.access import SignedInRequest, signed_in
from core.accounts.allauth_wrapper import methods_used
from core.common import clock
from core.common.http import get_only
from core.staff.access import StaffRequest, portal_only, staff_page
from core.staff.policies import session_suffices, staff_methods
from core.staff.scope import find_staff
from core.staff.wording import METHOD_WORDS
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


@get_only
@portal_only
@signed_in
def factor(request: SignedInRequest) -> HttpResponse:
    """Say which second factor the deployment asks of its staff."""
    if find_staff(request.user, at=clock.now()) is None:
        raise Http404
    if session_suffices(methods_used(request, request.user)):
        return HttpResponseRedirect(reverse("staff:home"))
    words = [METHOD_WORDS[method] for method in staff_methods()]
    return render(request, "staff/factor.html", {"accepted": words})
