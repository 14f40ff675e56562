"""One queue for everything that waits for a decision of staff."""

from collections.abc import Sequence
from uuid import UUID

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import render

from core.common import clock
from core.common.http import get_only
from core.staff.access import StaffRequest, staff_page
from core.staff.permissions import StaffPermission
from core.staff.refusing import refuse_staff
from core.staff.request_queue.listing import MOST_SHOWN, QueueFilter, read_queue
from core.staff.request_queue.sources import RequestSource, sources_for
from core.staff.scope import StaffActor
from core.ui.forms import PortalForm
from tenants import registry
from tenants.context import ActiveContract

_WAITING = [("", "Any time"), ("1", "More than a day"), ("3", "More than 3 days")]
_LONGER = [("7", "More than a week"), ("14", "More than 2 weeks")]


class QueueFilterForm(PortalForm):
    """Which requests somebody wants to see."""

    kind = forms.ChoiceField(label="Kind", required=False)
    contract = forms.ChoiceField(label="Program", required=False)
    waiting = forms.ChoiceField(label="Waiting for", required=False, choices=[*_WAITING, *_LONGER])

    def __init__(
        self,
        data: QueryDict,
        *,
        sources: Sequence[RequestSource],
        contracts: Sequence[ActiveContract],
    ) -> None:
        super().__init__(data)
        kinds = [(source.kind, source.label) for source in sources]
        named = [(str(contract.id), contract.name) for contract in contracts]
        self.fields["kind"].choices = [("", "All"), *kinds]  # type: ignore[attr-defined]
        self.fields["contract"].choices = [("", "All"), *named]  # type: ignore[attr-defined]

    def wanted(self) -> QueueFilter:
        """Return the filter; what was mistyped filters nothing."""
        if not self.is_valid():
            return QueueFilter()
        contract, days = self.cleaned_data["contract"], self.cleaned_data["waiting"]
        return QueueFilter(
            kind=self.cleaned_data["kind"],
            contract_id=UUID(contract) if contract else None,
            waiting_days=int(days or 0),
        )


@get_only
@staff_page()
def requests(request: StaffRequest) -> HttpResponse:
    """List what waits in the member's scope, oldest first, whatever kind it is of."""
    sources = sources_for(request.staff)
    if not sources:
        _refuse(request)
    contracts = _contracts(request.staff, sources)
    form = QueueFilterForm(request.GET, sources=sources, contracts=contracts)
    queue = read_queue(request.staff, form.wanted(), at=clock.now())
    names = {contract.id: contract.name for contract in registry.list_contracts()}
    context = {
        "nav_here": "requests",
        "form": form,
        "queue": queue,
        "rows": [
            (row, names.get(row.contract_id, "") if row.contract_id else "") for row in queue.rows
        ],
        "is_filtered": any(request.GET.get(name) for name in form.fields),
        "most": MOST_SHOWN,
        "now": clock.now(),
    }
    return render(request, "staff/requests.html", context)


def _contracts(staff: StaffActor, sources: Sequence[RequestSource]) -> list[ActiveContract]:
    scopes = [staff.scope(source.view) for source in sources]
    return [
        contract
        for contract in registry.list_contracts()
        if any(scope.covers(contract.id) for scope in scopes)
    ]


def _refuse(request: StaffRequest) -> None:
    refuse_staff(request.staff.user.id, StaffPermission.REGISTRATIONS_VIEW)
