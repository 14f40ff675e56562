"""Runs of provisioning: how far each new contract has come, and going on with one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from contracts.console.operations.access import access_operations
from contracts.console.services.provisioning import ask_to_resume
from contracts.console.tasks import resume_provisioning
from core.accounts.selectors import names_of
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.http import get_only, get_or_post, row_or_404
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.notifications.tasks import tell_workers
from core.staff.access import StaffRequest, staff_page
from core.staff.forms import ReasonForm
from core.staff.permissions import StaffPermission
from tenants.models import ProvisioningRun, ProvisioningStep, ProvisioningStepName
from tenants.provisioning_runs import is_at_work, list_runs

PER_PAGE: Final = 12
_VIEW, _PROVISION = StaffPermission.OPERATIONS_VIEW, StaffPermission.CONTRACTS_PROVISION


@get_only
@staff_page(_VIEW)
def provisioning(request: StaffRequest) -> HttpResponse:
    """List the runs step by step: those that have not ended first, then the newest."""
    access_operations(request.staff)
    at = clock.now()
    page = Paginator(list_runs(), PER_PAGE).get_page(request.GET.get("page", ""))
    context = {
        "page": page,
        "rows": [(run, _steps(run), _standing(run, at)) for run in page],
        "names": names_of(run.began_by for run in page),
        "may_resume": request.staff.scope(_PROVISION).everywhere,
    }
    return _page(request, "provisioning", context)


@get_or_post
@keeps_typed(fields_named("reason"))
@staff_page(_PROVISION)
def resume(request: StaffRequest, run_id: UUID) -> HttpResponse:
    """Ask why, then have the workers go on with a run."""
    access_operations(request.staff, _PROVISION)
    run = row_or_404(list_runs(), run_id)
    listed = reverse("operations:provisioning")
    if run.ended_at is not None:
        return HttpResponseRedirect(listed)  # where it says how it ended
    if not is_fresh(request, request.staff.user, at=clock.now()):
        return to_confirmation(request)
    typed = take_typed(request)
    form = ReasonForm(request.POST or None, initial=typed)
    if request.method == "POST" and form.is_valid():
        by = request.user.id
        reason = form.cleaned_data["reason"]
        if ask_to_resume(run_id=run.id, reason=reason, by=by, at=clock.now()):
            tell_workers(resume_provisioning, str(run.id), str(by))
        messages.success(request, f"{run.slug}: the workers go on with it.")
        return HttpResponseRedirect(listed)
    context = {"form": form, "run": run, "steps": _steps(run), "typed_is_back": bool(typed)}
    return _page(request, "resume", context)


def _steps(run: ProvisioningRun) -> list[tuple[str, ProvisioningStep | None]]:
    """Return every step in its order, None for one that has not begun."""
    begun = {step.name: step for step in run.steps.all()}
    return [(str(name.label), begun.get(name.value)) for name in ProvisioningStepName]


def _standing(run: ProvisioningRun, at: datetime) -> str:
    """Return where a run stands, for a page."""
    if run.ended_at is not None:
        return str(run.get_outcome_display())
    if any(step.failure for step in run.steps.all()):
        return "Failed"
    return "At work" if is_at_work(run, at) else "Interrupted"


def _page(request: StaffRequest, name: str, context: Mapping[str, object]) -> HttpResponse:
    given = {"nav_here": "operations", "page_here": "provisioning"}
    return render(request, f"operations/{name}.html", {**given, **context})
