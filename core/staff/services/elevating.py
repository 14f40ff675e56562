"""Begin and end elevated rights of staff."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from core.accounts.models import Session
from core.audit.recording import record
from core.common.turns import hold_turn
from core.staff.models import ElevationEnd, StaffElevation
from tenants import registry


@transaction.atomic
def begin_elevation(*, user_id: UUID, sign_in: UUID, reason: str, at: datetime) -> StaffElevation:
    """Give a session the elevated rights of its person's roles for the deployment's minutes.

    Called after a fresh sign-in. Two at once, or a second press, begin them once. Records
    `staff_elevation.began` with the reason.
    """
    hold_turn("staff-elevation", str(sign_in))
    present = _open_of(sign_in)
    if present is not None and present.holds(at):
        return present
    if present is not None:
        _end(present, ElevationEnd.TIME_OVER, at=present.until)
    elevation = registry.get_deployment().elevation
    made = StaffElevation.objects.create(
        user_id=user_id,
        sign_in=sign_in,
        reason=reason,
        began_at=at,
        until=at + timedelta(minutes=elevation.minutes),
    )
    record(
        "staff_elevation.began",
        actor_id=user_id,
        subject=("account", user_id),
        data={
            "elevation": str(made.id),
            "reason": reason,
            "until": made.until.isoformat(),
            "permissions": list(elevation.permissions),
        },
        at=at,
    )
    return made


@transaction.atomic
def give_elevation_up(*, sign_in: UUID, at: datetime) -> bool:
    """End a session's elevated rights; tells whether they were held.

    Called by their holder. Records `staff_elevation.ended`.
    """
    hold_turn("staff-elevation", str(sign_in))
    present = _open_of(sign_in)
    if present is None:
        return False
    holds = present.holds(at)
    how = ElevationEnd.GIVEN_UP if holds else ElevationEnd.TIME_OVER
    _end(present, how, at=at if holds else present.until)
    return holds


def end_elevations(*, at: datetime) -> int:
    """Write down the end of rights whose time or session is over; returns how many.

    Called hourly. They give nothing any more by then; this is for the audit. Records
    `staff_elevation.ended`.
    """
    ended = 0
    for key in StaffElevation.objects.filter(ended_at__isnull=True).values_list("pk", flat=True):
        ended += _end_if_over(key, at=at)
    return ended


@transaction.atomic
def _end_if_over(key: UUID, *, at: datetime) -> bool:
    rows = StaffElevation.objects.select_for_update(skip_locked=True)
    present = rows.filter(pk=key, ended_at__isnull=True).first()
    if present is None:
        return False
    if not present.holds(at):
        _end(present, ElevationEnd.TIME_OVER, at=present.until)
        return True
    if Session.objects.filter(sign_in=present.sign_in).exists():
        return False
    _end(present, ElevationEnd.SESSION_OVER, at=at)
    return True


def _open_of(sign_in: UUID) -> StaffElevation | None:
    rows = StaffElevation.objects.select_for_update()
    return rows.filter(sign_in=sign_in, ended_at__isnull=True).first()


def _end(elevation: StaffElevation, how: ElevationEnd, *, at: datetime) -> None:
    elevation.ended_at, elevation.ended_how = at, how
    elevation.save(update_fields=["ended_at", "ended_how"])
    record(
        "staff_elevation.ended",
        actor_id=elevation.user_id,
        subject=("account", elevation.user_id),
        result=how.value,
        data={"elevation": str(elevation.id)},
        at=at,
    )
