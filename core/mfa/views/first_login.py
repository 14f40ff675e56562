"""First login with multi-factor authentication: username and password lead to MFA registration."""

from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from core.accounts.models import User
from core.accounts.passwords.hashers import HashingBusyError
from core.accounts.services.imported import check_first_password
from core.accounts.views.sign_in import REGISTERED_KEY
from core.common import clock
from core.common.context import current_context
from core.common.http import get_or_post
from core.mfa.forms import FirstLoginForm
from core.mfa.registering.journey import enter_mfa_registration
from core.mfa.selectors import kinds_of
from core.mfa.services.registration_links import SOURCE_KIND
from core.mfa.services.registrations import begin_mfa_registration
from tenants.in_hand import contract_of

REFUSED: Final = (
    "We could not sign you in. Check the username and the password. After several failed tries an "
    "account is locked, and its owner gets a mail about it."
)


@sensitive_post_parameters("password")
@get_or_post
def first_login(request: HttpRequest) -> HttpResponse:
    """Take username and password of an account without a factor, and begin its registration.

    Nothing tells before the right password what the account is. Who has registered already is led
    to the normal sign-in after it: this page signs nobody in.
    """
    if request.user.is_authenticated:
        return HttpResponseRedirect(reverse("home"))
    form = FirstLoginForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form)
    try:
        check = check_first_password(
            username=form.cleaned_data["username"],
            password=form.cleaned_data["password"],
            address=current_context().remote_address,
            at=clock.now(),
        )
    except HashingBusyError as busy:
        form.add_error(None, busy.sentence)
        return _page(request, form, status=503)
    if check.user is None:
        form.add_error(None, REFUSED)
        return _page(request, form)
    return _go_on(request, check.user)


def _go_on(request: HttpRequest, user: User) -> HttpResponse:
    if kinds_of(user.id):
        return HttpResponseRedirect(f"{reverse('login_options')}?{REGISTERED_KEY}=1")
    registration = begin_mfa_registration(
        source_kind=SOURCE_KIND,
        source_id=user.id,
        contract=contract_of(request),
        at=clock.now(),
    )
    return enter_mfa_registration(request, registration)


def _page(request: HttpRequest, form: FirstLoginForm, status: int = 200) -> HttpResponse:
    return render(request, "mfa/first_login.html", {"form": form}, status=status)
