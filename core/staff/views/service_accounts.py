"""Service accounts: which programs use the API in their own name; make and end them."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.staff.access import StaffRequest, staff_page
from core.staff.forms import ReasonForm
from core.staff.permissions import StaffPermission
from core.staff.selectors import list_roles_of_service
from core.staff.services.service_accounts import (
    end_service_account,
    make_service_account,
    manages,
)
from core.staff.token_access import (
    access_service_account,
    list_service_accounts,
    require_managing,
)
from core.staff.token_forms import ServiceAccountForm
from core.staff.views.tokens import shown_tokens
from tenants import registry

_SEE, _MANAGE = StaffPermission.STAFF_VIEW, StaffPermission.STAFF_MANAGE


@get_only
@staff_page(_SEE)
def services(request: StaffRequest) -> HttpResponse:
    """List the service accounts that one may see."""
    found = list_service_accounts(request.staff)
    context = {
        "open": found.filter(ended_at__isnull=True),
        "ended": found.filter(ended_at__isnull=False)[:20],
        "may_make": request.staff.may(_MANAGE),
    }
    return _page(request, "services", context)


@get_or_post
@keeps_typed(fields_named("name", "contact", "role", "contract", "reason"))
@staff_page(_MANAGE)
def service_new(request: StaffRequest) -> HttpResponse:
    """Make a service account; with a fresh sign-in and a reason."""
    at = clock.now()
    if not is_fresh(request, request.staff.user, at=at):
        return to_confirmation(request)
    typed = take_typed(request)
    scope = request.staff.scope(_MANAGE)
    form = ServiceAccountForm(request.POST or None, initial=typed, scope=scope)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            made = make_service_account(staff=request.staff, wish=form.wish(), reason=reason, at=at)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "The service account is made. Make a token for it.")
            return HttpResponseRedirect(reverse("staff:service", args=[made.pk]))
    return _page(request, "service_new", {"form": form, "typed_is_back": bool(typed)})


@get_only
@staff_page(_SEE)
def service(request: StaffRequest, service_id: UUID) -> HttpResponse:
    """Show a service account with its roles and tokens."""
    account = access_service_account(request.staff, service_id)
    names = {contract.id: contract.name for contract in registry.list_contracts()}
    context = {
        "account": account,
        "roles": [
            (role, names.get(role.contract_id, "a program out of service"))
            if role.contract_id
            else (role, "whole deployment")
            for role in list_roles_of_service(account)
        ],
        "tokens": shown_tokens(account.user_id),
        "may_act": account.ended_at is None and manages(request.staff, account),
    }
    return _page(request, "service", context)


@get_or_post
@keeps_typed(fields_named("reason"))
@staff_page(_MANAGE)
def service_end(request: StaffRequest, service_id: UUID) -> HttpResponse:
    """Ask why, then end a service account with its tokens."""
    account, at = access_service_account(request.staff, service_id), clock.now()
    require_managing(request.staff, account)
    if not is_fresh(request, request.staff.user, at=at):
        return to_confirmation(request)
    typed = take_typed(request)
    form = ReasonForm(request.POST or None, initial=typed)
    if request.method == "POST" and form.is_valid():
        try:
            end_service_account(
                account=account, reason=form.cleaned_data["reason"], by=request.staff, at=at
            )
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "The service account has ended, with its tokens.")
            return HttpResponseRedirect(reverse("staff:services"))
    context = {"account": account, "form": form, "typed_is_back": bool(typed)}
    return _page(request, "service_end", context)


def _page(request: StaffRequest, name: str, context: dict[str, object]) -> HttpResponse:
    return render(request, f"staff/{name}.html", {"nav_here": "members", **context})
