"""The links of invitations: made at hand-over, used once, replaced by a newer one."""

from datetime import datetime, timedelta
from typing import Final, TypeVar

from django.db.models import QuerySet

from core.common.ids import uuid7
from core.common.tokens import has_token, new_token
from core.mfa.models.invitations import MailedInvitation

Invited = TypeVar("Invited", bound=MailedInvitation)
_MINTED: Final = ["key_version", "token_digest", "link_expires_at", "link_used_at", "follow_id"]


def mint_invitation_link(
    invitation: MailedInvitation, *, purpose: str, life: timedelta, at: datetime
) -> str:
    """Give an open invitation a fresh link and return its token; the older one is dead.

    Called at hand-over of the mail, with the row locked. Only the token's digest is kept.
    """
    fresh = new_token(purpose)
    invitation.token_digest, invitation.key_version = fresh.digest, fresh.key_version
    invitation.link_expires_at = at + life
    invitation.link_used_at = None
    invitation.follow_id = None
    invitation.save(update_fields=_MINTED)
    return fresh.token


def use_invitation_link(
    invitations: QuerySet[Invited], *, purpose: str, token: str, at: datetime
) -> Invited | None:
    """Use a link: once, within its life. None when it is used, expired, replaced or unknown.

    `invitations` are the open ones, to be locked. Called in the transaction of the page's button.
    """
    invitation = find_invitation_of_link(invitations, purpose=purpose, token=token, at=at)
    if invitation is None:
        return None
    invitation.link_used_at = at
    invitation.follow_id = uuid7()
    invitation.save(update_fields=["link_used_at", "follow_id"])
    return invitation


def find_invitation_of_link(
    invitations: QuerySet[Invited], *, purpose: str, token: str, at: datetime
) -> Invited | None:
    """Return the invitation whose link still works, and change nothing; None for any other link."""
    invitation = invitations.filter(has_token(purpose, token)).first()
    return invitation if invitation is not None and _can_be_used(invitation, at) else None


def _can_be_used(invitation: MailedInvitation, at: datetime) -> bool:
    ends = invitation.link_expires_at
    return invitation.link_used_at is None and ends is not None and at < ends
