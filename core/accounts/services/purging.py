"""How long counters about network addresses are kept. The figure is our own."""

from datetime import datetime, timedelta
from typing import Final

from core.accounts.models import AddressFailures, InactivityWarning
from core.common.purging import delete_in_batches

ADDRESS_COUNTS_KEPT: Final = timedelta(days=1)
"""A count holds for an hour from its first failure (`throttle.py`); after that it says nothing."""


WARNINGS_KEPT: Final = timedelta(days=800)
"""Longer than an account may stay unused (730 days): each warning goes out once."""


def purge_warnings(*, at: datetime) -> int:
    """Delete old notes about warnings; returns how many. Called by the hourly purge."""
    over = InactivityWarning.objects.filter(warned_at__lt=at - WARNINGS_KEPT)
    return delete_in_batches(over)


def purge_address_counts(*, at: datetime) -> int:
    """Delete counters whose hour is long over; returns how many. Called by the hourly purge."""
    over = AddressFailures.objects.filter(began_at__lt=at - ADDRESS_COUNTS_KEPT)
    return delete_in_batches(over)
