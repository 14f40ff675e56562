"""Change the address of an open invitation."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from core.groups.entering import Entered
from core.groups.models import Invitation
from core.groups.services.invitations import (
    INVITATION_KIND,
    count_mail,
    hold_to_manage,
    mail_invitation,
    reach_of_role,
    record_invitation,
)
from core.groups.services.open_invitations import AlreadyInvitedError, refuse_second
from core.groups.services.roles import ChangedMeanwhileError
from core.notifications.services.outbox import cancel_messages, enqueue

ADDRESS_CHANGED_KIND: Final = "invitation_address_changed"
_MOVED: Final = ("email", "invited_by", "reaches", "token_digest", "link_used_at", "follow_id")


def readdress_invitation(
    *, invitation_id: UUID, was: str, email: str, by: UUID, entered: Entered, at: datetime
) -> Invitation:
    """Send an open invitation to another address; whatever went to the former one is dead.

    Called by Setup; `was` is the address that the page showed. Counts as one of the mails of the
    hour. Ends an MFA registration or sign-in that the former link has begun, and tells the former
    address that it is out. Whether the new one has an account makes no difference here. Whoever
    chooses the address is from now on who invites: the invitation ends with their right to it.
    Records `invitation.readdressed`, without the addresses. Raises as `hold_to_manage`,
    ChangedMeanwhileError, AlreadyInvitedError, TooManyMailsError.
    """
    count_mail(invitation_id, by=by, entered=entered, at=at)
    with transaction.atomic():
        invitation = hold_to_manage(invitation_id, by=by, entered=entered)
        if invitation.email != was.strip().lower():
            raise ChangedMeanwhileError
        refuse_second(group_id=invitation.group_id, email=email, by=by, entered=entered)
        _move(invitation, email.strip().lower(), by=by)
        cancel_messages(kind=INVITATION_KIND, subject_id=invitation.id)
        mail_invitation(invitation, at=at)
        enqueue(
            kind=ADDRESS_CHANGED_KIND,
            to=was.strip().lower(),
            subject_id=invitation.id,
            contract_id=invitation.contract_id,
            at=at,
        )
        record_invitation("readdressed", invitation, by=by, at=at)
    return invitation


def _move(invitation: Invitation, email: str, *, by: UUID) -> None:
    """Write the new address and who chose it; forget the link and whoever has followed it."""
    invitation.email, invitation.invited_by = email, by
    invitation.reaches = reach_of_role(invitation.group_id, invitation.role)
    invitation.token_digest = invitation.link_used_at = invitation.follow_id = None
    try:
        with transaction.atomic():
            invitation.save(update_fields=_MOVED)
    except IntegrityError as error:
        raise AlreadyInvitedError from error
