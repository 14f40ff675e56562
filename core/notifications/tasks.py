"""The workers' side of the outbox, and the announcement that wakes them.

Task arguments hold a row's id and nothing else.
"""

from typing import Any
from uuid import UUID

from celery import current_app, shared_task

from core.common.clock import now
from core.notifications.broker import BROKER
from core.notifications.services import watching
from core.notifications.services.delivery import deliver_message
from core.notifications.services.sweeping import sweep
from tenants.celery import SharedTask


@shared_task(base=SharedTask, name="core.notifications.tasks.deliver")
def deliver(message_id: str, **_: object) -> None:
    """Hand one message over to its channel, if it still waits."""
    deliver_message(message_id=UUID(message_id), clock=now)


@shared_task(base=SharedTask, name="core.notifications.tasks.sweep_outbox", expires=10)
def sweep_outbox(**_: object) -> None:
    """Deliver what waits: retries, messages that were never announced, lost workers' rows."""
    sweep(clock=now)


@shared_task(base=SharedTask, name="core.notifications.tasks.look_at_calls", expires=4)
def look_at_calls(**_: object) -> None:
    """Read at the provider what was entered in the calls that are going on."""
    watching.look_at_calls(clock=now)


def announce(message_id: UUID) -> None:
    """Tell the workers that a message waits; a broker that is away is logged and left alone."""
    tell_workers(deliver, str(message_id))


def tell_workers(task: Any, *arguments: str) -> None:
    """Send a task whose work is found again by a periodic one, should the broker be away."""
    if current_app.conf.task_always_eager:
        task.delay(*arguments)
    else:
        BROKER.announce(task, *arguments)


def broker_is_reachable() -> bool:
    """Tell whether announcements arrive; where tasks run in place they always do."""
    return bool(current_app.conf.task_always_eager) or BROKER.is_reachable()
