"""Give an account another e-mail address."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from core.accounts.models import User
from core.accounts.services.accounts import EmailTakenError
from core.audit.recording import record
from core.common.masking import mask_email
from core.notifications.services.outbox import enqueue

EMAIL_CHANGED: Final = "account_email_changed"


@transaction.atomic
def change_email(
    *, user_id: UUID, email: str, contract_id: UUID | None, by: UUID | None, at: datetime
) -> User:
    """Give an account an address that was proven, and end what was made under the former one.

    Called by whoever has made sure of both. Moves the security epoch: sessions, links and
    remembered browsers end. The former address is told, with what to do against it. Records
    `account.email_changed`. Raises EmailTakenError; the database decides.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    former = user.email
    user.email = email.strip().lower()
    user.security_epoch += 1
    try:
        with transaction.atomic():
            user.save(update_fields=["email", "security_epoch"])
    except IntegrityError as error:
        raise EmailTakenError from error
    record(
        "account.email_changed",
        contract_id=contract_id,
        actor_id=by,
        subject=("account", user_id),
        at=at,
    )
    enqueue(
        kind=EMAIL_CHANGED,
        to=former,
        subject_id=user_id,
        account_id=user_id,
        contract_id=contract_id,
        context={"new": mask_email(user.email)},
        at=at,
    )
    return user
