"""What staff do for the owner of an account. Each act has a reason, and the owner hears of it."""

from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction

from core.accounts.models import User
from core.accounts.services.accounts import deactivate_account, reactivate_account
from core.accounts.services.locks import unlock_account
from core.audit.recording import record
from core.common.context import current_context
from core.common.errors import DomainError
from core.common.turns import hold_turn
from core.mfa.models import HelpKind
from core.mfa.registering.sources import get_source
from core.mfa.services.help_requests import HelpFacts, open_help_request
from core.mfa.services.registration_resets import reset_registration
from core.notifications.services.outbox import enqueue
from core.staff.people import unfinished_registrations

NOTICE_KIND: Final = "staff_act_notice"


class OwnAccountError(DomainError):
    """Staff acted on themselves."""

    code: ClassVar[str] = "own_account"
    message: ClassVar[str] = "Nobody does this to their own account. Ask somebody else of staff."


class TooSoonError(DomainError):
    """The last mail went out a moment ago."""

    code: ClassVar[str] = "too_soon"
    message: ClassVar[str] = "A mail went out a moment ago. Try again in some minutes."


class RegistrationOverError(DomainError):
    """The registration was finished or released meanwhile."""

    code: ClassVar[str] = "registration_over"
    message: ClassVar[str] = "This registration is over: it was finished, or its time ran out."


@transaction.atomic
def unlock_for_owner(*, user_id: UUID, reason: str, by: UUID, at: datetime) -> None:
    """Open a locked account and tell its owner. Records `account.unlocked`. OwnAccountError."""
    _refuse_own(user_id, by)
    unlock_account(user_id=user_id, reason=reason, by=by, at=at)
    tell_of_act(user_id, "unlocked", at=at)


@transaction.atomic
def reactivate_for_owner(*, user_id: UUID, reason: str, by: UUID, at: datetime) -> None:
    """Open a closed account again and tell its owner. Records `account.reactivated`.

    Raises OwnAccountError.
    """
    _refuse_own(user_id, by)
    if reactivate_account(user_id=user_id, reason=reason, by=by, at=at):
        tell_of_act(user_id, "reactivated", at=at)


@transaction.atomic
def deactivate_for_owner(*, user_id: UUID, reason: str, by: UUID, at: datetime) -> None:
    """Close an account, which is out everywhere with its next request, and tell its owner.

    Of two at once one closes it. Records `account.deactivated`. Raises OwnAccountError, and
    LastAdminError for the only admin of a provider group.
    """
    _refuse_own(user_id, by)
    hold_turn("staff-deactivates", str(user_id))
    if User.objects.filter(pk=user_id, is_active=True).exists():
        deactivate_account(user_id=user_id, reason=reason, by=by, at=at)
        tell_of_act(user_id, "deactivated", at=at)


@transaction.atomic
def ask_for_new_password(*, user_id: UUID, reason: str, by: UUID, at: datetime) -> None:
    """Mail the owner where to set a new password; the second factor is asked for as always.

    Records `password_reset.requested`. Raises OwnAccountError.
    """
    _refuse_own(user_id, by)
    record(
        "password_reset.requested",
        actor_id=by,
        subject=("account", user_id),
        data={"reason": reason},
        at=at,
    )
    tell_of_act(user_id, "new_password", at=at)


@transaction.atomic
def reset_registration_of(*, user_id: UUID, reason: str, by: UUID, at: datetime) -> None:
    """Take the factors of an account away; its owner registers anew by a mailed link.

    The present password stays valid for that alone (`core.mfa.services.registration_resets`, which
    records it). Raises OwnAccountError, AccountClosedError.
    """
    _refuse_own(user_id, by)
    reset_registration(user_id=user_id, by=by, reason=reason, at=at)


@transaction.atomic
def ask_desk_for_reset(*, user_id: UUID, reason: str, by: UUID, at: datetime) -> None:
    """Leave the reset of somebody who works in further contracts to the help desk.

    Called for contract admins (design decision 15). Opens a request that staff of the whole
    deployment see, and the owner hears of it. Records `account.reset_requested`. Raises
    OwnAccountError, TooSoonError.
    """
    _refuse_own(user_id, by)
    asking, owner = User.objects.get(pk=by), User.objects.get(pk=user_id)
    answer = open_help_request(
        kind=HelpKind.LOST_PHONE,
        facts=HelpFacts(
            name=asking.get_full_name(),
            account=owner.username,
            reach=asking.email,
            organization="Asked by a contract admin",
            note=reason,
        ),
        contract_id=None,
        address=current_context().remote_address,
        by=None,
        at=at,
    )
    if answer.request is None:
        raise TooSoonError
    record(
        "account.reset_requested",
        actor_id=by,
        subject=("account", user_id),
        data={"reason": reason, "request": str(answer.request.id)},
        at=at,
    )


@transaction.atomic
def resend_account_link(*, user_id: UUID, reason: str, by: UUID, at: datetime) -> None:
    """Mail the owner of an account without a factor how to finish its MFA registration.

    Records `mfa_registration.link_resent`. Raises OwnAccountError, SourceGoneError.
    """
    _refuse_own(user_id, by)
    get_source("account").send_link(user_id, at=at)
    record(
        "mfa_registration.link_resent",
        actor_id=by,
        subject=("account", user_id),
        data={"reason": reason},
        at=at,
    )


def resend_registration_link(
    *, registration_id: UUID, contract_id: UUID, reason: str, by: UUID, at: datetime
) -> None:
    """Mail a new link for a registration that has made no account yet.

    Records `registration.link_resent`, and what the resending itself records. Raises
    RegistrationOverError, TooSoonError.
    """
    registrations = unfinished_registrations()
    if registrations is None or registrations.get(registration_id, at=at) is None:
        raise RegistrationOverError
    retry_at = registrations.resend(registration_id, at=at)
    with transaction.atomic():
        record(
            "registration.link_resent",
            contract_id=contract_id,
            actor_id=by,
            subject=("pending_registration", registration_id),
            result="throttled" if retry_at else "ok",
            data={"reason": reason},
            at=at,
        )
    if retry_at:
        raise TooSoonError


def _refuse_own(user_id: UUID, by: UUID) -> None:
    if user_id == by:
        raise OwnAccountError


def tell_of_act(user_id: UUID, what: str, *, at: datetime) -> None:
    """Write the mail about an act of staff into the outbox; `what` is one of `core.staff.messages`.

    Called in the transaction of the act.
    """
    user = User.objects.get(pk=user_id)
    enqueue(
        kind=NOTICE_KIND,
        to=user.email,
        subject_id=user.id,
        account_id=user.id,
        context={"what": what, "happened_at": at.isoformat()},
        at=at,
    )
