"""My account: name, address, phone and fax."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.access import SignedInRequest, before_entry, signed_in
from core.accounts.contact_form import ContactForm, fields_of
from core.accounts.models import User
from core.accounts.policies import contracts_in_hand
from core.accounts.selectors import get_account
from core.accounts.services.details import (
    DETAILS,
    DetailsChangedError,
    change_details,
    details_version,
)
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.http import get_or_post
from tenants.in_hand import contract_of


def _field_of(name: str) -> str:
    return "us_state" if name == "state" else name


class DetailsForm(ContactForm):
    """The fields, and which state of them the page showed."""

    seen = forms.CharField(max_length=32, required=False, widget=forms.HiddenInput)

    def details(self) -> dict[str, str]:
        """Return the values by their names in the account."""
        return {name: str(self.cleaned_data[_field_of(name)]) for name in DETAILS}


@get_or_post
@keeps_typed(fields_named("seen", *map(_field_of, DETAILS)))
@signed_in
@before_entry
def details(request: SignedInRequest) -> HttpResponse:
    """Change name, address, phone and fax; what changed since the page was opened is said."""
    user = request.user
    asked = fields_of(contracts_in_hand(user), contract_of(request))
    typed = take_typed(request)
    form = DetailsForm(request.POST or None, initial=_initial(user) | typed, fields=asked)
    context = {"form": form, "asked": asked, "typed_is_back": bool(typed), "nav_here": "account"}
    if request.method == "POST" and form.is_valid():
        try:
            change_details(
                user_id=user.id,
                details=form.details(),
                seen=form.cleaned_data["seen"],
                by=user.id,
                at=clock.now(),
            )
        except DetailsChangedError as refusal:
            return _again(request, form, refusal.sentence, context)
        messages.success(request, "Your details were saved.")
        return HttpResponseRedirect(reverse("account"))
    return render(request, "accounts/my_account/details.html", context)


def _again(
    request: SignedInRequest, form: DetailsForm, sentence: str, context: dict[str, object]
) -> HttpResponse:
    """Show what was typed beside what is stored by now; the next save is about the latter."""
    stored = get_account(request.user.id)
    differing = [
        (form.fields[_field_of(name)].label, getattr(stored, name) or "nothing")
        for name, typed in form.details().items()
        if getattr(stored, name) != typed
    ]
    form.data = {**request.POST.dict(), "seen": details_version(stored)}
    context |= {"changed": sentence, "differing": differing}
    return render(request, "accounts/my_account/details.html", context, status=409)


def _initial(user: User) -> dict[str, str]:
    values = {_field_of(name): getattr(user, name) for name in DETAILS}
    return {**values, "seen": details_version(user)}
