"""Invite staff by mail: the link is made at hand-over, works once, and a newer one replaces it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from core.accounts.models import User
from core.accounts.selectors import find_account_by_email
from core.accounts.services.throttle import record_refusal
from core.audit.recording import record
from core.common.errors import DomainError
from core.common.turns import hold_turn
from core.mfa.models import MfaRegistration
from core.mfa.registering.link_requests import LinkTarget
from core.mfa.services.invitation_links import mint_invitation_link, use_invitation_link
from core.mfa.services.registrations import begin_mfa_registration
from core.notifications.services.outbox import enqueue
from core.staff.models import StaffInvitation, StaffRole
from core.staff.selectors import in_reach, list_invited_under
from core.staff.services.members import check_reach, grant_role

SOURCE_KIND: Final = "staff_invitation"
"""Under which MFA registration knows invitations; the id is their `follow_id`."""
INVITATION_KIND: Final = "staff_invitation"
_DIGEST_PURPOSE: Final = "staff.invitation"
# Own figure, as for the links of accounts: later the person has asked again.
_WAITS_AT_MOST: Final = timedelta(hours=1)


class InvitationOverError(DomainError):
    """The invitation was accepted, withdrawn, or never was."""

    code: ClassVar[str] = "staff_invitation_over"
    message: ClassVar[str] = "This invitation has ended. Ask whoever invited you for a new one."


class OwnAddressError(DomainError):
    """Somebody else's invitation."""

    code: ClassVar[str] = "staff_invitation_other_address"
    message: ClassVar[str] = (
        "This invitation was sent to another e-mail address than that of your account. Sign in "
        "with the account that has the address, or ask for an invitation to this one."
    )


@transaction.atomic
def invite_staff(
    *,
    email: str,
    role: StaffRole,
    contract_id: UUID | None,
    by: UUID | None,
    at: datetime,
    until: datetime | None = None,
    reason: str = "",
) -> StaffInvitation:
    """Mail an invitation to a role; an open one to the same address and role is sent anew,
    with the end that is named now. Two at once are one.

    Called by `manage.py staff invite` (`by` is None) and by staff who manage staff. Whether the
    address has an account makes no difference to the answer. Records `staff_invitation.sent`
    (`reason` with it). Raises WrongReachError.
    """
    check_reach(role, contract_id)
    address = email.strip().lower()
    hold_turn("staff-invitation", address)
    invitation = _open().filter(in_reach(contract_id), email=address, role=role).first()
    if invitation is None:
        invitation = StaffInvitation.objects.create(
            email=address,
            role=role,
            contract_id=contract_id,
            until=until,
            invited_by=by,
            invited_at=at,
        )
    elif invitation.until != until:
        invitation.until = until
        invitation.save(update_fields=["until"])
    enqueue(
        kind=INVITATION_KIND,
        to=address,
        subject_id=invitation.id,
        contract_id=contract_id,
        at=at,
    )
    _record("sent", invitation, by=by, at=at, data={"reason": reason} if reason else None)
    return invitation


def find_invitation_target(name: str, contract_id: UUID | None, at: datetime) -> LinkTarget | None:
    """Return the mail for somebody invited who chose a username and did not finish (a LinkFinder).

    It goes out in the name that the invitation has, wherever it was asked for.
    """
    invitation = list_invited_under(name).order_by("-invited_at").first()
    if invitation is None:
        return None
    return LinkTarget(
        kind=INVITATION_KIND,
        to=invitation.email,
        subject=("staff_invitation", invitation.id),
        contract_id=invitation.contract_id,
        account_id=None,
        not_after=at + _WAITS_AT_MOST,
    )


@transaction.atomic
def withdraw_invitation(*, invitation_id: UUID, reason: str, by: UUID | None, at: datetime) -> bool:
    """Take an invitation back; False when it is over already. Records why."""
    invitation = _hold(invitation_id)
    if invitation is None:
        return False
    invitation.withdrawn_at = at
    invitation.token_digest = None
    invitation.save(update_fields=["withdrawn_at", "token_digest"])
    _record("withdrawn", invitation, by=by, at=at, data={"reason": reason})
    return True


def mint_link(*, invitation: StaffInvitation, life: timedelta, at: datetime) -> str:
    """Give an open invitation a fresh link and return its token; the older one is dead."""
    return mint_invitation_link(invitation, purpose=_DIGEST_PURPOSE, life=life, at=at)


@dataclass(frozen=True)
class Followed:
    """The invitation whose link was used, and whether its address has an account."""

    invitation: StaffInvitation
    has_account: bool


@transaction.atomic
def follow_invitation(*, token: str, at: datetime) -> Followed | None:
    """Use a link: once, within its life. None when it is used, expired, replaced or unknown.

    Called by the button on the link page. Records `staff_invitation.followed`, refusals as
    `staff_invitation.refused`.
    """
    invitation = use_invitation_link(_open(), purpose=_DIGEST_PURPOSE, token=token, at=at)
    if invitation is None:
        record_refusal("staff_invitation.refused", result="refused", at=at)
        return None
    _record("followed", invitation, by=None, at=at)
    return Followed(invitation, find_account_by_email(invitation.email) is not None)


@transaction.atomic
def name_invitee(
    *, invitation_id: UUID, first_name: str, last_name: str, username: str, at: datetime
) -> MfaRegistration:
    """Write down who accepts, and begin the MFA registration of the new account.

    Called by the page behind the link. Raises InvitationOverError; the address of an account that
    was made meanwhile is told by MFA registration after it is proven.
    """
    invitation = _hold(invitation_id)
    if invitation is None or invitation.follow_id is None:
        raise InvitationOverError
    invitation.first_name = first_name.strip()
    invitation.last_name = last_name.strip()
    invitation.username = username.strip()
    invitation.save(update_fields=["first_name", "last_name", "username"])
    return begin_mfa_registration(
        source_kind=SOURCE_KIND, source_id=invitation.follow_id, contract=None, at=at
    )


@transaction.atomic
def accept_invitation(*, invitation_id: UUID, user: User, at: datetime) -> User:
    """Give the signed-in owner of the invited address the role. Returns the account as it is now.

    Called by the page behind the link. Sessions of the account end, as with any change of role.
    Records `staff_invitation.accepted`. Raises InvitationOverError, OwnAddressError.
    """
    invitation = _hold(invitation_id)
    if invitation is None or invitation.link_used_at is None:
        raise InvitationOverError
    if invitation.email != user.email.lower():
        raise OwnAddressError
    return take_role(invitation, user, at=at)


def take_role(invitation: StaffInvitation, user: User, *, at: datetime) -> User:
    """Close an invitation with the role that it gives, in the caller's transaction.

    Called when a new account is complete, or its owner has accepted.
    """
    grant_role(
        user_id=user.id,
        role=StaffRole(invitation.role),
        contract_id=invitation.contract_id,
        until=invitation.until,
        by=invitation.invited_by,
        at=at,
    )
    invitation.accepted_at = at
    invitation.accepted_by = user.id
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    _record("accepted", invitation, by=user.id, at=at)
    return User.objects.get(pk=user.id)


def hold_by_follow(follow_id: UUID) -> StaffInvitation | None:
    """Return the open invitation of a used link, locked until the transaction ends."""
    return _open().filter(follow_id=follow_id).first()


def _hold(invitation_id: UUID) -> StaffInvitation | None:
    return _open().filter(pk=invitation_id).first()


def _open() -> QuerySet[StaffInvitation]:
    return StaffInvitation.objects.select_for_update().filter(
        accepted_at__isnull=True, withdrawn_at__isnull=True
    )


def _record(
    verb: str,
    invitation: StaffInvitation,
    *,
    by: UUID | None,
    at: datetime,
    data: dict[str, object] | None = None,
) -> None:
    record(
        f"staff_invitation.{verb}",
        contract_id=invitation.contract_id,
        actor_id=by,
        subject=("staff_invitation", invitation.id),
        data={"role": invitation.role, **(data or {})},
        at=at,
    )
