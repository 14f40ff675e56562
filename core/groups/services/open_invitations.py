"""How many invitations are open, and whether a person has one already: asked with the group held.

Whoever invites is told of what they could have sent alone. To a Provider Admin an invitation to a
provider of somebody else is unknown: theirs is sent beside it, and whoever is invited can accept
both.
"""

from collections.abc import Iterable
from typing import ClassVar, Final
from uuid import UUID

from django.db.models.functions import Lower

from core.common.errors import DomainError
from core.common.without_case import same_text
from core.groups.entering import Entered
from core.groups.models import Invitation
from core.groups.permissions import Permission
from core.groups.policies import may_manage
from core.groups.services.roles import roles_held

MOST_OPEN: Final = 10_000
"""Own figure: open invitations of one admin in one group. Two files of the largest size: all users
of a large group are invited at once, and a second file mends the first. More are no users who are
waited for, but mails in the portal's name to whomever a file names."""


class AlreadyInvitedError(DomainError):
    """The address has an open invitation that the admin sent or could have sent."""

    code: ClassVar[str] = "already_invited"
    message: ClassVar[str] = (
        "This e-mail address has an invitation of your group that is still open. Send it again, or "
        "withdraw it first."
    )


class TooManyOpenError(DomainError):
    """The admin waits for many already."""

    code: ClassVar[str] = "too_many_open_invitations"
    message: ClassVar[str] = (
        f"You have {MOST_OPEN:,} open invitations in this group, which is the most there can be. "
        "Withdraw those that nobody will accept first."
    )


def count_open(*, group_id: UUID, by: UUID) -> int:
    """Return how many invitations of an admin are open in a group."""
    return Invitation.objects.filter(Invitation.OPEN, group=group_id, invited_by=by).count()


def require_room(*, group_id: UUID, by: UUID) -> None:
    """Make sure that an admin may send one more invitation. Raises TooManyOpenError."""
    if count_open(group_id=group_id, by=by) >= MOST_OPEN:
        raise TooManyOpenError


def list_invited(group_ids: Iterable[UUID], emails: Iterable[str]) -> set[tuple[UUID, str]]:
    """Return which of some addresses have an open invitation of which group, whoever sent it.

    For whoever asks `refuse_second` of those alone; nobody is told of it.
    """
    found = Invitation.objects.filter(Invitation.OPEN, group__in=group_ids)
    named = found.annotate(address=Lower("email")).filter(address__in=set(emails))
    return set(named.values_list("group", "address"))


def refuse_second(*, group_id: UUID, email: str, by: UUID, entered: Entered) -> None:
    """Refuse an address that has an open invitation which the admin sent or could have sent.

    Raises AlreadyInvitedError.
    """
    named = Invitation.objects.filter(Invitation.OPEN, group=group_id)
    for one in named.filter(same_text("email", email)):
        if one.invited_by == by or _could_have_sent(one, by=by, entered=entered):
            raise AlreadyInvitedError


def _could_have_sent(invitation: Invitation, *, by: UUID, entered: Entered) -> bool:
    return all(
        one.contract_id in entered
        and may_manage(
            roles_held(by, one),
            invitation.role,
            Permission.USERS_INVITE,
            contract_id=one.contract_id,
        )
        for one in invitation.providers.all()
    )
