"""Somebody says that another office has registered their number: one answer for every number."""

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from contracts.disputes.forms import DisputeForm
from contracts.disputes.services.disputes import open_dispute
from contracts.registration.views.shared import posted, remote_address
from core.common import clock
from core.common.http import get_only, get_or_post
from tenants.in_hand import contract_of

_REFERENCE: Final = "dispute_reference"
_TOO_MANY: Final = 429


@get_or_post
def dispute(request: HttpRequest) -> HttpResponse:
    """Take a dispute over an identifier of this contract; nobody hears whether it is registered."""
    contract = contract_of(request)
    if contract is None:
        raise Http404
    form = DisputeForm(posted(request))
    retry_at = None
    if request.method == "POST" and form.is_valid():
        answer = open_dispute(
            contract=contract, facts=form.facts(), address=remote_address(), at=clock.now()
        )
        if answer.dispute is not None:
            request.session[_REFERENCE] = answer.dispute.reference
            return HttpResponseRedirect(reverse("dispute:sent"))
        retry_at = answer.retry_at
    context = {"form": form, "retry_at": retry_at}
    status = _TOO_MANY if retry_at else 200
    return render(request, "disputes/open.html", context, status=status)


@get_only
def sent(request: HttpRequest) -> HttpResponse:
    """Name the reference of the dispute that this browser has sent."""
    if contract_of(request) is None:
        raise Http404
    reference = request.session.get(_REFERENCE)
    if not reference:
        return HttpResponseRedirect(reverse("dispute:open"))
    return render(request, "disputes/sent.html", {"reference": reference})
