"""Failures per network address: a brake on trying one password on everybody."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Case, F, Value, When

from core.accounts.models import AddressFailures
from core.audit.recording import record
from core.common.context import current_context
from core.common.crypto import keyed_digest
from core.common.networks import caller_of
from core.common.turns import hold_turn, turn_number

# Our own figures: a whole office signs in from one address and mistypes now and then.
FAILURES_PER_HOUR = 100
_HOUR = timedelta(hours=1)
_EACH_RECORDED: Final = 10
"""Own figure: refusals of one kind from one network in an hour that each get a row of their own."""
_TURN = "sign-in-turn"
# The branch that takes the lock is evaluated for who is not throttled alone.
_UNLESS_THROTTLED = f"""
WITH address AS MATERIALIZED (
    SELECT EXISTS (
        SELECT FROM {AddressFailures._meta.db_table}
        WHERE address_digest = %(address)s AND began_at > %(since)s AND failures >= %(most)s
    ) AS throttled
)
SELECT CASE WHEN throttled THEN FALSE ELSE pg_advisory_xact_lock(%(turn)s)::text IS NOT NULL END
FROM address
"""  # noqa: S608 - the table's own name


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
    _count(_digest(address), at=at)


@transaction.atomic
def record_refusal(
    event_type: str,
    *,
    result: str,
    at: datetime,
    contract_id: UUID | None = None,
    subject: tuple[str, UUID] | None = None,
    data: Mapping[str, object] | None = None,
    per: str | None = None,
) -> None:
    """Record a refusal that anybody can bring about as often as they like.

    Audit rows stay for years, so a stranger must not be able to write them without end: of the
    refusals of one kind that a network gets within an hour the first ten are recorded, then those
    whose number doubles (20, 40, 80 …), with the number as `count`. The network is that of the
    request in hand; where somebody is known, `per` says what is counted in its place.
    """
    caller = per or caller_of(current_context().remote_address)
    digest = keyed_digest("refusals", event_type, caller)
    _count(digest, at=at)
    count = AddressFailures.objects.values_list("failures", flat=True).get(address_digest=digest)
    if _is_recorded(count):
        facts = {"count": count} if count > _EACH_RECORDED else {}
        record(
            event_type,
            contract_id=contract_id,
            subject=subject,
            result=result,
            data={**(data or {}), **facts},
            at=at,
        )


def _is_recorded(count: int) -> bool:
    doublings, rest = divmod(count, _EACH_RECORDED)
    return count <= _EACH_RECORDED or (rest == 0 and doublings.bit_count() == 1)


def _count(digest: bytes, *, at: datetime) -> None:
    AddressFailures.objects.bulk_create(
        [AddressFailures(address_digest=digest, began_at=at, failures=0)],
        ignore_conflicts=True,
    )
    is_old = When(began_at__lte=at - _HOUR, then=Value(1))
    AddressFailures.objects.filter(address_digest=digest).update(
        failures=Case(is_old, default=F("failures") + 1),
        began_at=Case(When(began_at__lte=at - _HOUR, then=Value(at)), default=F("began_at")),
    )


def _digest(address: str) -> bytes:
    return keyed_digest("sign-in-address", caller_of(address))


def hold_sign_in_turn(email: str) -> None:
    """Make everybody else who tries the same e-mail address wait until this transaction ends.

    The same for an address without an account, so that waiting tells nothing.
    """
    hold_turn(_TURN, email.strip().lower())


def hold_first_login_turn(username: str) -> None:
    """Make everybody else who tries the same username wait until this transaction ends.

    A turn of its own, apart from that of the account's address, so that waiting tells nothing.
    """
    hold_turn("first-login-turn", username.strip().lower())


def hold_turn_unless_throttled(email: str, *, address: str, at: datetime) -> bool:
    """Do as `address_is_throttled` and `hold_sign_in_turn` by one statement.

    Tells whether the turn was taken: whoever is throttled waits for nobody.
    """
    values: dict[str, bytes | int | datetime] = {
        "address": _digest(address),
        "since": at - _HOUR,
        "most": FAILURES_PER_HOUR,
        "turn": turn_number(_TURN, email.strip().lower()),
    }
    with connection.cursor() as cursor:
        cursor.execute(_UNLESS_THROTTLED, values)
        return bool(cursor.fetchone()[0])
