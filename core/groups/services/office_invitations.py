"""Add New User of an office."""

from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction

from core.accounts.selectors import username_is_available
from core.accounts.services.accounts import UsernameTakenError
from core.accounts.services.attempts import Limit, count_attempt
from core.common.errors import DomainError
from core.groups.models import Invitation, Role
from core.groups.services.invitations import Invitee, send_invitation
from core.groups.services.offices import hold_office
from core.groups.services.open_invitations import refuse_second

A_DAY: Final = 30
"""Own figure: anybody can register an office and choose its name, which stands in these mails."""


class TooManyInvitedError(DomainError):
    """The office has invited many people today."""

    code: ClassVar[str] = "office_invites_too_often"
    message: ClassVar[str] = "The office has invited many people today. Go on tomorrow."


def invite_to_office(
    *, office_id: UUID, invitee: Invitee, role: Role, host: str, by: UUID, at: datetime
) -> Invitation:
    """Reserve the username and mail an invitation to work for an office, or to administer it.

    Called by the office's Add New User. Records `invitation.sent`. Raises TooManyInvitedError,
    UsernameTakenError, AlreadyInvitedError, ChangedMeanwhileError.
    """
    limit = Limit("office.invite", str(office_id), A_DAY, timedelta(days=1))
    if not count_attempt(limits=[limit], at=at).allowed:
        raise TooManyInvitedError
    with transaction.atomic():
        office = hold_office(office_id, by=by)
        if not username_is_available(invitee.username):
            raise UsernameTakenError
        refuse_second(group_id=office.group_id, email=invitee.email, by=by, entered=())
        return send_invitation(
            invitee=invitee,
            providers=[],
            role=role,
            contract_id=None,
            host=host,
            by=by,
            at=at,
            group_id=office.group_id,
        )
