"""Work that is done in one contract after the other, by tasks that the scheduler starts."""

import logging
from collections.abc import Callable, Sequence

from core.common.failures import describe_safely
from tenants import registry
from tenants.context import contract_context

logger = logging.getLogger(__name__)


class ContractsFailedError(RuntimeError):
    """The work failed in some contracts, and is done in the others."""

    def __init__(self, slugs: Sequence[str]) -> None:
        super().__init__(f"it failed in {', '.join(slugs)}; the log says why")
        self.slugs = tuple(slugs)


def in_each_contract(act: Callable[[], int]) -> int:
    """Do something in every contract that is ready; returns the sum of what it says.

    Called outside of a transaction. One contract in which it fails holds up no other: raises
    ContractsFailedError once all had their turn, so that the record of the task shows it.
    """
    done, failed = 0, list[str]()
    for contract in registry.list_contracts():
        try:
            with contract_context(contract):
                done += act()
        except Exception as error:  # noqa: BLE001 - whatever it is, the next contract has no part in it
            failed.append(contract.slug)
            logger.error("in %s: %s", contract.slug, describe_safely(error))  # noqa: TRY400 - its text may quote a row
    if failed:
        raise ContractsFailedError(failed)
    return done
