"""The terms of use, public and in every version."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from contracts.registration.selectors import local_date
from contracts.registration.terms import find_terms
from core.common import clock
from core.common.http import get_only
from tenants.configuration.document import TermsVersion
from tenants.context import ActiveContract
from tenants.in_hand import contract_of


@get_only
def terms(request: HttpRequest) -> HttpResponse:
    """Show the version in effect; on the portal host, the programs whose terms can be read."""
    contract = contract_of(request)
    if contract is None:
        return render(request, "registration/terms_programs.html")
    today = local_date(contract.document, clock.now())
    return _page(request, contract, contract.document.current_terms(today))


@get_only
def terms_version(request: HttpRequest, version: str) -> HttpResponse:
    """Show one version, past, present or coming."""
    contract = contract_of(request)
    found = find_terms(contract.document, version) if contract else None
    if contract is None or found is None:
        raise Http404
    return _page(request, contract, found)


def _page(request: HttpRequest, contract: ActiveContract, shown: TermsVersion) -> HttpResponse:
    document = contract.document
    newest_first = sorted(document.terms, key=lambda one: one.effective_on, reverse=True)
    context = {
        "terms": shown,
        "current": document.current_terms(local_date(document, clock.now())),
        "versions": newest_first,
    }
    return render(request, "registration/terms.html", context)
