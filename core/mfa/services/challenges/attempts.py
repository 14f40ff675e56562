"""How many codes an owner tried: one count per owner and purpose, whatever session or host."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, OuterRef, QuerySet, Subquery

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common.compiled import CompiledQuery
from core.common.ids import uuid7
from core.common.writing import insert_together
from core.mfa.codes import CodeRules, Owner, OwnerKind, Purpose
from core.mfa.limits import SentCodes, codes_left, sent_fact, sent_values
from core.mfa.models import AttemptCount, Challenge

# Counting and learning how many tries that makes are one statement, so that no other try comes
# in between. Without a row returned the tries were used up already.
_COUNT = f"""
INSERT INTO {AttemptCount._meta.db_table} AS counted
    (id, owner_kind, owner_id, purpose, attempts, last_attempt_at)
VALUES (%(id)s, %(owner_kind)s, %(owner_id)s, %(purpose)s, 1, %(at)s)
ON CONFLICT (owner_kind, owner_id, purpose) DO UPDATE
    SET attempts = counted.attempts + 1, last_attempt_at = excluded.last_attempt_at
    WHERE counted.attempts < %(most)s
RETURNING attempts
"""  # noqa: S608 - the table's own name
_USE = f"""
UPDATE {Challenge._meta.db_table} SET attempts = attempts + 1, used_at = %s
WHERE id = %s AND used_at IS NULL
RETURNING purpose
"""  # noqa: S608 - the table's own name
# A count is set back by the challenge that was used, by no other.
_BEGIN_ANEW = f"""
UPDATE {AttemptCount._meta.db_table} AS counted SET attempts = 0 FROM used
WHERE counted.owner_kind = %s AND counted.owner_id = %s AND counted.purpose = used.purpose
"""  # noqa: S608 - the table's own name


def counted_under(owner: Owner, purpose: str, binding: UUID) -> Owner:
    """Return under whom tries are counted: the owner, or the run for a code that anybody may ask.

    Under the address a stranger would use up the owner's tries of Forgot password, and would see
    from his own coming back that the owner has succeeded. How many tries an address takes in all
    is bounded by the codes that may be sent to it (`STRANGER_LIMITS`).
    """
    return Owner(OwnerKind.ADDRESS, binding) if purpose == Purpose.RESET_ADDRESS else owner


def count_try(challenge: Challenge, *, at: datetime) -> int | None:
    """Count a try at a challenge; returns how many are left, None when none was.

    As `count_try_of`, for the challenge's owner and purpose.
    """
    owner = _counted(challenge)
    return count_try_of(owner, challenge.purpose, most=challenge.max_attempts, at=at)


def count_try_of(owner: Owner, purpose: str, *, most: int, at: datetime) -> int | None:
    """Count a try of an owner; returns how many of `most` are left, None when none was.

    Called before anything is compared, in the transaction of the answer. The row is held until
    it ends.
    """
    values: dict[str, str | int | UUID | datetime] = {
        "id": uuid7(),
        "owner_kind": owner.kind.value,
        "owner_id": owner.id,
        "purpose": str(purpose),
        "most": most,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        row = cursor.fetchone()
    return None if row is None else max(0, most - int(row[0]))


def take_back_try(challenge: Challenge) -> None:
    """Undo `count_try`: a right answer to a call is no failed try."""
    _of(challenge).filter(attempts__gt=0).update(attempts=F("attempts") - 1)


def use_and_begin_anew(challenge: Challenge, event: AuditEvent, *, at: datetime) -> None:
    """Use a challenge that was answered right, once, set the count back with it, and write the
    event; by one statement.
    """
    owner = _counted(challenge)
    insert_together(
        event,
        beside={
            "used": (_USE, (at, challenge.pk)),
            "begun_anew": (_BEGIN_ANEW, (owner.kind.value, owner.id)),
        },
    )


def begin_count_anew(challenge: Challenge) -> None:
    """Set the count of a challenge's owner and purpose back, after a success."""
    _of(challenge).update(attempts=0)


def begin_count_anew_of(owner: Owner, purpose: str) -> None:
    """Set the count of an owner and purpose back, after a success without a challenge."""
    AttemptCount.objects.filter(owner_kind=owner.kind, owner_id=owner.id, purpose=purpose).update(
        attempts=0
    )


@transaction.atomic(savepoint=False)
def forget_attempts(*, owner: Owner) -> None:
    """Set the count of tries of an owner back, for all purposes; called when it is unlocked."""
    AttemptCount.objects.filter(owner_kind=owner.kind, owner_id=owner.id).update(attempts=0)


def closed_until(
    owner: Owner, purpose: str, rules: CodeRules, *, at: datetime
) -> tuple[bool, datetime | None]:
    """Tell whether the tries are used up, and until when (None: until a success or an unlock).

    A count whose hold is over is set back.
    """
    count = AttemptCount.objects.filter(
        owner_kind=owner.kind, owner_id=owner.id, purpose=purpose
    ).first()
    if count is None:
        return False, None
    end = _end_of_hold(count, rules)
    if count.attempts and end is not None and end <= at:
        unchanged = AttemptCount.objects.filter(pk=count.pk, last_attempt_at=count.last_attempt_at)
        unchanged.update(attempts=0)
        count.refresh_from_db()
    return count.attempts >= rules.max_attempts, _end_of_hold(count, rules)


@dataclass(frozen=True)
class Standing:
    """How an account stands before a code is sent to it.

    `has_tries`: it surely has tries left. Where it does not, `closed_until` says more, and sets
    back what is over.
    """

    is_locked: bool
    has_tries: bool
    sent: SentCodes


def account_standing(
    owner: Owner, purpose: str, destination: str, rules: CodeRules, *, at: datetime
) -> Standing:
    """Return an account's lock, tries and codes by one statement; an unknown one is locked."""
    found = _STANDING.first(
        purpose=str(purpose), destination=destination, **sent_values(owner, at=at)
    )
    if found is None:
        return Standing(is_locked=True, has_tries=False, sent=SentCodes(None, frozenset()))
    return Standing(
        is_locked=found.is_locked(at),
        has_tries=_has_tries(found.tries, found.tried_at, rules, at=at),
        sent=codes_left(owner, destination, purpose, found.sent, at=at),
    )


def _has_tries(tries: int | None, tried_at: datetime, rules: CodeRules, *, at: datetime) -> bool:
    if not tries:
        return True
    end = _after_hold(tried_at, rules)
    return tries < rules.max_attempts and (end is None or at < end)


def _accounts_with_standing(*, owner_id: UUID, purpose: str, **sent: Any) -> QuerySet[User]:
    counts = AttemptCount.objects.filter(
        owner_kind=OwnerKind.ACCOUNT, owner_id=OuterRef("pk"), purpose=purpose
    )
    return (
        User.objects.filter(pk=owner_id)
        .annotate(
            tries=Subquery(counts.values("attempts")[:1]),
            tried_at=Subquery(counts.values("last_attempt_at")[:1]),
            sent=sent_fact(owner_id=owner_id, **sent),
        )
        .only("locked_at", "lock_until")
    )


_STANDING: CompiledQuery[Any] = CompiledQuery(_accounts_with_standing)


def _end_of_hold(count: AttemptCount, rules: CodeRules) -> datetime | None:
    return _after_hold(count.last_attempt_at, rules)


def _after_hold(tried_at: datetime, rules: CodeRules) -> datetime | None:
    if rules.hold_minutes is None:
        return None
    return tried_at + timedelta(minutes=rules.hold_minutes)


def _of(challenge: Challenge) -> QuerySet[AttemptCount]:
    owner = _counted(challenge)
    return AttemptCount.objects.filter(
        owner_kind=owner.kind, owner_id=owner.id, purpose=challenge.purpose
    )


def _counted(challenge: Challenge) -> Owner:
    owner = Owner(OwnerKind(challenge.owner_kind), challenge.owner_id)
    return counted_under(owner, challenge.purpose, challenge.binding)
