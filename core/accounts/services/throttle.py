"""Failures per network address: a brake on trying one password on everybody."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Value, When

from core.accounts.models import AddressFailures
from core.common.crypto import keyed_digest
from core.common.networks import caller_of
from core.common.turns import hold_turn

# Our own figures: a whole office signs in from one address and mistypes now and then.
FAILURES_PER_HOUR = 100
_HOUR = timedelta(hours=1)


def address_is_throttled(address: str, *, at: datetime) -> bool:
    """Tell whether too many sign-ins from a network address failed within the hour.

    An error of the database is not caught: who cannot count must refuse.
    """
    return AddressFailures.objects.filter(
        address_digest=_digest(address), began_at__gt=at - _HOUR, failures__gte=FAILURES_PER_HOUR
    ).exists()


@transaction.atomic
def count_address_failure(address: str, *, at: datetime) -> None:
    """Count one failure; an hour after the first one the count begins anew."""
    AddressFailures.objects.bulk_create(
        [AddressFailures(address_digest=_digest(address), began_at=at, failures=0)],
        ignore_conflicts=True,
    )
    is_old = When(began_at__lte=at - _HOUR, then=Value(1))
    AddressFailures.objects.filter(address_digest=_digest(address)).update(
        failures=Case(is_old, default=F("failures") + 1),
        began_at=Case(When(began_at__lte=at - _HOUR, then=Value(at)), default=F("began_at")),
    )


def _digest(address: str) -> bytes:
    return keyed_digest("sign-in-address", caller_of(address))


def hold_sign_in_turn(email: str) -> None:
    """Make everybody else who tries the same e-mail address wait until this transaction ends.

    The same for an address without an account, so that waiting tells nothing.
    """
    hold_turn("sign-in-turn", email.strip().lower())
