"""Delete what is no longer needed, a few rows at a time."""

from collections.abc import Callable
from typing import Any, Final

from django.db import transaction
from django.db.models import Model, QuerySet

BATCH: Final = 500
"""Rows of one transaction: short enough that nobody waits behind it."""
MOST_BATCHES: Final = 40
"""Batches of one run; what is left waits for the next one."""


def delete_in_batches(over: QuerySet[Any]) -> int:
    """Delete the rows of a queryset in short transactions; returns how many.

    See `in_batches`; called by the purges of the apps for rows that nobody needs any more.
    """
    model: type[Model] = over.model
    return in_batches(
        over,
        lambda keys: model._default_manager.filter(pk__in=keys).delete(),  # noqa: SLF001
    )


def in_batches(over: QuerySet[Any], act: Callable[[list[Any]], object]) -> int:
    """Do something to the rows of a queryset by their keys, a batch in each transaction.

    The rows are locked first, those that somebody else holds are left for the next run, and the
    condition is looked at again under the lock: what has come to life meanwhile is not touched.
    """
    done = 0
    for _ in range(MOST_BATCHES):
        with transaction.atomic():
            rows = over.select_for_update(skip_locked=True, of=("self",))
            keys = list(rows.values_list("pk", flat=True)[:BATCH])
            if keys:
                act(keys)
        done += len(keys)
        if len(keys) < BATCH:
            break
    return done
