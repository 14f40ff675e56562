"""Add New User: invite somebody by mail, send it again, take it back, accept it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from core.accounts.selectors import find_account_by_email, username_is_available
from core.accounts.services.accounts import UsernameTakenError
from core.accounts.services.attempts import Limit, count_attempt
from core.accounts.services.throttle import record_refusal
from core.audit.recording import record
from core.common.errors import DomainError
from core.common.without_case import same_text
from core.groups.entering import Entered
from core.groups.models import Invitation, Provider, Role
from core.groups.permissions import Permission
from core.groups.selectors import contracts_of_group
from core.groups.services.holding import hold_group
from core.groups.services.offices import administers_office, find_office
from core.groups.services.open_invitations import refuse_second, require_room
from core.groups.services.roles import (
    ChangedMeanwhileError,
    require_role,
    require_same_role,
)
from core.mfa.models import MfaRegistration
from core.mfa.registering.link_requests import LinkTarget
from core.mfa.services.invitation_links import (
    find_invitation_of_link,
    mint_invitation_link,
    use_invitation_link,
)
from core.mfa.services.registrations import begin_mfa_registration
from core.notifications.services.outbox import enqueue
from tenants.context import ActiveContract

SOURCE_KIND: Final = "invitation"
"""Under which MFA registration knows invitations; the id is their `follow_id`."""
INVITATION_KIND: Final = "user_invitation"
MAILS_PER_HOUR: Final = 5
"""Own figure: whoever asks for more tries another address or the telephone."""
_HOUR: Final = timedelta(hours=1)
_DIGEST_PURPOSE: Final = "groups.invitation"


class InvitationOverError(DomainError):
    """The invitation was accepted, withdrawn, or never was."""

    code: ClassVar[str] = "invitation_over"
    message: ClassVar[str] = "This invitation has ended. Ask whoever invited you for a new one."


class InvitationWaitsError(InvitationOverError):
    """All that it would give is at providers that are leaving the roster."""

    code: ClassVar[str] = "invitation_waits"
    message: ClassVar[str] = (
        "The provider is not on the program's list of providers any more, so nobody can be added "
        "to it now. Ask whoever invited you to send the invitation again once it is back."
    )


class OtherAddressError(DomainError):
    """Somebody else's invitation."""

    code: ClassVar[str] = "invitation_other_address"
    message: ClassVar[str] = (
        "This invitation was sent to another e-mail address than that of your account. Sign in "
        "with the account that has the address, or ask for an invitation to this one."
    )


class TooManyMailsError(DomainError):
    """The mail was sent often enough for this hour."""

    code: ClassVar[str] = "invitation_mailed_too_often"
    message: ClassVar[str] = "This mail was sent several times within the hour. Try again later."


@dataclass(frozen=True)
class Invitee:
    """What the admin enters about the new user."""

    username: str
    email: str
    first_name: str
    last_name: str
    phone: str = ""
    fax: str = ""
    address_1: str = ""
    address_2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""


@transaction.atomic
def invite_user(
    *,
    invitee: Invitee,
    providers: Sequence[Provider],
    role: str,
    contract: ActiveContract,
    host: str,
    by: UUID,
    entered: Entered,
    at: datetime,
) -> Invitation:
    """Reserve the username and mail an invitation to a role at providers of one group.

    Called by Add New User, which has loaded the providers through the admin's reach. Whether the
    address has an account makes no difference here. Records `invitation.sent`. Raises
    UsernameTakenError, AlreadyInvitedError, ChangedMeanwhileError, RoleNotYoursError,
    RoleNotOfferedError, RoleDiffersError, NotEnteredError, TooManyOpenError, ProviderLeavingError.
    """
    group_id = providers[0].group_id
    hold_group(group_id)
    for provider in providers:
        require_role(by, provider, role, Permission.USERS_INVITE, entered=entered)
    require_same_role(role, providers)
    if not username_is_available(invitee.username):
        raise UsernameTakenError
    require_room(group_id=group_id, by=by)
    refuse_second(group_id=group_id, email=invitee.email, by=by, entered=entered)
    return send_invitation(
        invitee=invitee,
        providers=providers,
        role=role,
        contract_id=contract.id,
        host=host,
        by=by,
        at=at,
    )


def send_invitation(
    *,
    invitee: Invitee,
    providers: Sequence[Provider],
    role: str,
    contract_id: UUID | None,
    host: str,
    by: UUID,
    at: datetime,
    group_id: UUID | None = None,
) -> Invitation:
    """Write an invitation and its mail, in the caller's transaction.

    Without providers `group_id` is that of an office.

    The caller holds the group, and has looked at the admin's rights and open invitations and at the
    username (`refuse_second`, `require_room`). Records `invitation.sent`. Raises
    UsernameTakenError.
    """
    group_id = group_id or providers[0].group_id
    values = asdict(invitee) | {"email": invitee.email.strip().lower()}
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                group_id=group_id,
                contract_id=contract_id,
                role=role,
                host=host,
                invited_by=by,
                invited_at=at,
                reaches=reach_of_role(group_id, role),
                **values,
            )
    except IntegrityError as error:
        raise UsernameTakenError from error
    link = Invitation.providers.through
    link.objects.bulk_create(link(invitation=invitation, provider=one) for one in providers)
    mail_invitation(invitation, at=at)
    keys = [str(provider.id) for provider in providers]
    record_invitation("sent", invitation, by=by, at=at, data={"providers": keys})
    return invitation


def resend_invitation(*, invitation_id: UUID, by: UUID, entered: Entered, at: datetime) -> None:
    """Mail an open invitation anew; the link in the mail before stops working.

    Called by Setup. Records `invitation.resent`. Raises as `hold_to_manage`, TooManyMailsError.
    """
    count_mail(invitation_id, by=by, entered=entered, at=at)
    with transaction.atomic():
        invitation = hold_to_manage(invitation_id, by=by, entered=entered)
        mail_invitation(invitation, at=at)
        record_invitation("resent", invitation, by=by, at=at)


@transaction.atomic
def withdraw_invitation(*, invitation_id: UUID, by: UUID, entered: Entered, at: datetime) -> None:
    """Take an open invitation back: its link is dead and the username is free.

    Called by Setup, also when the contract has the role no longer. Records `invitation.withdrawn`.
    Raises as `hold_to_manage`.
    """
    invitation = hold_to_manage(invitation_id, by=by, entered=entered, gives=False)
    invitation.withdrawn_at = at
    invitation.token_digest = None
    invitation.save(update_fields=["withdrawn_at", "token_digest"])
    record_invitation("withdrawn", invitation, by=by, at=at)


def reach_of_role(group_id: UUID, role: str) -> list[UUID]:
    """Return the contracts into which an invitation to a role reaches beyond its providers.

    For Provider Group Admin those of the group, all entered by whoever invites: when the group has
    grown into another one meanwhile, the invitation does not lead there.
    """
    return contracts_of_group(group_id) if role == Role.GROUP_ADMIN else []


def mint_link(*, invitation: Invitation, life: timedelta, at: datetime) -> str:
    """Give an open invitation a fresh link and return its token; the older one is dead."""
    return mint_invitation_link(invitation, purpose=_DIGEST_PURPOSE, life=life, at=at)


@dataclass(frozen=True)
class Followed:
    """The invitation whose link was used; the registration, unless the address has an account."""

    invitation: Invitation
    mfa_registration: MfaRegistration | None


@transaction.atomic
def follow_invitation(
    *, contract: ActiveContract | None, token: str, at: datetime
) -> Followed | None:
    """Use a link: once, within its life. None when it is used, expired, replaced or unknown.

    Called by the button on the link page. Where the address has no account, MFA registration
    begins. Records `invitation.followed`, refusals as `invitation.refused`.
    """
    contract_id = contract.id if contract else None
    held = _of_site(contract).select_for_update(of=("self",))
    invitation = use_invitation_link(held, purpose=_DIGEST_PURPOSE, token=token, at=at)
    if invitation is None or invitation.follow_id is None:
        record_refusal("invitation.refused", contract_id=contract_id, result="refused", at=at)
        return None
    record_invitation("followed", invitation, by=None, at=at)
    if find_account_by_email(invitation.email) is not None:
        return Followed(invitation, None)
    registration = begin_mfa_registration(
        source_kind=SOURCE_KIND, source_id=invitation.follow_id, contract=contract, at=at
    )
    return Followed(invitation, registration)


def find_linked_invitation(
    *, contract: ActiveContract | None, token: str, at: datetime
) -> Invitation | None:
    """Return whose invitation a link is before it is used; None for a link that does not work.

    For the page with the button: whoever holds the link reads what the mail around it says.
    """
    return find_invitation_of_link(_of_site(contract), purpose=_DIGEST_PURPOSE, token=token, at=at)


def _of_site(contract: ActiveContract | None) -> QuerySet[Invitation]:
    """Return the open invitations whose links stand on a contract's pages, or on the portal's."""
    return list_open_invitations().filter(contract=contract.id if contract else None)


def find_invitation_target(name: str, contract_id: UUID | None, at: datetime) -> LinkTarget | None:
    """Return the mail for somebody who was invited under a username (a LinkFinder)."""
    invitation = list_open_invitations().filter(same_text("username", name)).first()
    if invitation is None:
        return None
    return LinkTarget(
        kind=INVITATION_KIND,
        to=invitation.email,
        subject=("invitation", invitation.id),
        contract_id=invitation.contract_id,
        account_id=None,
        not_after=at + _HOUR,
    )


def hold_by_follow(follow_id: UUID) -> Invitation | None:
    """Return the open invitation of a used link, locked until the transaction ends."""
    return (
        list_open_invitations().select_for_update(of=("self",)).filter(follow_id=follow_id).first()
    )


def list_open_invitations() -> QuerySet[Invitation]:
    """Return all open invitations; each reserves its username."""
    return Invitation.objects.filter(Invitation.OPEN)


def count_mail(invitation_id: UUID, *, by: UUID, entered: Entered, at: datetime) -> None:
    """Count a mail that an admin asked for, outside of a transaction.

    Who sees an invitation and may not give its role uses up nothing of it. Raises
    TooManyMailsError, and as `hold_to_manage`.
    """
    with transaction.atomic():
        hold_to_manage(invitation_id, by=by, entered=entered)
    limit = Limit("invitation.mail", str(invitation_id), MAILS_PER_HOUR, _HOUR)
    if not count_attempt(limits=[limit], at=at).allowed:
        raise TooManyMailsError


def hold_invitation(invitation_id: UUID) -> Invitation:
    """Return an open invitation, locked until the transaction ends. InvitationOverError."""
    found = list_open_invitations().select_for_update(of=("self",)).filter(pk=invitation_id).first()
    if found is None:
        raise InvitationOverError
    return found


def hold_to_manage(
    invitation_id: UUID, *, by: UUID, entered: Entered, gives: bool = True
) -> Invitation:
    """Return an open invitation whose role an admin may still give, with it and its group locked.

    The invitation comes first, as when it is accepted. Raises InvitationOverError,
    ChangedMeanwhileError, RoleNotYoursError, RoleNotOfferedError, NotEnteredError,
    ProviderLeavingError.
    """
    invitation = hold_invitation(invitation_id)
    hold_group(invitation.group_id)
    office = find_office(invitation.group_id)
    if office is not None and not administers_office(by, office):
        raise ChangedMeanwhileError
    for provider in invitation.providers.order_by("id"):
        require_role(
            by, provider, invitation.role, Permission.USERS_INVITE, entered=entered, gives=gives
        )
    return invitation


def mail_invitation(invitation: Invitation, *, at: datetime) -> None:
    """Write the mail with a new link into the outbox, in the caller's transaction."""
    enqueue(
        kind=INVITATION_KIND,
        to=invitation.email,
        subject_id=invitation.id,
        contract_id=invitation.contract_id,
        at=at,
    )


def record_invitation(
    verb: str,
    invitation: Invitation,
    *,
    by: UUID | None,
    at: datetime,
    data: dict[str, object] | None = None,
) -> None:
    """Record what became of an invitation, in the transaction of the act."""
    record(
        f"invitation.{verb}",
        contract_id=invitation.contract_id,
        actor_id=by,
        subject=("invitation", invitation.id),
        data={"role": invitation.role, "group": str(invitation.group_id), **(data or {})},
        at=at,
    )
