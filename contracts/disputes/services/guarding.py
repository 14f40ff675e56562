"""While somebody disputes an identifier, the dispute decides who has it, and nothing beside it.

A contract may ask for two people there (`dispute_second_person`); one of them alone must not get
the same by releasing or moving the provider from the roster.
"""

from typing import ClassVar, Final
from uuid import UUID

from contracts.disputes.facts import digests_of
from contracts.disputes.selectors import list_open_over
from core.common.errors import DomainError
from core.common.turns import hold_turn
from core.groups.models import Provider

_TURN: Final = "dispute.identifier"


class DisputedError(DomainError):
    """Somebody disputes who the identifier belongs to."""

    code: ClassVar[str] = "disputed"
    message: ClassVar[str] = (
        "Nothing was done, because there is an open dispute over this identifier. It is decided "
        "on the page of the dispute."
    )


def hold_identifier(contract_id: UUID, identifier: str) -> None:
    """Make others who open a dispute over an identifier, or release it, wait for this transaction.

    A lock on a digest, and no look-up: it is the same for numbers that nobody has registered.
    """
    hold_turn(_TURN, digests_of(contract_id, identifier)[-1].hex())


def refuse_while_disputed(provider: Provider) -> None:
    """Refuse to release or move a provider while its identifier is disputed (ReleaseGuard).

    Raises DisputedError. A dispute that is opened at the same moment is either seen here, or finds
    the act done.
    """
    hold_identifier(provider.contract_id, provider.identifier)
    if list_open_over(provider.contract_id, provider.identifier).exists():
        raise DisputedError
