"""API tokens: one's own and those of service accounts; make, rotate, revoke."""

from collections.abc import Mapping
from datetime import datetime
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
from core.staff.acting import require_elevation_to_lend
from core.staff.api_rights import API_RIGHTS, rights_of
from core.staff.elevation import elevation_address, is_missing
from core.staff.models import ApiToken, ServiceAccount
from core.staff.scope import StaffActor, find_staff
from core.staff.services.api_tokens import (
    LONGEST_DAYS,
    LONGEST_DAYS_OF_SERVICES,
    MadeToken,
    is_service,
    make_token,
    revoke_token,
    rotate_token,
    wish_of,
)
from core.staff.token_access import (
    access_service_account,
    access_token,
    list_tokens,
    require_managing,
)
from core.staff.token_forms import RotateForm, TokenForm
from core.staff.vouching import vouching_for, vouching_of
from tenants import registry


@get_only
@staff_page()
def tokens(request: StaffRequest) -> HttpResponse:
    """List one's own tokens: what they may do, when each was used last, when it ends."""
    context = {
        "tokens": shown_tokens(request.staff.user.pk),
        "rights": rights_of(request.staff),
        "vouching": vouching_of(request.user, at=clock.now()),
    }
    return _page(request, "tokens", context)


@get_or_post
@keeps_typed(fields_named("name", "days", several=("rights", "contracts")))
@staff_page()
def token_new(request: StaffRequest) -> HttpResponse:
    """Make a token for oneself; with a fresh sign-in."""
    return _make(request, holder=request.staff, account=None)


@get_or_post
@keeps_typed(fields_named("name", "days", several=("rights", "contracts")))
@staff_page()
def service_token_new(request: StaffRequest, service_id: UUID) -> HttpResponse:
    """Make a token for a service account that one manages; with a fresh sign-in."""
    account = access_service_account(request.staff, service_id)
    require_managing(request.staff, account)
    holder = find_staff(account.user, at=clock.now())
    if holder is None:
        messages.warning(request, "Its role has ended, so a token could do nothing.")
        return HttpResponseRedirect(reverse("staff:service", args=[account.pk]))
    return _make(request, holder=holder, account=account)


@get_or_post
@keeps_typed(fields_named("now"))
@staff_page()
def token_rotate(request: StaffRequest, token_id: UUID) -> HttpResponse:
    """Make a token that takes the place of one; with a fresh sign-in."""
    token, at = access_token(request.staff, token_id), clock.now()
    require_elevation_to_lend(request.staff, wish_of(token).permissions)
    if not is_fresh(request, request.staff.user, at=at):
        return to_confirmation(request)
    form = RotateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            ends_now = form.cleaned_data["now"]
            made = rotate_token(token=token, by=request.staff, at=at, now=ends_now)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return _shown_once(request, made)
    return _page(request, "token_rotate", {"token": token, "form": form, "back": _list_of(token)})


@get_or_post
@staff_page()
def token_revoke(request: StaffRequest, token_id: UUID) -> HttpResponse:
    """Ask whether, then end a token at once."""
    token = access_token(request.staff, token_id)
    if request.method == "POST":
        done = revoke_token(token=token, by=request.staff.user.pk, at=clock.now())
        messages.success(request, "The token is revoked." if done else "It had ended already.")
        return HttpResponseRedirect(_list_of(token))
    return _page(request, "token_revoke", {"token": token, "back": _list_of(token)})


def shown_tokens(user_id: UUID) -> list[dict[str, object]]:
    """Return an account's tokens with what a page says of each."""
    at = clock.now()
    names = {contract.id: contract.name for contract in registry.list_contracts()}
    return [
        {
            "row": one,
            "holds": one.holds(at),
            "words": rights_in_words(one),
            "programs": [names.get(key, "a program out of service") for key in one.contracts or ()],
        }
        for one in list_tokens(user_id, at=at)
    ]


def rights_in_words(token: ApiToken) -> list[str]:
    """Return what a token may do, as its form said it."""
    return [API_RIGHTS[right] for right in wish_of(token).permissions if right in API_RIGHTS]


def _make(
    request: StaffRequest, *, holder: StaffActor, account: ServiceAccount | None
) -> HttpResponse:
    at, staff = clock.now(), request.staff
    if not is_fresh(request, staff.user, at=at):
        return to_confirmation(request)
    typed = take_typed(request)
    rights = [right for right in rights_of(holder) if staff.may(right)]
    missing = [right for right in rights if is_missing(staff, right)]
    reached = [holder.scope(right) for right in rights]
    form = TokenForm(
        request.POST or None,
        initial=typed or None,
        rights=rights,
        missing=missing,
        contracts=[
            one for one in registry.list_contracts() if any(s.covers(one.id) for s in reached)
        ],
        longest=LONGEST_DAYS_OF_SERVICES if account else LONGEST_DAYS,
    )
    if request.method == "POST" and form.is_valid():
        wish = form.wish()
        require_elevation_to_lend(staff, wish.permissions)
        try:
            made = make_token(holder=holder, wish=wish, by=staff, at=at)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return _shown_once(request, made)
    back = reverse("staff:service", args=[account.pk]) if account else reverse("staff:tokens")
    context = {
        "form": form,
        "account": account,
        "back": back,
        "elevate": elevation_address(missing[0], back_to=request.path) if missing else "",
        "typed_is_back": bool(typed),
    }
    return _page(request, "token_new", context)


def _shown_once(request: StaffRequest, made: MadeToken) -> HttpResponse:
    return _page(
        request,
        "token_made",
        {
            "token": made.row,
            "text": made.text,
            "back": _list_of(made.row),
            "sleeps_at": _sleeps_at(request.staff, made.row),
        },
    )


def _sleeps_at(staff: StaffActor, token: ApiToken) -> datetime | None:
    """Return from when a token waits for the next sign-in of who makes it; None: it does not."""
    return None if is_service(token.user) else vouching_for(staff, at=clock.now()).until


def _list_of(token: ApiToken) -> str:
    account = ServiceAccount.objects.filter(user_id=token.user_id).first()
    return reverse("staff:service", args=[account.pk]) if account else reverse("staff:tokens")


def _page(request: StaffRequest, name: str, context: Mapping[str, object]) -> HttpResponse:
    return render(request, f"staff/{name}.html", {"nav_here": "tokens", **context})
