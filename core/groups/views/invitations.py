"""Setup: Add New User, and what becomes of an invitation."""

from functools import partial
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.accounts.policies import site_policy
from core.accounts.services.usernames import may_submit_username
from core.accounts.views.usernames import answer_username
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post
from core.groups.forms import InvitationAddressForm, NewUserForm, SetupSearchForm
from core.groups.invitation_facts import contract_inviting, names_in
from core.groups.models import Invitation, JoinRequest, Provider, Role
from core.groups.permissions import Permission
from core.groups.policies import roles_to_give
from core.groups.reach import (
    access_reached_invitation,
    access_reached_provider,
    access_reached_request,
    list_reached_invitations,
    list_reached_providers,
)
from core.groups.services.invitations import invite_user
from core.groups.services.join_requests import approve_by_invitation
from core.groups.services.open_invitations import AlreadyInvitedError
from core.groups.services.readdressing import readdress_invitation
from core.groups.services.roles import roles_held
from core.groups.setup import MOST_CHOICES, acting_roles, find_invitations, page_of
from core.groups.views.shared import (
    SetupRequest,
    done,
    next_of,
    refused,
    resend_and_return,
    setup_page,
    setup_render,
    withdraw_and_return,
)
from tenants import registry
from tenants.in_hand import site_host_of
from tenants.routing import absolute_reverse

_TOO_MANY = 429


@get_or_post
@setup_page(Permission.USERS_INVITE)
def new_user(request: SetupRequest, provider_id: UUID) -> HttpResponse:
    """Take what the admin knows about a new user, and mail the invitation."""
    found = access_reached_provider(request.reach, provider_id, Permission.USERS_INVITE)
    return _new_user(request, found, None)


@get_or_post
@setup_page(Permission.REQUESTS_DECIDE)
def new_user_from_request(request: SetupRequest, request_id: UUID) -> HttpResponse:
    """Approve a request to join of somebody without an account: they are invited."""
    asked = access_reached_request(request.reach, request_id)
    if asked.user is not None or not asked.is_waiting:
        # Somebody was faster: the request as it is now says so.
        return HttpResponseRedirect(reverse("setup:request", args=[asked.id]))
    found = access_reached_provider(request.reach, asked.provider_id, Permission.USERS_INVITE)
    return _new_user(request, found, asked)


def _new_user(request: SetupRequest, provider: Provider, asked: JoinRequest | None) -> HttpResponse:
    form = _form(request, provider, asked)
    status = 200
    if request.method == "POST":
        if not may_submit_username(asked_by=request.user.id, at=clock.now()):
            form.add_error("username", "You sent this page often. Try again in an hour.")
            status = _TOO_MANY
        elif form.is_valid():
            invitation = _invite(request, provider, form, asked)
            if invitation is not None:
                return HttpResponseRedirect(reverse("setup:invitation", args=[invitation.id]))
    context = {
        "provider": provider,
        "form": form,
        "fax_note": form.asked.fax_note,
        "asked": asked,
    }
    response = setup_render(request, "new_user", context, tab="providers")
    response.status_code = status
    return response


@get_only
@setup_page(Permission.USERS_INVITE)
def username(request: SetupRequest) -> HttpResponse:
    """Answer, while Add New User is filled in, whether a username is free."""
    return answer_username(request, asked_by=request.user.id)


@get_only
@setup_page(Permission.USERS_VIEW)
def invitations(request: SetupRequest) -> HttpResponse:
    """List who was invited and has not come yet, with what became of the mail."""
    form = SetupSearchForm(request.GET)
    found = page_of(find_invitations(request.reach, form.words()), request.GET.get("page", ""))
    return setup_render(request, "invitations", {"form": form, "page": found}, tab="users")


@get_only
@setup_page(Permission.USERS_VIEW)
def invitation(request: SetupRequest, invitation_id: UUID) -> HttpResponse:
    """Show what to tell the invited person, to print or to copy."""
    found = access_reached_invitation(request.reach, invitation_id, Permission.USERS_VIEW)
    contract = contract_inviting(found)
    context = {
        "invitation": found,
        "offices": names_in(found),
        "contract": contract,
        "hours": site_policy(contract).links.invitation_hours,
        "may_act": _may_act(request, found),
        "signin_url": absolute_reverse("login_options", contract=contract, host=found.host),
    }
    return setup_render(request, "invitation", context, tab="users")


@require_POST
@setup_page(Permission.USERS_INVITE)
def resend(request: SetupRequest, invitation_id: UUID) -> HttpResponse:
    """Mail an invitation anew."""
    found = access_reached_invitation(request.reach, invitation_id, Permission.USERS_INVITE)
    back_to = next_of(request, reverse("setup:invitation", args=[found.id]))
    return resend_and_return(request, found, entered=request.reach.entered, back_to=back_to)


@get_or_post
@setup_page(Permission.USERS_INVITE)
def readdress(request: SetupRequest, invitation_id: UUID) -> HttpResponse:
    """Send an open invitation to another address; the link in the mail before is dead."""
    found = access_reached_invitation(request.reach, invitation_id, Permission.USERS_INVITE)
    form = InvitationAddressForm(request.POST or None, initial={"was": found.email})
    if request.method == "POST" and form.is_valid():
        try:
            moved = readdress_invitation(
                invitation_id=found.id,
                was=form.cleaned_data["was"],
                email=form.cleaned_data["email"],
                by=request.user.id,
                entered=request.reach.entered,
                at=clock.now(),
            )
        except AlreadyInvitedError as error:
            form.add_error("email", error.sentence)
        except DomainError as error:
            return refused(request, error, back_to=request.path)
        else:
            told = f"A mail with a new link is on its way to {moved.email}."
            return done(request, told, back_to=reverse("setup:invitation", args=[found.id]))
    return setup_render(
        request, "invitation_address", {"invitation": found, "form": form}, tab="users"
    )


@require_POST
@setup_page(Permission.USERS_INVITE)
def withdraw(request: SetupRequest, invitation_id: UUID) -> HttpResponse:
    """Take an invitation back."""
    found = access_reached_invitation(request.reach, invitation_id, Permission.USERS_INVITE)
    back_to = reverse("setup:users")
    return withdraw_and_return(request, found, entered=request.reach.entered, back_to=back_to)


def _form(request: SetupRequest, provider: Provider, asked: JoinRequest | None) -> NewUserForm:
    contract = registry.get_contract_by_id(provider.contract_id)
    managed = list_reached_providers(request.reach, Permission.USERS_INVITE)
    others = managed.filter(group_id=provider.group_id, suspends_at=None)
    held = roles_held(request.user.id, provider)
    acting = acting_roles(request.reach, held, provider)
    form = NewUserForm(
        request.POST or None,
        initial=_known_of(asked) if asked else None,
        fields=contract.document.profile.added_user,
        roles=roles_to_give(acting, Permission.USERS_INVITE, contract_id=provider.contract_id),
        others=list(others.exclude(id=provider.id).order_by("name")[:MOST_CHOICES]),
    )
    form.check_username_at(reverse("setup:username"))
    return form


def _may_act(request: SetupRequest, found: Invitation) -> bool:
    mine = list_reached_invitations(request.reach, Permission.USERS_INVITE).filter(pk=found.pk)
    whole = found.role != Role.GROUP_ADMIN or found.group_id not in request.reach.partly_entered
    return whole and mine.exists()


def _known_of(asked: JoinRequest) -> dict[str, str]:
    return {
        "first_name": asked.first_name,
        "last_name": asked.last_name,
        "email": asked.email,
        "confirm_email": asked.email,
    }


def _invite(
    request: SetupRequest, provider: Provider, form: NewUserForm, asked: JoinRequest | None
) -> Invitation | None:
    others, role = form.chosen()
    also_at = [one for one in form.others if one.id in others]
    invite = partial(approve_by_invitation, request_id=asked.id) if asked else invite_user
    try:
        return invite(
            invitee=form.invitee(),
            providers=[provider, *also_at],
            role=role,
            contract=registry.get_contract_by_id(provider.contract_id),
            host=site_host_of(request),
            by=request.user.id,
            entered=request.reach.entered,
            at=clock.now(),
        )
    except DomainError as error:
        form.add_error(_field_of(error), error.sentence)
        return None


def _field_of(error: DomainError) -> str | None:
    return {"username_taken": "username", "already_invited": "email"}.get(error.code)
