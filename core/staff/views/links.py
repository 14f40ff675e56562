"""Company sign-ins of one's own staff account: see which are linked, link another."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from core.accounts.signing_in.allauth_wrapper import VOUCHED, methods_used
from core.common import clock
from core.common.http import get_only
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.staff.access import StaffRequest, staff_page
from core.staff.models import StaffIdentity
from core.staff.oidc.client import LINK
from core.staff.oidc.providers import list_providers
from core.staff.services.linking import is_in_reach
from core.staff.views.oidc import lead_to, the_provider


@get_only
@staff_page()
def links(request: StaffRequest) -> HttpResponse:
    """List the providers that may open the account, with those that do already."""
    _require_password(request)
    user, at = request.staff.user, clock.now()
    linked = dict(StaffIdentity.objects.filter(user=user).values_list("issuer", "linked_at"))
    context = {
        "providers": [
            (one, linked.get(one.issuer))
            for one in list_providers()
            if one.issuer in linked or is_in_reach(user, one, at=at)
        ],
        "nav_here": "home",
    }
    return render(request, "staff/oidc_links.html", context)


@require_POST
@staff_page()
def link(request: StaffRequest, key: str) -> HttpResponse:
    """Lead to a provider, which asks anew who somebody is; its answer links the account."""
    _require_password(request)
    provider = the_provider(key)
    if not is_fresh(request, request.staff.user, at=clock.now()):
        return to_confirmation(request, back_to="staff:oidc_links")
    return lead_to(request, provider, purpose=LINK, target="")


def _require_password(request: StaffRequest) -> None:
    """Answer 404 to who came through a provider: what links another is proven here."""
    user = request.staff.user
    if user.signs_in_elsewhere or VOUCHED in methods_used(request, user):
        raise Http404
