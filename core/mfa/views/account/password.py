"""My account: another password."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from core.accounts.access import SignedInRequest, before_entry, signed_in
from core.accounts.passwords.hashers import HashingBusyError
from core.accounts.passwords.rules import describe_rules
from core.accounts.policies import password_rules, policy_for
from core.accounts.services.passwords import WeakPasswordError
from core.accounts.sessions.lifecycle import carry_on, outlives_changes
from core.common import clock
from core.common.http import get_or_post
from core.mfa.forms import PasswordForm
from core.mfa.proving.freshness import fresh_sign_in
from core.mfa.services.changes import ChangeOverError
from core.mfa.services.own_password import change_own_password
from tenants.in_hand import brand_of, contract_of


@sensitive_post_parameters("password", "confirmation")
@get_or_post
@signed_in
@before_entry
@fresh_sign_in()
@outlives_changes
def password(request: SignedInRequest) -> HttpResponse:
    """Set a new password, with the rules of all the person's programs beside the field."""
    rules = password_rules(policy_for(request.user))
    form = PasswordForm(request.POST or None, rules=rules)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            return _change(request, form.cleaned_data["password"])
        except WeakPasswordError as refusal:
            for problem in refusal.problems:
                form.add_error("password", problem)
        except HashingBusyError as busy:
            form.add_error(None, busy.sentence)
            status = 503
        except ChangeOverError as over:
            form.add_error(None, over.sentence)
    context = {
        "form": form,
        "rules": describe_rules(rules),
        "nav_here": "account",
    }
    return render(request, "accounts/my_account/password.html", context, status=status)


def _change(request: SignedInRequest, typed: str) -> HttpResponse:
    contract = contract_of(request)
    user = change_own_password(
        user=request.user,
        password=typed,
        brand=brand_of(request),
        contract_id=contract.id if contract else None,
        at=clock.now(),
    )
    carry_on(request, user)
    messages.success(request, "Your password was changed. All other browsers are signed out.")
    return HttpResponseRedirect(reverse("account"))
