"""The mails of Setup: the invitation of a new user, and what an owner is told of acts on them."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.accounts.models import User
from core.accounts.policies import site_policy
from core.groups.invitation_facts import contract_inviting, names_in
from core.groups.models import Invitation, Provider
from core.groups.roles import role_name
from core.groups.services.invitations import (
    INVITATION_KIND,
    mint_link,
)
from core.groups.services.people import NOTICE_KIND
from core.groups.services.readdressing import ADDRESS_CHANGED_KIND
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight
from core.notifications.models import OutboxMessage
from core.notifications.selectors import newer_than
from core.staff.act_mails import ActMail, compose_act_mail
from tenants.routing import absolute_reverse


def prepare_invitation(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Mint the link.

    None when the invitation is over or goes to another address, or a newer mail was asked for.
    """
    invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .filter(Invitation.OPEN, pk=message.subject_id, email=message.to)
        .first()
    )
    if invitation is None or newer_than(message).exists():
        return None
    contract = contract_inviting(invitation)
    hours = site_policy(contract).links.invitation_hours
    token = mint_link(invitation=invitation, life=timedelta(hours=hours), at=at)
    host = invitation.host
    link = absolute_reverse("invitation", contract=contract, kwargs={"token": token}, host=host)
    inviter = User.objects.get(pk=invitation.invited_by)
    context = {
        "invitation": invitation,
        "role": role_name(invitation.role, invitation.contract_id),
        "offices": names_in(invitation),
        "inviter": inviter.get_full_name(),
        "inviter_email": inviter.email,
        "link": link,
        "hours": hours,
        "ends_at": invitation.link_expires_at,
        "again_url": absolute_reverse("registration:reset", contract=contract, host=host),
    }
    return compose_mail(message, "user_invitation", context, link=link)


_ACTS: Final = {
    "unlocked": ActMail(
        "Your account is open again",
        "{who} has unlocked your account. You sign in with your password and second factor as "
        "before.",
    ),
    "deactivated": ActMail(
        "Your account was closed",
        "{who} has closed your account. If this is a mistake, ask there, or the contact below.",
    ),
    "provider_given_up": ActMail(
        "A provider of yours was given up",
        "{who} has given up {provider}. Your work for it in this portal has ended, and so have the "
        "roles of all its users. What you do for other providers stays.",
    ),
    "provider_released": ActMail(
        "A provider of yours was released by the program",
        "{who}, who works for the program, has ended your group's hold on {provider}. Your work "
        "for it in this portal has ended, and so have the roles of all its users. What you do for "
        "other providers stays. If this is not right, tell the contact below.",
    ),
    "provider_moved_away": ActMail(
        "A provider of yours was moved by the program",
        "{who}, who works for the program, has moved {provider} to another group. Your work for it "
        "in this portal has ended, and so have the roles of all its users. What you do for other "
        "providers stays. If this is not right, tell the contact below.",
    ),
    "provider_moved_here": ActMail(
        "A provider was moved to your group by the program",
        "{who}, who works for the program, has moved {provider} to your group. You manage it from "
        "now on; nobody else has a role there yet. If this is not right, tell the contact below.",
    ),
    "details_changed": ActMail(
        "Your contact information was changed",
        "{who} has changed in your account: {fields}. Look at it under My account, and correct "
        "what is wrong.",
    ),
    "reactivated": ActMail(
        "Your account is active again",
        "{who} has opened your account again. You sign in with your password and second factor "
        "as before.",
    ),
}

_WORDS: Final = {
    "first_name": "first name",
    "last_name": "last name",
    "address_1": "address",
    "address_2": "second line of the address",
    "zip": "ZIP code",
}


def prepare_act_notice(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell the owner of an account what an admin did."""
    admin = User.objects.filter(pk=UUID(str(message.context["by"]))).first()
    if admin is None:
        return None
    who = f"{admin.get_full_name()} ({admin.email})"
    return compose_act_mail(message, _ACTS, who=who, **_facts_of(message))


def _facts_of(message: OutboxMessage) -> dict[str, str]:
    """Return what else the sentence of an act names."""
    key = message.context.get("provider")
    provider = Provider.objects.filter(pk=UUID(str(key))).first() if key else None
    fields = [_WORDS.get(str(name), str(name)) for name in message.context.get("fields", [])]
    return {"provider": provider.name if provider else "a provider", "fields": ", ".join(fields)}


def prepare_address_changed(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell the former address, which may be a stranger's: the mail names nobody."""
    return compose_mail(message, ADDRESS_CHANGED_KIND, {})


KINDS = (
    MessageKind(
        name=INVITATION_KIND, channel="email", at_most_once=False, prepare=prepare_invitation
    ),
    MessageKind(
        name=ADDRESS_CHANGED_KIND,
        channel="email",
        at_most_once=False,
        prepare=prepare_address_changed,
        weight=Weight.NOTICE,
    ),
    MessageKind(
        name=NOTICE_KIND,
        channel="email",
        at_most_once=False,
        prepare=prepare_act_notice,
        weight=Weight.NOTICE,
    ),
)
