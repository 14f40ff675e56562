"""An office registers itself, on the portal host: by mail, or with the account of who is signed in.

Where no program lets in third parties the pages do not exist.
"""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, Final, ParamSpec
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.access import SignedInRequest, signed_in
from core.accounts.models import User
from core.accounts.services.usernames import may_submit_username
from core.accounts.views.sign_in import NEXT_KEY
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post
from core.groups.models import OfficeRegistration
from core.groups.office_forms import OfficeForm, OfficeRegistrationForm, OfficeUsernameForm
from core.groups.services.office_registrations import (
    RegistrationOverError,
    add_office_to_account,
    choose_username,
    follow_office_link,
    has_account,
    list_open_registrations,
    start_office_registration,
)
from core.groups.services.offices import register_office
from core.groups.third_parties import any_lets_in
from core.groups.views.shared import done
from core.mfa.registering.journey import enter_mfa_registration
from core.staff.access import portal_only
from tenants.in_hand import site_host_of

P = ParamSpec("P")
_KEY: Final = "office_registration"
_TOO_MANY: Final = 429


def open_page(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Open a page on the portal host, while any program lets in third parties; 404 otherwise."""

    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not any_lets_in():
            raise Http404
        return view(request, *args, **kwargs)

    return portal_only(update_wrapper(guarded, view))  # type: ignore[arg-type]


@get_or_post
@open_page
def register(request: HttpRequest) -> HttpResponse:
    """Take an office in; whether the address has an account makes no difference."""
    if isinstance(request.user, User):
        return _register_signed_in(request, request.user)
    form = OfficeRegistrationForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            start_office_registration(
                facts=form.facts(),
                registrant=form.registrant(),
                host=site_host_of(request),
                at=clock.now(),
            )
        except DomainError as error:
            form.add_error(None, error.sentence)
            status = _TOO_MANY
        else:
            return HttpResponseRedirect(reverse("offices:registered"))
    return render(request, "groups/office/register.html", {"form": form}, status=status)


def _register_signed_in(request: HttpRequest, user: User) -> HttpResponse:
    form = OfficeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            office = register_office(user=user, facts=form.facts(), at=clock.now())
        except DomainError as error:
            form.add_error(None, error.sentence)
        else:
            told = f"{office.name} is registered. Give its office code to providers."
            return done(request, told, back_to=reverse("offices:office", args=[office.id]))
    return render(request, "groups/office/register_signed_in.html", {"form": form})


@get_only
@open_page
def registered(request: HttpRequest) -> HttpResponse:
    """Say that a mail is on its way, to everybody alike."""
    return render(request, "groups/office/registered.html")


@get_or_post
@open_page
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button; pressing it uses the link. GET looks nothing up: mail scanners follow links.

    Who has an account goes to the sign-in, everybody else on to a username.
    """
    if request.method != "POST":
        return render(request, "mfa/link.html")
    followed = follow_office_link(token=token, at=clock.now())
    if followed is None:
        return HttpResponseRedirect(reverse("offices:link_ended"))
    request.session[_KEY] = str(followed.follow_id)
    if has_account(followed):
        request.session[NEXT_KEY] = reverse("offices:accept")
        return HttpResponseRedirect(reverse("offices:accept"))
    request.session[NEXT_KEY] = reverse("offices:offices")
    return HttpResponseRedirect(reverse("offices:username"))


@get_only
@open_page
def link_ended(request: HttpRequest) -> HttpResponse:
    """Say that a link is used, expired, replaced or unknown, all alike, and what to do now."""
    return render(request, "groups/office/link_ended.html")


@get_or_post
@open_page
def username(request: HttpRequest) -> HttpResponse:
    """Ask for the username of the new account, then go on to the choice of a factor."""
    held = _held(request)
    if held is None:
        return HttpResponseRedirect(reverse("offices:link_ended"))
    form = OfficeUsernameForm(request.POST or None, initial={"username": held.username})
    status = 200
    if request.method == "POST" and form.is_valid():
        if not may_submit_username(asked_by=held.id, at=clock.now()):
            form.add_error("username", "You sent this page often. Try again in an hour.")
            status = _TOO_MANY
        else:
            try:
                registration = choose_username(
                    registration_id=held.id,
                    username=form.cleaned_data["username"],
                    at=clock.now(),
                )
            except RegistrationOverError:
                return HttpResponseRedirect(reverse("offices:link_ended"))
            except DomainError as error:
                form.add_error("username", error.sentence)
            else:
                return enter_mfa_registration(request, registration)
    context = {"form": form, "held": held}
    return render(request, "groups/office/username.html", context, status=status)


@get_or_post
@open_page
@signed_in
def accept(request: SignedInRequest) -> HttpResponse:
    """Let the signed-in owner of the address add the office to their account."""
    held = _held(request)
    if held is None:
        return HttpResponseRedirect(reverse("offices:link_ended"))
    refusal = ""
    if request.method == "POST":
        try:
            office = add_office_to_account(
                registration_id=held.id, user=request.user, at=clock.now()
            )
        except DomainError as error:
            refusal = error.sentence
        else:
            del request.session[_KEY]
            return HttpResponseRedirect(reverse("offices:office", args=[office.id]))
    return render(request, "groups/office/accept.html", {"held": held, "refusal": refusal})


def _held(request: HttpRequest) -> OfficeRegistration | None:
    """Return the open registration whose link this browser used; a newer link ends that."""
    key = request.session.get(_KEY)
    return list_open_registrations().filter(follow_id=UUID(key)).first() if key else None
