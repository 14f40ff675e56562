"""Note what a session proved after its beginning."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.accounts.services.locks import forget_failures
from core.audit.recording import record


@transaction.atomic(savepoint=False)
def confirm_session(*, user_id: UUID, methods: tuple[str, ...], at: datetime) -> None:
    """Note that somebody signed in has proven password and factor again: `session.confirmed`.

    Called by the confirmation page. It is as good as a sign-in, so the failures are forgotten.
    """
    forget_failures(user_id=user_id, at=at)
    record(
        "session.confirmed",
        actor_id=user_id,
        subject=("account", user_id),
        data={"methods": list(methods)},
        at=at,
    )


@transaction.atomic(savepoint=False)
def record_step_up(*, user_id: UUID, contract_id: UUID | None, method: str, at: datetime) -> None:
    """Note that somebody signed in has proven a factor that a contract asks for.

    Called by the step-up page. Records `session.stepped_up`; counters stay as they are, because no
    password was proven.
    """
    record(
        "session.stepped_up",
        contract_id=contract_id,
        actor_id=user_id,
        subject=("account", user_id),
        data={"method": method},
        at=at,
    )
