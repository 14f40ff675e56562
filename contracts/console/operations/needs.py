"""What of the deployment at work wants a look, for home and the first page of operations."""

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse

from contracts.console.going_live.line import LineState
from contracts.console.hosts.facts import all_host_facts
from contracts.console.operations.access import outbox_scope
from contracts.console.operations.levels import schema_levels
from contracts.console.operations.timetable import timetable
from core.notifications.outbox_facts import count_dead
from core.notifications.selectors import list_down_channels
from core.staff.needs import Need
from core.staff.scope import StaffActor
from tenants.provisioning_runs import list_interrupted


def operations_needs(staff: StaffActor, at: datetime) -> list[Need]:
    """Return what wants a look among what somebody may see."""
    found = list(_of_outbox(staff)) if staff.sees_outbox else []
    if staff.sees_operations:
        found += _of_deployment(at)
    return [need for need in found if need.number]


def _of_outbox(staff: StaffActor) -> Iterator[Need]:
    number = count_dead(outbox_scope(staff))
    words = _words(number, "link or notice was given up", "links and notices were given up")
    yield Need(number, words, f"{reverse('operations:messages')}?state=dead")


def _of_deployment(at: datetime) -> Iterator[Need]:
    number = list_interrupted(at=at).count()
    words = _words(number, "new contract is not finished", "new contracts are not finished")
    yield Need(number, words, reverse("operations:provisioning"))
    number = sum(row.wants_a_look for row in timetable(at=at))
    words = _words(number, "scheduled task is late or failed", "scheduled tasks are late or failed")
    yield Need(number, words, reverse("operations:tasks"))
    number = len(list_down_channels())
    words = _words(number, "channel is left alone after failures", "channels are left alone")
    yield Need(number, words, reverse("operations:channels"))
    number = sum(one.state is not LineState.GOOD for one in all_host_facts(at=at) if one.check)
    words = _words(number, "host does not lead here, or soon", "hosts do not lead here, or soon")
    yield Need(number, words, reverse("operations:hosts"))
    number = sum(bool(level.missing) for level in schema_levels())
    words = _words(number, "contract lags behind this version", "contracts lag behind this version")
    yield Need(number, words, reverse("operations:migrations"))


def _words(number: int, one: str, many: str) -> str:
    return one if number == 1 else many
