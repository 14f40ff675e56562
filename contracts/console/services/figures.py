"""Keep each contract's figures of each day."""

import logging
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction

from contracts.console.figures.counting import count_roster, count_unreachable, users_of
from contracts.console.models import DailyFigures
from core.common.failures import describe_safely
from tenants import registry
from tenants.configuration.revisions import day_in
from tenants.context import ActiveContract, contract_context
from tenants.models import Contract
from tenants.states import RESTING, ContractState

logger = logging.getLogger(__name__)

_NIGHT: Final = timedelta(hours=12)
"""What is counted at night is about the day that ended: half a day earlier it was that day."""


def keep_figures(*, at: datetime) -> int:
    """Keep the figures of the day that has ended, of every contract with data; returns how many.

    Called every night. What is kept already stays as it is, so that twice is once. A contract that
    cannot be counted leaves the others alone.
    """
    states = (ContractState.READY, *RESTING)
    slugs = (
        Contract.objects.filter(state__in=states).order_by("slug").values_list("slug", flat=True)
    )
    return sum(_keep_safely(slug, at=at) for slug in slugs)


def ended_day(contract: ActiveContract, at: datetime) -> date:
    """Return the day of the contract that a night's count is about."""
    return day_in(contract.document.contract.time_zone, at - _NIGHT)


def count_day(contract: ActiveContract, on: date, *, at: datetime) -> DailyFigures:
    """Return the figures as they are now under a day, without keeping them."""
    with contract_context(contract):
        roster = count_roster()
    return DailyFigures(
        contract_id=contract.id,
        on=on,
        entries=roster.entries,
        registered=roster.registered,
        begun=roster.begun,
        users=users_of(contract.id).count(),
        unreachable=count_unreachable(contract.id),
        counted_at=at,
    )


def _keep_safely(slug: str, *, at: datetime) -> bool:
    try:
        contract = registry.get_configured(slug)
        return _keep(contract, at=at)
    except Exception as error:  # noqa: BLE001 - of one contract; the others are to be counted
        logger.error("figures of %s: not kept: %s", slug, describe_safely(error))  # noqa: TRY400
        return False


def _keep(contract: ActiveContract, *, at: datetime) -> bool:
    on = ended_day(contract, at)
    if DailyFigures.objects.filter(contract_id=contract.id, on=on).exists():
        return False
    with transaction.atomic():
        figures = count_day(contract, on, at=at)
        DailyFigures.objects.bulk_create([figures], ignore_conflicts=True)
    return True
