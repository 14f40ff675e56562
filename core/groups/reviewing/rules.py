"""When a role is to be confirmed, as a pure table.

Days are calendar days in the contract's time zone and begin at six in the morning, so that mail
about them comes with the working day. A role is due on the first Monday on which its days are over:
an admin hears of all that is due once a week, and not each day of another role.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from core.groups.models import ReviewStage
from tenants.context import ActiveContract

REMIND_DAYS: Final = 14
"""Own figure: the admins are reminded two weeks before the due day, and on it."""
LAST_DAYS: Final = 7
"""Own figure: and a week after it, a week before the role ends."""
GRACE_DAYS: Final = 14
"""Own figure: a role that nobody confirmed ends two weeks after its due day, where it ends."""
MORNING: Final = 6
_STAGE_BEGINS: Final = {
    ReviewStage.SOON: -REMIND_DAYS,
    ReviewStage.DUE: 0,
    ReviewStage.LAST: LAST_DAYS,
}
"""Days after the due day."""


@dataclass(frozen=True)
class ReviewRules:
    """What a contract asks: after how many days, and whether what nobody confirms ends.

    With `suspends` it waits then to be given back (`core.groups.models.SuspendedRole`).
    """

    days: int
    ends_unconfirmed: bool
    time_zone: str
    suspends: bool = False

    @property
    def stages(self) -> tuple[ReviewStage, ...]:
        """Return the stages of which admins are told."""
        return tuple(ReviewStage) if self.ends_unconfirmed else (ReviewStage.SOON, ReviewStage.DUE)


def rules_of(contract: ActiveContract) -> ReviewRules | None:
    """Return what a contract asks; None where it has no access review."""
    groups = contract.document.groups
    if groups.access_review_days is None:
        return None
    return ReviewRules(
        days=groups.access_review_days,
        ends_unconfirmed=groups.access_review_unconfirmed != "keep",
        time_zone=contract.document.contract.time_zone,
        suspends=groups.access_review_unconfirmed == "suspend",
    )


def today(at: datetime, time_zone: str) -> date:
    """Return the working day: until six in the morning it is the day before."""
    local = at.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)
    return (local - timedelta(hours=MORNING)).date()


def due_day(term_began_at: datetime, rules: ReviewRules) -> date:
    """Return the Monday on which a role is due."""
    over = term_began_at.astimezone(ZoneInfo(rules.time_zone)).date() + timedelta(days=rules.days)
    return over + timedelta(days=-over.weekday() % 7)


def due_by(day: date, rules: ReviewRules) -> datetime:
    """Return the moment before which the term of a role began that is due on a day or earlier."""
    monday = day - timedelta(days=day.weekday())
    first_later = monday - timedelta(days=rules.days - 1)
    return datetime.combine(first_later, time(), ZoneInfo(rules.time_zone))


def stage_reached_by(stage: ReviewStage, rules: ReviewRules, *, at: datetime) -> datetime:
    """Return the moment before which the term of a role began that has come to a stage."""
    day = today(at, rules.time_zone) - timedelta(days=_STAGE_BEGINS[stage])
    return due_by(day, rules)


def ending_reached_by(rules: ReviewRules, *, at: datetime) -> datetime:
    """Return the moment before which the term of a role began that ends where nobody confirms."""
    return due_by(today(at, rules.time_zone) - timedelta(days=GRACE_DAYS), rules)


def stage_of(term_began_at: datetime, rules: ReviewRules, *, at: datetime) -> ReviewStage | None:
    """Return the last stage that a role has come to; None before the first."""
    reached = [
        stage for stage in rules.stages if term_began_at < stage_reached_by(stage, rules, at=at)
    ]
    return reached[-1] if reached else None
