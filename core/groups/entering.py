"""What a session has entered, and the acts that reach beyond the provider in hand.

A session enters a contract by meeting its sign-in rules (design decision 7). Who gives, changes or
ends the role Provider Group Admin acts in every contract of the group, and who acts on a whole user
in every contract in which that user works: all of them have to be entered, on whichever contract's
page the act begins. The caller hands in what its session, or a batch, has entered.
"""

from collections.abc import Collection, Container, Iterable
from typing import ClassVar, Final
from uuid import UUID

from core.accounts.policies import find_contracts
from core.common.errors import DomainError
from core.groups.models import Provider, Role
from core.groups.selectors import contracts_of_group
from tenants.models import Contract

Entered = Container[UUID]
"""The keys of contracts."""


class NotEnteredError(DomainError):
    """The act reaches into contracts whose sign-in rules the session does not meet."""

    code: ClassVar[str] = "not_entered"
    message: ClassVar[str] = (
        "This reaches into a program that cannot be entered at present. Try again later."
    )

    def __init__(self, contracts: Collection[UUID] = ()) -> None:
        """Name them: their admins work there. One out of service has its name in its row alone."""
        ready = find_contracts(contracts)
        away = Contract.objects.filter(pk__in=set(contracts).difference(one.id for one in ready))
        closed = list(away.values_list("name", flat=True)) if len(ready) < len(contracts) else []
        if closed:
            super().__init__(_OUT_OF_SERVICE.format(names=" and ".join(sorted(closed))))
            return
        names = " and ".join(sorted(one.name for one in ready))
        super().__init__(
            f"Nothing was done, because this also reaches into {names}. Confirm your sign-in for "
            "that first; your home page leads there."
            if names
            else ""
        )


_OUT_OF_SERVICE: Final = (
    "Nothing was done, because this also reaches into {names}, which is out of service, so that "
    "you cannot confirm your sign-in for it. Do it when the program is back. Until then you can "
    "give, change and end roles at single providers; the help desk can close an account at once."
)


def require_entered(contracts: Iterable[UUID], entered: Entered) -> None:
    """Make sure that each contract is entered. Raises NotEnteredError, which names the others."""
    missing = [one for one in contracts if one not in entered]
    if missing:
        raise NotEnteredError(missing)


def require_entered_for(role: str, provider: Provider, entered: Entered) -> None:
    """Make sure, with the group held, that all is entered which a role at a provider reaches.

    Raises NotEnteredError.
    """
    whole = role == Role.GROUP_ADMIN
    require_entered(
        contracts_of_group(provider.group_id) if whole else [provider.contract_id], entered
    )
