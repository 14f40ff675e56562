"""Replace the password of an account."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import transaction

from core.accounts.models import User
from core.accounts.services.accounts import SignsInElsewhereError, forget_imported_password
from core.audit.recording import record
from core.common.errors import DomainError
from core.notifications.services.outbox import enqueue

PASSWORD_CHANGED = "password_changed"  # noqa: S105


class WeakPasswordError(DomainError):
    """The password breaks rules; `problems` says which."""

    code: ClassVar[str] = "password_refused"
    message: ClassVar[str] = "This password cannot be used."

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


@transaction.atomic
def replace_password(
    *,
    user_id: UUID,
    password_hash: str,
    reason: str,
    contract_id: UUID | None,
    by: UUID | None,
    at: datetime,
) -> User:
    """Give an account another password, end what was made under the old one, tell the owner.

    Called by whoever has made sure that it is the owner (a reset, My account); `password_hash` is
    an encoded hash, never a password. Moves the security epoch: sessions, links and remembered
    browsers end. Records `account.password_changed` with the reason. `contract_id` is the contract
    in whose name the mail goes out. Raises SignsInElsewhereError.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    if user.signs_in_elsewhere:
        raise SignsInElsewhereError
    user.password = password_hash
    user.security_epoch += 1
    user.save(update_fields=["password", "security_epoch"])
    forget_imported_password(user_id=user_id)
    record(
        "account.password_changed",
        contract_id=contract_id,
        actor_id=by,
        subject=("account", user_id),
        data={"reason": reason},
        at=at,
    )
    enqueue(
        kind=PASSWORD_CHANGED,
        to=user.email,
        subject_id=user_id,
        account_id=user_id,
        contract_id=contract_id,
        at=at,
    )
    return user
