"""My account: what happened, and which rules hold."""

from django.http import Http404, HttpResponse
from django.shortcuts import render

from core.accounts.access import SignedInRequest, before_entry, signed_in
from core.accounts.history import list_history
from core.accounts.policies import contracts_in_hand, policy_for
from core.accounts.policy_words import methods_accepted, policy_in_words
from core.common.http import get_only

_LONGEST_PAGE = 6  # digits; nobody turns as many pages


@get_only
@signed_in
@before_entry
def history(request: SignedInRequest) -> HttpResponse:
    """List sign-ins, failures, locks, resets and changes, newest first, page by page."""
    page = _page_of(request.GET.get("page", "1"))
    entries, has_older = list_history(request.user.id, page=page)
    context = {
        "entries": entries,
        "newer": page - 1,
        "older": page + 1 if has_older else 0,
        "page": page,
        "nav_here": "account",
    }
    return render(request, "accounts/my_account/history.html", context)


@get_only
@signed_in
@before_entry
def rules(request: SignedInRequest) -> HttpResponse:
    """Say which rules hold for the person, and which program asks for each."""
    contracts = contracts_in_hand(request.user)
    names = {contract.slug: contract.name for contract in contracts}
    policy = policy_for(request.user)
    context = {
        "sections": policy_in_words(policy, names),
        "methods": methods_accepted(policy, names),
        "programs": sorted(names.values()),
        "nav_here": "account",
    }
    return render(request, "accounts/my_account/rules.html", context)


def _page_of(text: str) -> int:
    if not text.isdecimal() or len(text) > _LONGEST_PAGE or int(text) < 1:
        raise Http404
    return int(text)
