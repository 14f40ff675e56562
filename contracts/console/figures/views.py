"""The figures of a contract: now, over time, and as a file."""

from datetime import datetime, timedelta
from typing import Final

from django.http import HttpResponse

from contracts.console.figures.counting import count_people
from contracts.console.figures.plotting import draw
from contracts.console.models import DailyFigures
from contracts.console.services.figures import count_day
from core.common import clock
from core.common.http import get_only, streamed_sheet
from core.common.tables import sheet_pieces
from core.staff.access import StaffRequest, staff_page
from core.staff.contract_access import access_contract
from core.staff.contract_pages import contract_page
from core.staff.permissions import StaffPermission
from tenants import registry
from tenants.configuration.revisions import day_in
from tenants.context import ActiveContract
from tenants.errors import UnknownContractError

_REPORTS: Final = StaffPermission.REPORTS_VIEW
SPANS: Final = (30, 90, 365)
_COLUMNS: Final = ("day", "entries", "registered", "begun", "never begun", "users", "unreachable")


@get_only
@staff_page(_REPORTS)
def figures(request: StaffRequest, slug: str) -> HttpResponse:
    """Show the figures as they are now, and how they have come about."""
    found, at = access_contract(request.staff, slug, _REPORTS), clock.now()
    active = _with_data(slug)
    if active is None:
        return contract_page(request, "console/figures/none.html", found, "figures", {})
    span = _span(request.GET.get("days", ""))
    days = days_until_now(active, span, at=at)
    context = {
        "now": days[-1],
        "days": days[::-1],
        "people": count_people(active.id, at=at),
        "plot": draw(days),
        "span": span,
        "spans": SPANS,
    }
    return contract_page(request, "console/figures/figures.html", found, "figures", context)


@get_only
@staff_page(_REPORTS)
def figures_csv(request: StaffRequest, slug: str) -> HttpResponse:
    """Give the figures of all days that are shown as a file: numbers, which name nobody."""
    access_contract(request.staff, slug, _REPORTS)
    active = _with_data(slug)
    span = _span(request.GET.get("days", ""))
    days = days_until_now(active, span, at=clock.now()) if active else []
    rows = [
        (one.on, one.entries, one.registered, one.begun, one.never, one.users, one.unreachable)
        for one in days
    ]
    return streamed_sheet(f"{slug}-figures.csv", sheet_pieces([_COLUMNS, *rows]))


def days_until_now(contract: ActiveContract, span: int, *, at: datetime) -> list[DailyFigures]:
    """Return what was kept of the days before today, and today as it is now, in order."""
    today = day_in(contract.document.contract.time_zone, at)
    kept = DailyFigures.objects.filter(
        contract_id=contract.id, on__gt=today - timedelta(days=span), on__lt=today
    )
    return [*kept.order_by("on"), count_day(contract, today, at=at)]


def _with_data(slug: str) -> ActiveContract | None:
    """Return a contract that has a schema to count in: ready, suspended or closed."""
    try:
        return registry.get_configured(slug)
    except UnknownContractError:
        return None


def _span(text: str) -> int:
    return int(text) if text in {str(one) for one in SPANS} else SPANS[1]
