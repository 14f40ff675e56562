"""Reset Registration: an account begins its MFA registration anew."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import transaction

from core.accounts.models import User
from core.accounts.services.accounts import end_sessions
from core.audit.recording import record
from core.common.context import current_context
from core.common.errors import DomainError
from core.mfa.models import LinkReason
from core.mfa.services.browsers import forget_all_browsers
from core.mfa.services.factors import clear_factors
from core.mfa.services.registration_links import enqueue_account_link


class AccountClosedError(DomainError):
    """A deactivated account has no registration to reset."""

    code: ClassVar[str] = "account_closed"
    message: ClassVar[str] = "This account is not active. Reactivate it first."


@transaction.atomic
def reset_registration(*, user_id: UUID, by: UUID | None, reason: str, at: datetime) -> None:
    """Take an account's factors away and mail its owner a link to register anew.

    Who may call it (design decision 15): an admin all of whose person's active memberships lie
    inside the admin's own providers (for a contract admin: inside the contract), and the help desk
    for a request that was made to it. The caller has checked that; `by` is who acts and `reason`
    goes into the audit.

    Factors, recovery codes and remembered browsers are gone, sessions and links end. The present
    password stays, and leads into MFA registration and nowhere else: by the first-login page or by
    a sign-in, which both end with a new one. A lock stays closed. The mail goes out in the name of
    the contract in hand, its link lives `links.reset_registration_hours`. Records
    `account.registration_reset` and what the ends record. Raises AccountClosedError.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    if not user.is_active:
        raise AccountClosedError
    clear_factors(user_id=user_id, at=at)
    forget_all_browsers(user_id=user_id, reason="registration_reset", by=by, at=at)
    end_sessions(user_id=user_id, reason="registration_reset", by=by, at=at)
    contract_id = current_context().contract_id
    record(
        "account.registration_reset",
        contract_id=contract_id,
        actor_id=by,
        subject=("account", user_id),
        data={"reason": reason},
        at=at,
    )
    enqueue_account_link(user=user, reason=LinkReason.RESET, contract_id=contract_id, at=at)
