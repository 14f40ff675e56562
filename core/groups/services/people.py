"""What an admin does to a whole person: design decision 15 bounds it.

Unlock, Reset Registration and deactivating touch everything that the person does, so all their
active roles have to lie where the admin manages them, in contracts that the admin has entered, and
staff of the portal are nobody's. Where they lie elsewhere, the admin removes the person from their
own providers, and asks the help desk. An office's admin manages the roles in the office and those
by its access grants.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from core.accounts.models import User
from core.accounts.services.accounts import deactivate_account, reactivate_account
from core.accounts.services.details import change_details
from core.accounts.services.locks import unlock_account
from core.audit.recording import record
from core.common.context import current_context
from core.common.errors import DomainError
from core.groups.entering import Entered, require_entered
from core.groups.models import Membership
from core.groups.permissions import Permission
from core.groups.policies import may_manage, roles_reaching
from core.groups.selectors import contracts_worked_in
from core.groups.services.holding import hold_groups
from core.mfa.models import HelpKind
from core.mfa.services.help_requests import HelpFacts, open_help_request
from core.mfa.services.registration_resets import reset_registration
from core.notifications.services.outbox import enqueue

NOTICE_KIND: Final = "user_act_notice"
_REASON: Final = "by an admin of the provider group or office"


class WorksElsewhereError(DomainError):
    """The person has roles that the admin does not manage, or is staff of the portal."""

    code: ClassVar[str] = "works_elsewhere"
    message: ClassVar[str] = (
        "This person also works where you manage nobody, so this is not yours to do. Remove them "
        "from your providers, or ask the help desk."
    )


class OwnAccountError(DomainError):
    """An admin acted on their own account."""

    code: ClassVar[str] = "own_account"
    message: ClassVar[str] = "Nobody does this to their own account. Ask another admin."


class TooSoonError(DomainError):
    """The help desk has such a request already."""

    code: ClassVar[str] = "asked_too_soon"
    message: ClassVar[str] = "The help desk was asked a moment ago. Try again in some minutes."


def is_wholly_managed(user: User, *, by: UUID) -> bool:
    """Tell whether all that somebody does lies where an admin manages it. Changes nothing."""
    if user.is_staff_member or user.id == by:
        return False
    held, own = list(_roles_of(user.id)), list(_roles_of(by).filter(user__is_active=True))
    return bool(held) and all(acts_on(own, one) for one in held)


def acts_on(own: Sequence[Membership], held: Membership) -> bool:
    """Tell whether who holds some roles acts on accounts that hold another one. No query."""
    return may_manage(
        roles_reaching(own, group_id=held.within, provider_id=held.provider_id),
        held.role,
        Permission.ACCOUNTS_MANAGE,
        contract_id=held.contract_id,
    )


@transaction.atomic
def unlock_user(*, user_id: UUID, by: UUID, entered: Entered, at: datetime) -> None:
    """Open a locked account and tell its owner. Records `account.unlocked`.

    Called by Setup, and like the other acts here by an office's page. Raises OwnAccountError,
    WorksElsewhereError, NotEnteredError.
    """
    _hold_whole(user_id, by=by, entered=entered)
    unlock_account(user_id=user_id, reason=_REASON, by=by, at=at)
    tell_user(user_id, "unlocked", by=by, at=at)


@transaction.atomic
def reset_user_registration(*, user_id: UUID, by: UUID, entered: Entered, at: datetime) -> None:
    """Take the factors of an account away; its owner registers anew by a mailed link.

    Called by Setup after a fresh sign-in (document 003, *Provider Administrator Reset
    Registration*). Records `account.registration_reset`. Raises OwnAccountError,
    WorksElsewhereError, NotEnteredError, AccountClosedError.
    """
    _hold_whole(user_id, by=by, entered=entered)
    reset_registration(user_id=user_id, by=by, reason=_REASON, at=at)


@transaction.atomic
def deactivate_user(*, user_id: UUID, by: UUID, entered: Entered, at: datetime) -> None:
    """Close an account: out everywhere with its next request; the username stays taken.

    Called by Setup after a fresh sign-in. Records `account.deactivated`. Raises OwnAccountError,
    WorksElsewhereError, NotEnteredError, LastAdminError.
    """
    _hold_whole(user_id, by=by, entered=entered)
    deactivate_account(user_id=user_id, reason=_REASON, by=by, at=at)
    tell_user(user_id, "deactivated", by=by, at=at)


@transaction.atomic
def reactivate_user(*, user_id: UUID, by: UUID, entered: Entered, at: datetime) -> None:
    """Open a closed account again, with the roles that it has kept. Records `account.reactivated`.

    Called by Setup after a fresh sign-in. Raises OwnAccountError, WorksElsewhereError,
    NotEnteredError.
    """
    _hold_whole(user_id, by=by, entered=entered)
    if reactivate_account(user_id=user_id, reason=_REASON, by=by, at=at):
        tell_user(user_id, "reactivated", by=by, at=at)


@transaction.atomic
def change_user_details(
    *,
    user_id: UUID,
    details: Mapping[str, str],
    seen: str,
    by: UUID,
    entered: Entered,
    at: datetime,
) -> None:
    """Correct name, address, phone or fax of a user, and tell them which.

    Called by Setup. Never the e-mail address nor a number for codes: who reads these has the
    account, so they are their owner's alone. Records `account.details_changed` with the names of
    the fields. Raises OwnAccountError, WorksElsewhereError, NotEnteredError,
    DetailsChangedError.
    """
    _hold_whole(user_id, by=by, entered=entered)
    changed = change_details(user_id=user_id, details=details, seen=seen, by=by, at=at)
    if changed:
        tell_user(user_id, "details_changed", facts={"fields": changed}, by=by, at=at)


@transaction.atomic
def ask_desk_for_reset(*, user_id: UUID, by: UUID, entered: Entered, at: datetime) -> None:
    """Leave the reset of somebody who works elsewhere, too, to the help desk.

    Called by Setup. Opens a request that staff see. Records `account.reset_requested`. Raises
    TooSoonError.
    """
    asking, owner = User.objects.get(pk=by), User.objects.get(pk=user_id)
    answer = open_help_request(
        kind=HelpKind.LOST_PHONE,
        facts=HelpFacts(
            name=asking.get_full_name(),
            account=owner.username,
            reach=asking.email,
            organization="Asked by an admin of the provider group or office",
            note="",
        ),
        contract_id=current_context().contract_id,
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
        data={"request": str(answer.request.id)},
        at=at,
    )


def _hold_whole(user_id: UUID, *, by: UUID, entered: Entered) -> None:
    """Hold every group in which somebody works, and make sure that all of it is the admin's.

    And that the admin has entered it.
    """
    if user_id == by:
        raise OwnAccountError
    hold_groups({one.within for one in _roles_of(user_id)})
    if not is_wholly_managed(User.objects.get(pk=user_id), by=by):
        raise WorksElsewhereError
    require_entered(contracts_worked_in(user_id), entered)


def _roles_of(user_id: UUID) -> QuerySet[Membership]:
    held = Membership.objects.filter(Membership.HELD, user_id=user_id)
    return held.select_related("provider", "grant__office")


def tell_user(
    user_id: UUID,
    what: str,
    *,
    contract_id: UUID | None = None,
    facts: Mapping[str, object] | None = None,
    by: UUID,
    at: datetime,
) -> None:
    """Write the mail about an act into the outbox, in the transaction of the act.

    `what` is one of `core.groups.messages`, `facts` what its sentence needs. The mail goes out in
    the name of `contract_id`, else of the contract in hand.
    """
    user = User.objects.get(pk=user_id)
    enqueue(
        kind=NOTICE_KIND,
        to=user.email,
        subject_id=user.id,
        account_id=user.id,
        contract_id=contract_id or current_context().contract_id,
        context={**(facts or {}), "what": what, "by": str(by), "happened_at": at.isoformat()},
        at=at,
    )
