"""Note that a signed-in person asked for what is out of their reach."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from core.accounts.services.throttle import record_refusal
from core.common.context import current_context

ACCESS_REFUSED: Final = "access.refused"


def record_access_refusal(
    *,
    account_id: UUID,
    asked_by: Mapping[str, str],
    keys: Mapping[str, UUID],
    result: str,
    at: datetime,
) -> None:
    """Record `access.refused`: who, in which contract, by which page or form, for which keys.

    Called where requests are answered (`core.accounts.refusing`), outside of a transaction. Whose
    the keys are, and whether they are anybody's, is not looked up: what does not exist costs what
    somebody else's does. Bounded like every refusal that people bring about themselves, counted
    for each person and contract.
    """
    contract_id = current_context().contract_id
    record_refusal(
        ACCESS_REFUSED,
        result=result,
        contract_id=contract_id,
        subject=("account", account_id),
        data={**asked_by, "keys": {name: str(key) for name, key in keys.items()}},
        per=f"{account_id} {contract_id}",
        at=at,
    )
