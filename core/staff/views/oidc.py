"""Sign in through an identity provider, and confirm there that it is you."""

from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.accounts.access import SignedInRequest, before_entry, signed_in
from core.accounts.columns import keep_column, kept_name
from core.accounts.paths import is_own_path, own_path_or
from core.accounts.views.sign_in import NEXT_KEY
from core.common import clock
from core.common.http import get_only, get_or_post
from core.staff.access import portal_only
from core.staff.oidc.client import (
    CONFIRM,
    SIGN_IN,
    ProviderAwayError,
    authorization_url,
    finish_exchange,
)
from core.staff.oidc.outcomes import PROVIDER_KEY, refused_response
from core.staff.oidc.providers import (
    ProviderNotReadyError,
    StaffProvider,
    find_provider,
    list_providers,
)
from tenants.in_hand import contract_of, is_portal_host
from tenants.routing import absolute_reverse, absolute_url

AWAY = "The company sign-in does not answer at the moment. Please try again."


@get_or_post
def employee_login(request: HttpRequest) -> HttpResponse:
    """Lead employees to their company's sign-in: at once when there is one, else they choose.

    LOGIN on the card is a POST that keeps or forgets the choice of column (Remember Me) first.
    Identity providers send people back to the portal host, so a contract's own host leads there.
    """
    providers = list_providers(contract_of(request))
    is_portal = is_portal_host(request)
    if request.method == "POST":
        if is_portal and len(providers) == 1:
            response = lead_to(request, providers[0], purpose=SIGN_IN, target=_wanted(request))
        else:
            response = HttpResponseRedirect(reverse("employee_login"))
        keep_column(response, kept="remember_column" in request.POST)
        return response
    if providers and not is_portal:
        return HttpResponseRedirect(absolute_url("/login/employees/", contract=None))
    context = {"providers": providers, "known_name": kept_name(request)}
    return render(request, "accounts/employee_login.html", context)


@require_POST
@portal_only
def begin(request: HttpRequest, key: str) -> HttpResponse:
    """Lead to the provider that was chosen."""
    return lead_to(request, the_provider(key), purpose=SIGN_IN, target=_wanted(request))


@get_only
@portal_only
def callback(request: HttpRequest, key: str) -> HttpResponse:
    """Take a provider's answer. It counts once, in the browser and for the request that asked."""
    provider = the_provider(key)
    if request.GET.get("iss", provider.issuer) != provider.issuer:
        return refused_response(request, key=key, reason="answer_issuer")
    try:
        return finish_exchange(request, provider)
    except ProviderNotReadyError as error:
        return _not_now(request, error.sentence)
    except ProviderAwayError:
        return _not_now(request, AWAY)


@get_or_post
@portal_only
@signed_in
@before_entry
def confirm(request: SignedInRequest) -> HttpResponse:
    """Ask somebody who came through a provider to prove there, now, who they are."""
    provider = find_provider(str(request.session.get(PROVIDER_KEY, "")))
    if provider is None:
        raise Http404
    target = own_path_or("staff:home", request.GET.get("next", ""))
    if request.method == "POST":
        return lead_to(request, provider, purpose=CONFIRM, target=target)
    context = {"provider": provider, "lost": "lost" in request.GET}
    return render(request, "staff/oidc_confirm.html", context)


def lead_to(
    request: HttpRequest, provider: StaffProvider, *, purpose: str, target: str
) -> HttpResponse:
    """Answer with a page that goes on by itself: the content policy lets no form leave the site."""
    try:
        address = authorization_url(
            request, provider, purpose=purpose, next_path=target, at=clock.now()
        )
    except ProviderNotReadyError as error:
        return _not_now(request, error.sentence)
    except ProviderAwayError:
        return _not_now(request, AWAY)
    context = {"provider": provider, "address": address}
    return render(request, "staff/oidc_onward.html", context)


def the_provider(key: str) -> StaffProvider:
    """Return the provider with a key. Http404 where there is none."""
    provider = find_provider(key)
    if provider is None:
        raise Http404
    return provider


def _wanted(request: HttpRequest) -> str:
    """Return where the person wanted to go before signing in; the pages of staff otherwise."""
    wanted = str(request.session.get(NEXT_KEY, ""))
    return (
        wanted
        if is_own_path(wanted)
        else urlsplit(absolute_reverse("staff:home", contract=None)).path
    )


def _not_now(request: HttpRequest, sentence: str) -> HttpResponse:
    return render(request, "staff/oidc_refused.html", {"words": sentence}, status=503)
