"""The owner of an address has notices sent there again."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from core.accounts.access import SignedInRequest, before_entry, signed_in
from core.accounts.paths import own_path_or
from core.common import clock
from core.notifications.services.suppression import lift_suppression


@require_POST
@signed_in
@before_entry
def mail_again(request: SignedInRequest) -> HttpResponse:
    """Take the person's own address off the suppression list, until mail comes back again.

    Leads back to the page whose button it was.
    """
    lifted = lift_suppression(
        address=request.user.email, at=clock.now(), even_complaints=True, by=request.user.id
    )
    if lifted:
        messages.success(request, "Notices are sent to your address again.")
    return HttpResponseRedirect(own_path_or("home", request.POST.get("next", "")))
