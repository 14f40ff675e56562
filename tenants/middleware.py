"""Finds the contract that a request is about, by its host or its first path segment."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import DisallowedHost
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotFound,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.http.request import split_domain_port
from django.shortcuts import render
from django.urls import get_script_prefix, set_script_prefix
from django.utils import timezone

from tenants import registry
from tenants.configuration.revisions import zone_of
from tenants.context import ActiveContract, contract_context
from tenants.errors import UnknownContractError
from tenants.host_identity import IDENTITY
from tenants.routing import redirect_of
from tenants.snapshot import HostMatch, RestingContract
from tenants.states import ContractState

logger = logging.getLogger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponse]

_BRAND = "/brand/"
# What a contract answers whose pages do not: the sheet of the page that says so, and who it is.
_ANSWERED_AT_REST = (_BRAND, IDENTITY)
_PROBES = frozenset({"/healthz", "/readyz"})
_UNKNOWN_HOST = (
    "<!doctype html><html lang=en><title>Page not found</title>"
    "<h1>Page not found</h1><p>No portal answers at this address.</p></html>"
)
_NOT_SET_UP = (
    "<!doctype html><html lang=en><title>Not set up yet</title>"
    "<h1>Not set up yet</h1><p>This portal has no configuration yet. Try again later.</p></html>"
)


class ContractMiddleware:
    """Sets `request.contract`, `request.site_host` and `request.is_portal_host`.

    On a portal host the contract's slug moves from the path into the script prefix, so that one
    table of addresses serves portal host, /<slug>/ and contract hosts. The rest of the request
    runs in the contract. Old hosts redirect; a host that is not ours gets a plain 404; a contract
    that cannot be served now answers 503 alone.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Run the request in its contract."""
        if request.path_info in _PROBES:
            return self.get_response(request)
        match = _match(request)
        if match is None:
            return _unknown_host()
        if match.redirects_to:
            return _redirect(request, match)
        former = get_script_prefix()
        try:
            return self._route(request, match)
        finally:
            set_script_prefix(former)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer where a contract went out of service while somebody was about to use it.

        A journey or an account may lead to a contract that was suspended since: on the portal host,
        or between two reads of one request. Whatever was kept stays; the page says whom to ask.
        """
        if not isinstance(exception, UnknownContractError):
            return None
        logger.warning("a page asked for a contract that is not in service: %s", exception)
        _mark_portal(request)
        response = render(request, "program_unavailable.html", status=503)
        response["Retry-After"] = "600"
        return response

    def _route(self, request: HttpRequest, match: HostMatch) -> HttpResponse:
        script = str(request.META.get("SCRIPT_NAME", "")).rstrip("/")
        slug, contract = match.slug, match.contract
        if match.is_portal:
            slug, rest = _first_segment(request.path_info)
            contract = registry.find_contract(slug)
            if contract is None and not _answers(slug):
                slug = None
            elif rest is None:
                return _with_slash(request, f"{script}/{slug}/")
            else:
                script = f"{script}/{slug}"
                _move(request, script, rest)
        set_script_prefix(f"{script}/")
        _mark(request, match, contract)
        if slug is not None and contract is None:
            return self._out_of_service(request, slug)
        return self._run(request, contract)

    def _out_of_service(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Answer for a contract that nobody is let into; what is for everybody still is."""
        resting = registry.find_resting(slug)
        if resting is None:
            return _unavailable(request)
        _mark_contract(request, resting.contract)
        if request.path_info.startswith(_ANSWERED_AT_REST):
            return self.get_response(request)
        return _resting(request, resting)

    def _run(self, request: HttpRequest, contract: ActiveContract | None) -> HttpResponse:
        with contract_context(contract), timezone.override(_zone(contract)):
            return self.get_response(request)


def _zone(contract: ActiveContract | None) -> ZoneInfo:
    """Times on a contract's pages are the contract's own, on the portal's the deployment's."""
    return ZoneInfo(zone_of(contract.document if contract else registry.get_deployment()))


def _match(request: HttpRequest) -> HostMatch | None:
    try:
        host = request.get_host()
    except DisallowedHost:
        return None
    name, _port = split_domain_port(host)
    return registry.find_by_host(name)


def _first_segment(path: str) -> tuple[str, str | None]:
    """Return the first segment, and the path after it; None where no slash ends the segment."""
    segment, slash, rest = path.removeprefix("/").partition("/")
    return segment, f"/{rest}" if slash else None


def _move(request: Any, script: str, rest: str) -> None:
    request.path_info = rest
    request.META["PATH_INFO"] = rest
    request.META["SCRIPT_NAME"] = script


def _mark(request: Any, match: HostMatch, contract: ActiveContract | None) -> None:
    request.contract = contract
    request.site_host = match.host
    request.is_portal_host = match.is_portal


def _mark_contract(request: Any, contract: ActiveContract) -> None:
    """Let the page that follows have a contract's brand and contacts, and none of its data."""
    request.contract = contract


def _mark_portal(request: Any) -> None:
    """Let the page that follows be the portal's own: its brand, and its contacts."""
    request.contract = None


def _with_slash(request: HttpRequest, path: str) -> HttpResponse:
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(f"{path}?{query}" if query else path)


def _redirect(request: HttpRequest, match: HostMatch) -> HttpResponse:
    """Send an old host's visitor to the same address on the new one, whatever the method."""
    # `get_full_path` quotes.
    to, for_good = redirect_of(match, request.get_full_path())
    if not for_good:
        return HttpResponseRedirect(to, preserve_request=True)
    response = HttpResponsePermanentRedirect(to)
    if request.method not in {"GET", "HEAD"}:
        response.status_code = 308
    return response


def _answers(slug: str) -> bool:
    """Tell whether a contract that is not in service says so itself."""
    return registry.is_unavailable(slug) or registry.find_resting(slug) is not None


def _unknown_host() -> HttpResponse:
    if registry.is_configured():
        return HttpResponseNotFound(_UNKNOWN_HOST)
    return HttpResponse(_NOT_SET_UP, status=503, headers={"Retry-After": "30"})


def _unavailable(request: HttpRequest) -> HttpResponse:
    response = render(request, "503.html", status=503, context={"plain": True})
    response["Retry-After"] = "60"
    return response


def _resting(request: HttpRequest, resting: RestingContract) -> HttpResponse:
    """Say since when a program rests, and whom to ask. One that is closed does not come back."""
    is_closed = resting.state == ContractState.CLOSED
    with timezone.override(_zone(resting.contract)):
        response = render(
            request,
            "program_resting.html",
            {"resting": resting, "is_closed": is_closed},
            status=410 if is_closed else 503,
        )
    if not is_closed:
        response["Retry-After"] = "3600"
    response["Cache-Control"] = "no-store"
    return response
