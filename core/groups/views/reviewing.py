"""Setup: confirm who still needs access."""

from functools import partial
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.urls import reverse

from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_or_post, key_or_404
from core.groups.forms import SetupSearchForm
from core.groups.permissions import Permission
from core.groups.reach import access_reached_memberships, access_reached_suspension
from core.groups.reviewing.listing import contract_to_review, read_terms, review_page
from core.groups.reviewing.suspended import suspended_page
from core.groups.services.reviews import confirm_roles
from core.groups.services.suspended_roles import give_back_role, let_role_go
from core.groups.views.shared import (
    SetupRequest,
    act_and_return,
    done,
    next_of,
    refused,
    setup_page,
    setup_render,
)
from tenants.context import ActiveContract

_MOST = 200
"""More roles than one page has are no form of ours."""


@get_or_post
@setup_page(Permission.ACCESS_REVIEW)
def access_review(request: SetupRequest) -> HttpResponse:
    """List the roles of a program by the day on which they are due; confirm some of them.

    Those that were suspended stand above them, to be given back or let go one at a time.
    """
    contract = contract_to_review(request.reach, request.GET.get("program", ""))
    if request.POST.get("suspended"):
        return _settle(request)
    if request.method == "POST":
        return _confirm(request, contract)
    form = SetupSearchForm(request.GET)
    found = review_page(
        request.reach,
        contract,
        words=form.words(),
        number=request.GET.get("page", ""),
        at=clock.now(),
    )
    suspended, rows = suspended_page(
        request.reach, contract, words=form.words(), number=request.GET.get("suspended", "")
    )
    kept = {"program": contract.slug} if found.others else {}
    words = {"q": " ".join(form.words())} if form.words() else {}
    query = urlencode({**kept, **words})
    context = {
        "form": form,
        "review": found,
        "suspended": suspended,
        "suspended_rows": rows,
        "page": found.page,
        "query": f"{query}&" if query else "",
    }
    return setup_render(request, "access_review", context, tab="access_review")


def _confirm(request: SetupRequest, contract: ActiveContract) -> HttpResponse:
    one = request.POST.get("one", "")
    terms = read_terms([one] if one else request.POST.getlist("role"))
    back_to = next_of(request, reverse("setup:access_review"))
    if len(terms) > _MOST:
        raise Http404
    if not terms:
        return done(
            request, "Nobody was confirmed. Choose who still needs access.", back_to=back_to
        )
    access_reached_memberships(request.reach, {term.membership_id for term in terms})
    try:
        number = confirm_roles(terms=terms, contract=contract, by=request.user.id, at=clock.now())
    except DomainError as error:
        return refused(request, error, back_to=back_to)
    return done(request, _told(number), back_to=back_to)


def _settle(request: SetupRequest) -> HttpResponse:
    """Give a suspended role back, or let it go."""
    back_to = next_of(request, reverse("setup:access_review"))
    waiting = access_reached_suspension(request.reach, key_or_404(request.POST["suspended"]))
    gives = "give_back" in request.POST
    if not gives and "let_go" not in request.POST:
        # No button of ours: nobody loses a role by a form that does not say so.
        raise Http404
    act = give_back_role if gives else let_role_go
    name = waiting.membership.user.get_full_name()
    told = f"{name} has the role again." if gives else f"{name} does not get the role back."
    decide = partial(
        act,
        suspension_id=waiting.id,
        by=request.user.id,
        entered=request.reach.entered,
        at=clock.now(),
    )
    return act_and_return(request, decide, told, back_to=back_to)


def _told(number: int) -> str:
    if not number:
        return "Somebody has confirmed this already."
    return "One role confirmed." if number == 1 else f"{number} roles confirmed."
