"""My account: name, address, phone and fax."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.access import SignedInRequest, before_entry, signed_in
from core.accounts.contact_form import fields_of
from core.accounts.details_form import DetailsForm, initial_details, kept_details, show_stored
from core.accounts.policies import contracts_in_hand
from core.accounts.services.details import DetailsChangedError, change_details
from core.accounts.typed_forms import keeps_typed, take_typed
from core.common import clock
from core.common.http import get_or_post
from tenants.in_hand import contract_of


@get_or_post
@keeps_typed(kept_details())
@signed_in
@before_entry
def details(request: SignedInRequest) -> HttpResponse:
    """Change name, address, phone and fax; what changed since the page was opened is said."""
    user = request.user
    asked = fields_of(contracts_in_hand(user), contract_of(request))
    typed = take_typed(request)
    form = DetailsForm(request.POST or None, initial=initial_details(user) | typed, fields=asked)
    context = {"form": form, "asked": asked, "typed_is_back": bool(typed), "nav_here": "account"}
    status = 200
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
            differing = show_stored(request, form, user)
            context |= {"changed": refusal.sentence, "differing": differing}
            status = 409
        else:
            messages.success(request, "Your details were saved.")
            return HttpResponseRedirect(reverse("account"))
    return render(request, "accounts/my_account/details.html", context, status=status)
