"""What the pages of a roster have in common."""

from collections.abc import Mapping

from django.http import HttpResponse

from core.staff.access import StaffRequest
from core.staff.contract_pages import contract_page
from tenants.models import Contract


def roster_render(
    request: StaffRequest, name: str, contract: Contract, context: Mapping[str, object]
) -> HttpResponse:
    """Answer with a page below the tab Roster."""
    return contract_page(request, f"roster/{name}.html", contract, "roster", context)
