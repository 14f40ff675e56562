"""Setup: the offices that have access to the admin's providers, and how they get it."""

from dataclasses import replace
from functools import partial
from typing import Final
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post
from core.groups.forms import SetupSearchForm
from core.groups.models import AccessGrant, Office, Provider
from core.groups.office_codes import read_code
from core.groups.office_forms import ChangeAccessForm, GiveAccessForm, OfficeCodeForm
from core.groups.permissions import Permission
from core.groups.roles import STAFF, role_name
from core.groups.services.access_grants import (
    TooManyLookupsError,
    end_access_as_provider,
    find_office_by_code,
    give_access,
)
from core.groups.services.assignments import end_assignment_as_provider
from core.groups.services.grant_changes import change_access
from core.groups.setup import page_of, role_chosen
from core.groups.third_parties import (
    access_reached_assignment,
    access_reached_grant,
    grant_choices,
    grant_part,
    grant_parts,
    list_grantable_providers,
    list_living_grants,
    roles_for_grant,
    roles_to_grant,
)
from core.groups.views.shared import (
    SetupRequest,
    act_and_return,
    done,
    setup_page,
    setup_render,
)

_TAB: Final = "third_parties"
_FIELD_OF: Final = {
    "access_end_date": "last_day",
    "role_not_offered": "role",
    "role_not_yours": "role",
    "role_differs": "role",
}
"""At which field a refusal stands; elsewhere above the form."""


@get_only
@setup_page(Permission.THIRD_PARTIES_MANAGE)
def third_parties(request: SetupRequest) -> HttpResponse:
    """List who has access, and take the code of another office."""
    _require_switch(request)
    at = clock.now()
    page = page_of(list_living_grants(request.reach, at=at), request.GET.get("page", ""))
    context = {"page": page, "parts": grant_parts(page, at=at), "form": OfficeCodeForm()}
    return setup_render(request, "third_parties", context, tab=_TAB)


@get_or_post
@setup_page(Permission.THIRD_PARTIES_MANAGE)
def give(request: SetupRequest) -> HttpResponse:
    """Show whose code was entered, and take providers, role and last day of access."""
    _require_switch(request)
    form = OfficeCodeForm(request.POST or None, initial={"code": ""})
    if request.method != "POST" or not form.is_valid():
        return setup_render(request, "third_party_code", {"form": form}, tab=_TAB)
    try:
        office = find_office_by_code(
            typed=form.cleaned_data["code"], by=request.user.id, at=clock.now()
        )
    except DomainError as error:
        form.add_error("code", error.sentence)
        response = setup_render(request, "third_party_code", {"form": form}, tab=_TAB)
        response.status_code = 429 if isinstance(error, TooManyLookupsError) else 200
        return response
    return _give(request, office)


@get_or_post
@setup_page(Permission.THIRD_PARTIES_MANAGE)
def third_party(request: SetupRequest, grant_id: UUID) -> HttpResponse:
    """Show one office's access to one provider; take another role or last day."""
    found = access_reached_grant(request.reach, grant_id)
    part = grant_part(found, at=clock.now())
    known = {
        "was": part.last_day,
        "last_day": part.last_day,
        "was_role": part.role.key,
        "role": part.role.key,
    }
    form = ChangeAccessForm(
        request.POST or None,
        initial=known,
        today=timezone.localdate(),
        roles=roles_for_grant(request.reach, found),
    )
    if request.method == "POST" and form.is_valid():
        return _change(request, found, form)
    return setup_render(request, "third_party", {"part": part, "form": form}, tab=_TAB)


@get_or_post
@setup_page(Permission.THIRD_PARTIES_MANAGE)
def third_party_end(request: SetupRequest, grant_id: UUID) -> HttpResponse:
    """End an office's access, after a page that says what that means."""
    found = access_reached_grant(request.reach, grant_id)
    if request.method != "POST":
        part = grant_part(found, at=clock.now())
        return setup_render(request, "third_party_end", {"part": part}, tab=_TAB)
    back_to = reverse("setup:third_parties")
    told = f"The access of {found.office.name} to {found.provider.name} has ended."
    act = partial(
        end_access_as_provider,
        grant_id=found.id,
        by=request.user.id,
        entered=request.reach.entered,
        at=clock.now(),
    )
    return act_and_return(
        request, act, told, back_to=back_to, otherwise=reverse("setup:third_party", args=[found.id])
    )


@require_POST
@setup_page(Permission.THIRD_PARTIES_MANAGE)
def third_party_person_end(request: SetupRequest, membership_id: UUID) -> HttpResponse:
    """Take one of an office's people out of a provider."""
    held = access_reached_assignment(request.reach, membership_id)
    back_to = reverse("setup:third_party", args=[held.grant_id])
    act = partial(
        end_assignment_as_provider,
        membership_id=held.id,
        by=request.user.id,
        entered=request.reach.entered,
        at=clock.now(),
    )
    return act_and_return(request, act, f"{held.user.get_full_name()} is out.", back_to=back_to)


def _require_switch(request: SetupRequest) -> None:
    """Answer 404 where none of the person's programs lets in third parties."""
    if not list_grantable_providers(request.reach).exists():
        raise Http404


def _change(request: SetupRequest, found: AccessGrant, form: ChangeAccessForm) -> HttpResponse:
    wanted = form.terms()
    name = role_name(wanted.role, found.provider.contract_id)
    told = f"{found.office.name} has access through {wanted.last_day:%B %-d, %Y}, as {name}."
    act = partial(
        change_access,
        grant_id=found.id,
        seen=form.seen(),
        wanted=wanted,
        by=request.user.id,
        entered=request.reach.entered,
        at=clock.now(),
    )
    return act_and_return(request, act, told, back_to=request.path)


def _give(request: SetupRequest, office: Office) -> HttpResponse:
    search = SetupSearchForm(request.POST)
    kept = request.POST.getlist("providers")
    found = grant_choices(request.reach, words=search.words(), kept=kept)
    choices = found.providers
    is_step = "last_day" in request.POST and "find" not in request.POST
    step = request.POST if is_step else None
    form = GiveAccessForm(
        step,
        code=read_code(office.code) or "",
        providers=choices,
        today=timezone.localdate(),
        roles=roles_to_grant(request.reach, choices),
        initial={
            "providers": kept if found.has_more else _the_only(choices),
            "role": request.POST.get("role", STAFF.key),
            "last_day": request.POST.get("last_day", ""),
        },
    )
    if step is not None and form.is_valid():
        keys, terms = form.chosen(), form.terms()
        chosen = [one for one in choices if one.id in keys]
        try:
            give_access(
                office=office,
                providers=chosen,
                terms=replace(terms, role=role_chosen(terms.role, chosen)),
                by=request.user.id,
                entered=request.reach.entered,
                at=clock.now(),
            )
        except DomainError as error:
            form.add_error(_FIELD_OF.get(error.code), error.sentence)
        else:
            told = f"{office.name} has access now. Its admins choose who works for you."
            return done(request, told, back_to=reverse("setup:third_parties"))
    context = {"office": office, "form": form, "search": search, "has_more": found.has_more}
    return setup_render(request, "third_party_give", context, tab=_TAB)


def _the_only(choices: list[Provider]) -> list[str]:
    """Return what is chosen at first: the provider, where there is one alone."""
    return [str(one.id) for one in choices] if len(choices) == 1 else []
