"""The deployment at work: scheduled tasks, channels, migrations, and what of it wants a look."""

from collections.abc import Mapping

from django.http import HttpResponse
from django.shortcuts import render

from contracts.console.hosts.facts import all_host_facts
from contracts.console.operations.access import access_operations
from contracts.console.operations.levels import schema_levels
from contracts.console.operations.needs import operations_needs
from contracts.console.operations.timetable import timetable
from contracts.console.selectors import contract_names
from core.common import clock
from core.common.http import get_only
from core.notifications.channel_facts import channel_facts
from core.notifications.selectors import delivery_is_late
from core.notifications.services.budgets import BudgetUse, list_budget_use
from core.staff.access import StaffRequest, staff_page
from core.staff.permissions import StaffPermission
from tenants import registry
from tenants.schema_level import required_migrations

_VIEW = StaffPermission.OPERATIONS_VIEW


@get_only
@staff_page(_VIEW)
def overview(request: StaffRequest) -> HttpResponse:
    """Say what wants a look, with the way there."""
    access_operations(request.staff)
    at = clock.now()
    needs = operations_needs(request.staff, at)
    return _page(request, "overview", {"needs": needs, "mail_is_late": delivery_is_late(at=at)})


@get_only
@staff_page(_VIEW)
def tasks(request: StaffRequest) -> HttpResponse:
    """Show each scheduled task with its last run, and when it is due."""
    access_operations(request.staff)
    return _page(request, "tasks", {"rows": timetable(at=clock.now())})


@get_only
@staff_page(_VIEW)
def channels(request: StaffRequest) -> HttpResponse:
    """Show how each channel is, and how much of the budgets of the month is used."""
    access_operations(request.staff)
    at = clock.now()
    uses: dict[str, list[tuple[str, BudgetUse]]] = {}
    budgets = list_budget_use(at=at)
    names = contract_names(budget.contract_id for budget in budgets)
    for budget in budgets:
        whose = names.get(budget.contract_id, "Whole deployment")
        uses.setdefault(budget.channel, []).append((whose, budget))
    ways = registry.get_deployment().channels
    rows = [
        (facts, ways.of(facts.channel).provider, uses.get(facts.channel, []))
        for facts in channel_facts()
    ]
    return _page(request, "channels", {"rows": rows, "mail_is_late": delivery_is_late(at=at)})


@get_only
@staff_page(_VIEW)
def hosts(request: StaffRequest) -> HttpResponse:
    """Show every host of the deployment, what does not lead here first."""
    access_operations(request.staff)
    return _page(request, "hosts", {"hosts": all_host_facts(at=clock.now())})


@get_only
@staff_page(_VIEW)
def migrations(request: StaffRequest) -> HttpResponse:
    """Show which contracts' schemas lag behind this version."""
    access_operations(request.staff)
    levels = schema_levels()
    context = {
        "levels": levels,
        "behind": sum(bool(one.missing) for one in levels),
        "needed": sorted(required_migrations().items()),
    }
    return _page(request, "migrations", context)


def _page(request: StaffRequest, name: str, context: Mapping[str, object]) -> HttpResponse:
    given = {"nav_here": "operations", "page_here": name}
    return render(request, f"operations/{name}.html", {**given, **context})
