"""Answer whether a username is free, to who may know and not without end."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from core.accounts.selectors import username_is_available
from core.accounts.services.attempts import Limit, count_attempt

# Own figure: enough to find a name, too few to list who has an account.
_PER_ASKER: Final = 40
# Sending the page tells it, too, so that is counted beside: nobody misses so often.
_SUBMISSIONS_PER_ASKER: Final = 30
_WINDOW: Final = timedelta(hours=1)
_LONGEST: Final = 60


class UsernameAnswer(StrEnum):
    """What the page says beside the field."""

    FREE = "free"
    TAKEN = "taken"
    NOTHING = "nothing"
    TOO_MANY = "too_many"
    WAIT = "wait"


def ask_username(*, asked_by: UUID, username: str, at: datetime) -> UsernameAnswer:
    """Tell whether a username is free.

    Only for journeys that have passed identifier and code, and for admins (account-security.md);
    counted per journey or admin, whose key `asked_by` is. Nothing is reserved by asking.
    """
    name = username.strip()
    if not name or len(name) > _LONGEST or not name.isprintable():
        return UsernameAnswer.NOTHING
    limit = Limit("username.journey", str(asked_by), _PER_ASKER, _WINDOW)
    if not count_attempt(limits=[limit], at=at).allowed:
        return UsernameAnswer.TOO_MANY
    return UsernameAnswer.FREE if username_is_available(name) else UsernameAnswer.TAKEN


def may_submit_username(*, asked_by: UUID, at: datetime) -> bool:
    """Count one sending of a page that takes a username; tells whether it may be checked.

    The page answers whether the username is taken, so without a limit it would list who has an
    account. Called before the page says anything about it.
    """
    limit = Limit("username.submission", str(asked_by), _SUBMISSIONS_PER_ASKER, _WINDOW)
    return count_attempt(limits=[limit], at=at).allowed
