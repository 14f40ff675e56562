"""Whoever waits for approval takes the registration back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from contracts.registration.models import Approval
from contracts.registration.selectors import list_own_approvals
from contracts.registration.services.approvals import ApprovalOverError
from contracts.registration.services.withdrawing import withdraw_registration
from core.accounts.access import SignedInRequest, signed_in
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_or_post, row_or_404


@get_or_post
@signed_in
def withdraw(request: SignedInRequest, approval_id: UUID) -> HttpResponse:
    """Say what ends, and take back one's own registration that nobody has decided."""
    found = row_or_404(list_own_approvals(request.user), approval_id)
    if found.outcome:
        messages.error(request, ApprovalOverError.message)
    elif request.method != "POST":
        return render(request, "registration/withdraw.html", {"approval": found})
    else:
        _withdraw(request, found)
    return HttpResponseRedirect(reverse("home"))


def _withdraw(request: SignedInRequest, found: Approval) -> None:
    try:
        withdraw_registration(approval_id=found.id, by=request.user.id, at=clock.now())
    except DomainError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, f"Your registration of {found.provider_name} is withdrawn.")
