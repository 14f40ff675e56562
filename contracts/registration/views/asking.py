"""Ask to join without an account: one page for right numbers and for wrong ones."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from contracts.registration.forms.joining import OutsideForm
from contracts.registration.services.asking import find_offer, take_offer
from contracts.registration.views.shared import posted, to_start
from core.common import clock
from core.common.http import get_or_post


@get_or_post
def ask(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """Take name and address; the answer is the same whatever the numbers were."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(reverse("registration:add_provider"))
    offer = find_offer(offer_id, at=clock.now())
    if offer is None:
        return to_start()
    if offer.asked_at is not None:
        return render(request, "registration/asked.html")
    form = OutsideForm(posted(request))
    if request.method == "POST" and form.is_valid():
        take_offer(offer_id=offer.id, asker=form.asker(), at=clock.now())
        return HttpResponseRedirect(reverse("registration:ask", args=[offer.id]))
    return render(request, "registration/ask.html", {"form": form})
