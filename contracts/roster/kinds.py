"""The names under which the outbox knows the mails of rosters. Pure."""

from typing import Final

REMINDER_KIND: Final = "roster_reminder"
