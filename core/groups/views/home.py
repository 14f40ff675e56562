"""The pages after sign-in that span a person's contracts."""

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render

from core.accounts.access import SignedInRequest, before_entry, signed_in
from core.accounts.signing_in.allauth_wrapper import methods_used
from core.common import clock
from core.common.http import get_only
from core.common.masking import mask_phone
from core.groups.access import list_memberships
from core.groups.home import build_home
from core.groups.models import Provider, ProviderStatus
from core.groups.reach import reach_of
from core.groups.roles import role_name
from core.mfa.proving.stepping_up import step_up_path
from core.mfa.selectors import find_phone
from tenants.in_hand import contract_of
from tenants.routing import absolute_reverse


@get_only
@signed_in
def home(request: SignedInRequest) -> HttpResponse:
    """Name the person, their roles, and their providers by contract."""
    contract = contract_of(request)
    used = methods_used(request, request.user)
    page = build_home(request.user, contract=contract, used=used, at=clock.now())
    for part in page.parts:
        if part.ask is not None:
            part.enter = step_up_path(request, part.contract, back_to=request.get_full_path())
    everywhere = absolute_reverse("home", contract=None) if page.elsewhere else ""
    return render(
        request, "groups/home.html", {"home": page, "everywhere": everywhere, "nav_here": "home"}
    )


@get_only
@signed_in
@before_entry
def account(request: SignedInRequest) -> HttpResponse:
    """My account: who one is here, and the way to everything that can be changed."""
    user = request.user
    phone = find_phone(user.id)
    here, entered = contract_of(request), reach_of(request).entered
    # What another program calls a role is nothing of this one's pages, and who one is in a program
    # is its data: this page opens before it is entered.
    shown = Provider.objects.filter(
        contract__in=entered if here is None else entered & {here.id},
        status=ProviderStatus.ACTIVE,
    )
    of_group = Q(group__office__isnull=False) | Q(group__in=shown.values("group"))
    held = list_memberships(user).filter(Q(provider__in=shown) | of_group)
    roles = held.values_list("role", "provider__contract").distinct()
    context = {
        "phone": mask_phone(phone) if phone else "",
        "roles": sorted({role_name(role, contract_id) for role, contract_id in roles}),
        "nav_here": "account",
    }
    return render(request, "accounts/my_account/overview.html", context)
