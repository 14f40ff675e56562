"""How long counters about network addresses are kept. The figure is our own."""

from datetime import datetime, timedelta
from typing import Final

from core.accounts.models import AddressFailures
from core.common.purging import delete_in_batches

ADDRESS_COUNTS_KEPT: Final = timedelta(days=1)
"""A count holds for an hour from its first failure (`throttle.py`); after that it says nothing."""


def purge_address_counts(*, at: datetime) -> int:
    """Delete counters whose hour is long over; returns how many. Called by the hourly purge."""
    over = AddressFailures.objects.filter(began_at__lt=at - ADDRESS_COUNTS_KEPT)
    return delete_in_batches(over)
