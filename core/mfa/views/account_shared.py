"""What the pages of an account's own factors have in common."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.access import SignedInRequest
from core.accounts.models import User
from core.accounts.paths import own_path_or
from core.accounts.policies import policy_for
from core.accounts.sessions.lifecycle import carry_on
from core.accounts.signing_in.allauth_wrapper import forget_methods, note_method
from core.mfa.models import STRONGER
from core.mfa.selectors import count_recovery_codes, kinds_of
from tenants.in_hand import contract_of


def methods_for(request: SignedInRequest) -> set[str]:
    """Return the methods that are of use: what the person's contracts accept, the deployment of
    its staff, and the contract in hand.

    Somebody who is about to join a contract enrols what it accepts before.
    """
    accepted: set[str] = set(policy_for(request.user).any_methods)
    contract = contract_of(request)
    return accepted.union(contract.document.mfa.methods) if contract else accepted


def after_adding(request: SignedInRequest, user: User, method: str, *, told: str) -> HttpResponse:
    """Go on after a factor was added: it counts as proven now; codes come first where none are.

    The session gets a new identifier and outlives the change, as the only one.
    """
    note_method(request, user, method)
    carry_on(request, user)
    messages.success(request, told)
    if count_recovery_codes(user.id):
        return HttpResponseRedirect(next_of(request))
    query = urlencode({"next": next_of(request)})
    return HttpResponseRedirect(f"{reverse('mfa:factor_recovery')}?{query}")


def after_change(request: SignedInRequest, user: User, *, told: str) -> HttpResponse:
    """Go back to the list after a removal; this session alone goes on.

    What it proved by a factor that is gone counts for nothing any longer.
    """
    kinds = kinds_of(user.id)
    spare = set() if kinds & STRONGER else {"recovery"}
    forget_methods(request, (STRONGER - kinds) | spare)
    carry_on(request, user)
    messages.success(request, told)
    return HttpResponseRedirect(reverse("mfa:factors"))


def next_of(request: HttpRequest) -> str:
    """Return where the person came from, one of our own paths, else the list of factors."""
    return own_path_or("mfa:factors", request.GET.get("next", ""))


def factor_page(
    request: HttpRequest, name: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a page of this part of the account."""
    shared = {"nav_here": "account", "back_to": next_of(request)}
    return render(request, f"mfa/factors/{name}.html", shared | context, status=status)
