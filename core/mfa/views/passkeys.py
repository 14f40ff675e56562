"""The account's own passkeys: add, rename, remove."""

from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.accounts.access import SignedInRequest, before_entry, signed_in
from core.accounts.sessions.lifecycle import outlives_changes
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.http import get_or_post, row_or_404
from core.common.ids import uuid7
from core.mfa.authenticators.passkey_domain import party_of
from core.mfa.authenticators.passkeys import Person, RelyingParty
from core.mfa.codes import Owner, OwnerKind
from core.mfa.forms import PasskeyNameForm
from core.mfa.models import Passkey
from core.mfa.proving.freshness import fresh_sign_in
from core.mfa.selectors import list_passkeys
from core.mfa.services.factors import (
    MOST_PASSKEYS,
    FactorExistsError,
    FactorUnprovenError,
    LastFactorError,
    add_passkey,
    remove_passkey,
    rename_passkey,
)
from core.mfa.services.passkeys import ask_for_new_passkey, take_new_passkey
from core.mfa.views.account_shared import after_adding, after_change, factor_page, methods_for
from core.mfa.views.enrolment import answer_of, options_answer

_BINDING = "portal_passkey_enrolment"
ADDED = "Your passkey was added."


@get_or_post
@signed_in
@before_entry
@fresh_sign_in()
@outlives_changes
def add(request: SignedInRequest) -> HttpResponse:
    """Make a passkey; the page's script carries question and answer."""
    if "passkey" not in methods_for(request):
        raise Http404
    party = party_of(request)
    form = PasskeyNameForm(request.POST or None)
    full = list_passkeys(request.user.id).count() >= MOST_PASSKEYS
    if request.method == "POST" and party is not None and not full:
        if request.POST.get("action") == "passkey_options":
            return _ask(request, party)
        if form.is_valid():
            added = _take(request, party, form.cleaned_data["name"])
            if added is not None:
                return added
    refused = form.is_bound and form.is_valid()
    context = {"form": form, "refused": refused, "usable": party is not None, "full": full}
    return factor_page(request, "passkey", context)


@get_or_post
@keeps_typed(fields_named("name"))
@signed_in
@before_entry
@fresh_sign_in()
def rename(request: SignedInRequest, key: UUID) -> HttpResponse:
    """Give a passkey another name."""
    passkey = _own(request, key)
    typed = take_typed(request)
    form = PasskeyNameForm(request.POST or None, initial={"name": passkey.name} | typed)
    if request.method == "POST" and form.is_valid():
        rename_passkey(
            user_id=request.user.id,
            passkey_id=key,
            name=form.cleaned_data["name"],
            by=request.user.id,
            at=clock.now(),
        )
        return HttpResponseRedirect(reverse("mfa:factors"))
    return factor_page(request, "passkey_name", {"form": form, "typed_is_back": bool(typed)})


@get_or_post
@signed_in
@before_entry
@fresh_sign_in()
@outlives_changes
def remove(request: SignedInRequest, key: UUID) -> HttpResponse:
    """Ask once more, then remove a passkey."""
    passkey, user = _own(request, key), request.user
    refused = ""
    if request.method == "POST":
        try:
            changed = remove_passkey(user_id=user.id, passkey_id=key, by=user.id, at=clock.now())
            return after_change(request, changed or user, told="Your passkey was removed.")
        except LastFactorError as error:
            refused = error.sentence
    context = {"what": f"the passkey “{passkey.name}”", "refused": refused}
    return factor_page(request, "remove", context)


def _ask(request: SignedInRequest, party: RelyingParty) -> HttpResponse:
    user = request.user
    binding = uuid7()
    request.session[_BINDING] = str(binding)
    options = ask_for_new_passkey(
        owner=Owner(OwnerKind.ACCOUNT, user.id),
        binding=binding,
        party=party,
        person=Person(user.id.bytes, user.email, user.get_full_name()),
        at=clock.now(),
    )
    return options_answer(options)


def _take(request: SignedInRequest, party: RelyingParty, name: str) -> HttpResponse | None:
    """Add what the authenticator answered; None when it is refused."""
    user, answer, binding = request.user, answer_of(request), request.session.get(_BINDING)
    if answer is None or binding is None:
        return None
    ceremony = take_new_passkey(
        owner=Owner(OwnerKind.ACCOUNT, user.id),
        binding=UUID(binding),
        party=party,
        response=answer,
        at=clock.now(),
    )
    if ceremony is None:
        return None
    try:
        changed = add_passkey(
            user_id=user.id,
            ceremony_id=ceremony.id,
            handle=user.id.bytes,
            name=name,
            by=user.id,
            at=clock.now(),
        )
    except (FactorExistsError, FactorUnprovenError):
        return None
    request.session.pop(_BINDING, None)
    return after_adding(request, changed, "passkey", told=ADDED)


def _own(request: SignedInRequest, key: UUID) -> Passkey:
    return row_or_404(list_passkeys(request.user.id), key)
