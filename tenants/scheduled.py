"""What became of the tasks that the scheduler starts: one row for each, and its last failure."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connection, transaction

from core.common.clock import now
from core.common.failures import describe_safely
from tenants.models import ScheduledTask

logger = logging.getLogger(__name__)

_TABLE: Final = ScheduledTask._meta.db_table
_BEGAN: Final = f"""
INSERT INTO {_TABLE} (name, first_at, began_at, failure) VALUES (%(name)s, %(began)s, %(began)s, '')
ON CONFLICT (name) DO UPDATE SET began_at = excluded.began_at
"""  # noqa: S608 - the table's own name
_ENDED: Final = f"""
INSERT INTO {_TABLE} AS known
    (name, first_at, began_at, ended_at, milliseconds, succeeded, failed_at, failure)
VALUES (%(name)s, %(began)s, %(began)s, %(ended)s, %(took)s, %(well)s, %(failed)s, %(failure)s)
ON CONFLICT (name) DO UPDATE SET
    began_at = greatest(known.began_at, excluded.began_at),
    ended_at = excluded.ended_at,
    milliseconds = excluded.milliseconds,
    succeeded = excluded.succeeded,
    failed_at = coalesce(excluded.failed_at, known.failed_at),
    failure = CASE WHEN excluded.succeeded THEN known.failure ELSE excluded.failure END
"""  # noqa: S608 - the table's own name


@contextmanager
def recorded_task(name: str, *, says_when_it_begins: bool) -> Iterator[None]:
    """Record a run of a scheduled task. What goes wrong here does not touch the task.

    One that runs every few seconds is recorded at its end alone. Of a failure the kind of error is
    kept, not its text, which may quote a value.
    """
    began, since = now(), time.monotonic()
    if says_when_it_begins:
        _write(_BEGAN, {"name": name, "began": began})
    failure = ""
    try:
        yield
    except Exception as error:
        failure = describe_safely(error)
        raise
    finally:
        ended = now()
        _write(
            _ENDED,
            {
                "name": name,
                "began": began,
                "ended": ended,
                "took": int((time.monotonic() - since) * 1000),
                "well": not failure,
                "failed": ended if failure else None,
                "failure": failure,
            },
        )


def _write(statement: str, values: dict[str, Any]) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
    except Exception as error:  # noqa: BLE001 - a task is worth more than its record
        logger.warning("task %s: not recorded: %s", values["name"], describe_safely(error))
