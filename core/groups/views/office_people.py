"""Who works for an office: invited as everywhere, made admin, taken out."""

from functools import partial
from typing import Final
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.accounts.access import SignedInRequest, signed_in
from core.accounts.policies import site_policy
from core.accounts.services.usernames import may_submit_username
from core.accounts.views.usernames import answer_username
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post
from core.groups.forms import NewUserForm, RoleForm
from core.groups.models import Invitation, Membership, Office, Role
from core.groups.office_forms import OFFICE_ROLES
from core.groups.offices import (
    access_office,
    access_office_invitation,
    access_office_person,
    list_offices,
)
from core.groups.services.assignments import end_office_person
from core.groups.services.office_invitations import invite_to_office
from core.groups.services.offices import set_office_role
from core.groups.views.office_entering import wait_for_entry, why_not_yet
from core.groups.views.offices import office_render
from core.groups.views.shared import (
    act_and_return,
    resend_and_return,
    withdraw_and_return,
)
from core.staff.access import portal_only
from tenants.configuration.profile import FormFields
from tenants.in_hand import site_host_of
from tenants.routing import absolute_reverse

_TOO_MANY: Final = 429
_NO_CONTRACT: Final = ()
"""An office reaches into no contract: there is none to enter for what is done to its own people."""
_ASKED: Final = FormFields(required=(), fax_note=None)
_FIELD_OF: Final = {"username_taken": "username", "already_invited": "email"}


@get_or_post
@portal_only
@signed_in
def new_user(request: SignedInRequest, office_id: UUID) -> HttpResponse:
    """Add New User of an office: who they are, and whether they administer it."""
    office = access_office(request.user, office_id)
    form = _form(request)
    status = 200
    if request.method == "POST":
        if not may_submit_username(asked_by=request.user.id, at=clock.now()):
            form.add_error("username", "You sent this page often. Try again in an hour.")
            status = _TOO_MANY
        elif form.is_valid() and not _waits_for_entry(request, office, form):
            invitation = _invite(request, office, form)
            if invitation is not None:
                return HttpResponseRedirect(reverse("offices:invitation", args=[invitation.id]))
    response = office_render(request, "new_user", {"office": office, "form": form})
    response.status_code = status
    return response


@get_only
@portal_only
@signed_in
def username(request: SignedInRequest) -> HttpResponse:
    """Answer, while Add New User is filled in, whether a username is free."""
    if not list_offices(request.user).exists():
        raise Http404
    return answer_username(request, asked_by=request.user.id)


@get_only
@portal_only
@signed_in
def invitation(request: SignedInRequest, invitation_id: UUID) -> HttpResponse:
    """Show what to tell the invited person, to print or to copy."""
    found = access_office_invitation(request.user, invitation_id)
    context = {
        "office": found.group.office,
        "invitation": found,
        "hours": site_policy(None).links.invitation_hours,
        "signin_url": absolute_reverse("login_options", contract=None, host=found.host),
    }
    return office_render(request, "invitation", context)


@require_POST
@portal_only
@signed_in
def resend(request: SignedInRequest, invitation_id: UUID) -> HttpResponse:
    """Mail an invitation anew."""
    found = access_office_invitation(request.user, invitation_id)
    back_to = reverse("offices:invitation", args=[found.id])
    return resend_and_return(request, found, entered=_NO_CONTRACT, back_to=back_to)


@require_POST
@portal_only
@signed_in
def withdraw(request: SignedInRequest, invitation_id: UUID) -> HttpResponse:
    """Take an invitation back."""
    found = access_office_invitation(request.user, invitation_id)
    back_to = _page_of(found.group.office)
    return withdraw_and_return(request, found, entered=_NO_CONTRACT, back_to=back_to)


@require_POST
@portal_only
@signed_in
def role(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """Make somebody an admin of the office, or one who works there."""
    held = access_office_person(request.user, membership_id)
    form, back_to = RoleForm(request.POST, choices=OFFICE_ROLES), _page_of_person(held)
    waits = wait_for_entry(request, _office_of(held))
    if waits:
        return waits
    if not form.is_valid() or form.cleaned_data["was"] not in dict(OFFICE_ROLES):
        return HttpResponseRedirect(back_to)
    was, wanted = form.roles()
    told = f"{held.user.get_full_name()}: the role was changed."
    act = partial(
        set_office_role,
        membership_id=held.id,
        was=Role(was),
        role=Role(wanted),
        by=request.user.id,
        at=clock.now(),
    )
    return act_and_return(
        request, act, told, back_to=lambda: _still_in_office(request, held), otherwise=back_to
    )


@get_or_post
@portal_only
@signed_in
def remove(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """Take somebody out of the office, after a page that says what that means."""
    held = access_office_person(request.user, membership_id)
    back_to = _page_of_person(held)
    waits = wait_for_entry(request, _office_of(held))
    if waits:
        return waits
    if request.method != "POST":
        context = {"office": _office_of(held), "held": held, "back_url": back_to}
        return office_render(request, "remove", context)
    was = request.POST.get("was", "")
    told = f"{held.user.get_full_name()} is out of the office and of everything it works for."
    act = partial(
        end_office_person,
        membership_id=held.id,
        was=Role(was) if was in Role.values else Role(held.role),
        by=request.user.id,
        at=clock.now(),
    )
    return act_and_return(
        request, act, told, back_to=lambda: _still_in_office(request, held), otherwise=back_to
    )


def _form(request: SignedInRequest) -> NewUserForm:
    form = NewUserForm(request.POST or None, fields=_ASKED, roles=[], others=[])
    form.fields["role"].choices = list(OFFICE_ROLES)  # type: ignore[attr-defined]
    form.check_username_at(reverse("offices:username_answer"))
    return form


def _waits_for_entry(request: SignedInRequest, office: Office, form: NewUserForm) -> bool:
    """Say at the field why somebody cannot be made an admin yet, and lose nothing of the form."""
    if form.chosen()[1] != Role.GROUP_ADMIN:
        return False
    why = why_not_yet(request, office)
    if why:
        form.add_error("role", why)
    return bool(why)


def _invite(request: SignedInRequest, office: Office, form: NewUserForm) -> Invitation | None:
    try:
        return invite_to_office(
            office_id=office.id,
            invitee=form.invitee(),
            role=Role(form.chosen()[1]),
            host=site_host_of(request),
            by=request.user.id,
            at=clock.now(),
        )
    except DomainError as error:
        form.add_error(_FIELD_OF.get(error.code), error.sentence)
        return None


def _office_of(held: Membership) -> Office:
    assert held.group is not None  # noqa: S101 (it was loaded by its office's group)
    return held.group.office


def _still_in_office(request: SignedInRequest, held: Membership) -> str:
    """Return the office's page; home for who has just stepped back themselves."""
    has_it = list_offices(request.user).filter(group=held.group_id).exists()
    return _page_of_person(held) if has_it else reverse("home")


def _page_of_person(held: Membership) -> str:
    return _page_of(_office_of(held))


def _page_of(office: Office) -> str:
    return reverse("offices:office", args=[office.id])
