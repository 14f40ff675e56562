"""The mails of staff: the invitation, and what the owner of an account is told of acts on it."""

from datetime import datetime, timedelta
from typing import Final

from core.accounts.policies import find_contract
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight
from core.notifications.models import OutboxMessage
from core.notifications.selectors import newer_than
from core.staff.act_mails import ActMail, compose_act_mail
from core.staff.models import ApiToken, RequestLetter, StaffInvitation
from core.staff.selectors import inviter_of
from core.staff.services.desk import NOTICE_KIND
from core.staff.services.invitations import INVITATION_KIND, mint_link
from core.staff.services.request_letters import LETTER_KIND, text_of
from core.staff.services.token_reminders import REMINDER_KIND
from tenants import registry
from tenants.routing import absolute_reverse


def prepare_invitation(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Mint the link; None when the invitation is over or a newer mail was asked for."""
    invitation = (
        StaffInvitation.objects.select_for_update(of=("self",))
        .filter(pk=message.subject_id, accepted_at__isnull=True, withdrawn_at__isnull=True)
        .first()
    )
    if invitation is None or newer_than(message).exists():
        return None
    hours = registry.get_deployment().staff.links.invitation_hours
    token = mint_link(invitation=invitation, life=timedelta(hours=hours), at=at)
    link = absolute_reverse("staff:invitation", contract=None, kwargs={"token": token})
    contract = find_contract(invitation.contract_id) if invitation.contract_id else None
    context = {
        "role": invitation.get_role_display(),
        "contract": contract.name if contract else "",
        "inviter": inviter_of(invitation),
        "link": link,
        "hours": hours,
        "ends_at": invitation.link_expires_at,
    }
    return compose_mail(message, "staff_invitation", context, link=link)


def prepare_letter(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Mail to an address on file what staff wrote about a request."""
    letter = RequestLetter.objects.filter(pk=message.subject_id).first()
    contract = find_contract(message.contract_id) if message.contract_id else None
    if letter is None or contract is None:
        return None
    text = text_of(letter)
    context = {"name": text.name, "words": text.words, "program": contract.name}
    return compose_mail(message, "request_letter", context, document=contract.document)


_ACTS: Final = {
    "token_made": ActMail(
        heading="A token was made for your account",
        sentence=(
            "A token of the API was made that acts in your name. Your page of API tokens lists it "
            "and revokes it. If it was not you, revoke it there and ask the help desk."
        ),
    ),
    "unlocked": ActMail(
        heading="Your account is open again",
        sentence=(
            "The help desk has unlocked your account, because somebody asked for it. You can sign "
            "in with your password and second factor as before."
        ),
    ),
    "deactivated": ActMail(
        heading="Your account is closed",
        sentence=(
            "Staff of the portal have closed your account: nobody can sign in with it any more. "
            "If you think that this is a mistake, ask the help desk or an administrator of your "
            "provider."
        ),
        page="mfa_help",
        button="Get help",
    ),
    "reactivated": ActMail(
        heading="Your account is active again",
        sentence=(
            "The help desk has opened your account again, because somebody asked for it. You can "
            "sign in with your password and second factor as before."
        ),
    ),
    "identity_linked": ActMail(
        heading="A company sign-in was linked to your account",
        sentence=(
            "Your account as staff of the portal can now be opened by your company's sign-in, too. "
            "Your password and second factor are as before."
        ),
        page="staff:home",
        button="Staff pages",
    ),
    "identity_unlinked": ActMail(
        heading="A company sign-in was unlinked from your account",
        sentence=(
            "Your account as staff of the portal is no longer opened by your company's sign-in. "
            "Your password and second factor are as before."
        ),
        page="staff:home",
        button="Staff pages",
    ),
    "role_ended": ActMail(
        heading="Your staff role has ended",
        sentence=(
            "You no longer hold the role that you had as staff of the portal. Your account goes "
            "on; you have to sign in again."
        ),
    ),
    "new_password": ActMail(
        heading="Set a new password",
        sentence=(
            "The help desk was asked to help you to a new password. You set it yourself: enter the "
            "address of this mail on the page, then the code that comes by mail, then your second "
            "factor. Your present password works until then."
        ),
        page="mfa:forgot",
        button="Set a new password",
    ),
}


def prepare_token_reminder(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell that a token ends soon; None once it has ended or was rotated."""
    token = ApiToken.objects.filter(pk=message.subject_id, replaced_by__isnull=True).first()
    if token is None or not token.holds(at):
        return None
    context = {
        "name": token.name,
        "ending": token.ending,
        "ends_at": token.expires_at,
        "page": absolute_reverse(
            "staff:token_rotate", contract=None, kwargs={"token_id": token.pk}
        ),
    }
    return compose_mail(message, "token_ends", context)


def prepare_act_notice(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell the owner of an account what staff did."""
    return compose_act_mail(message, _ACTS)


KINDS = (
    MessageKind(
        name=INVITATION_KIND, channel="email", at_most_once=False, prepare=prepare_invitation
    ),
    MessageKind(name=NOTICE_KIND, channel="email", at_most_once=False, prepare=prepare_act_notice),
    MessageKind(
        name=REMINDER_KIND,
        channel="email",
        at_most_once=False,
        prepare=prepare_token_reminder,
        weight=Weight.NOTICE,
    ),
    MessageKind(
        name=LETTER_KIND,
        channel="email",
        at_most_once=False,
        prepare=prepare_letter,
        weight=Weight.NOTICE,
    ),
)
