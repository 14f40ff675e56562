"""The URL names the contract: hosts, prefixes, redirects, and links made from configuration."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import get_resolver, get_script_prefix, reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from core.common.context import current_context
from tenants import registry
from tenants.brand_sheet import sheet_digest
from tenants.configuration.values import RESERVED_SLUGS
from tenants.context import ActiveContract, current_contract
from tenants.middleware import ContractMiddleware
from tenants.models import Contract, Host, HostKind
from tenants.routing import absolute_reverse, absolute_url
from tenants.snapshot import load_snapshot
from tenants.states import ContractState
from tests.support.naive import fails_with

pytestmark = pytest.mark.django_db

PORTAL = "atrezzo.acentra.com"
OWN = "ms-um.providers.example"


class Seen:
    """What a view would have found."""

    def __init__(self) -> None:
        self.request: HttpRequest | None = None

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.request = request
        self.contract = current_contract()
        self.prefix = get_script_prefix()
        self.audited = current_context().contract_id
        self.path_info = request.path_info
        self.path = request.path
        return HttpResponse("page")


def ask(host: str, path: str = "/", method: str = "GET") -> tuple[Seen, HttpResponse]:
    seen = Seen()
    request = RequestFactory().generic(method, path, headers={"host": host})
    response = ContractMiddleware(seen)(request)
    return seen, response


@pytest.mark.parametrize(
    "host", [PORTAL, f"{PORTAL}:8000", "ATREZZO.acentra.com", "localhost:8000", "127.0.0.1"]
)
def test_a_portal_host_has_no_contract_of_its_own(host: str) -> None:
    seen, response = ask(host, "/register/")
    assert response.status_code == 200
    assert (seen.contract, seen.prefix, seen.path_info) == (None, "/", "/register/")
    assert seen.request is not None
    assert seen.request.site_host == PORTAL  # type: ignore[attr-defined]
    assert seen.request.is_portal_host  # type: ignore[attr-defined]


@pytest.mark.parametrize("host", [PORTAL, "localhost"])
def test_the_first_segment_of_a_portal_host_names_the_contract(host: str) -> None:
    seen, _ = ask(host, "/wv-bh/register/")
    assert seen.contract is registry.get_contract("wv-bh")
    assert (seen.prefix, seen.path_info, seen.path) == (
        "/wv-bh/",
        "/register/",
        "/wv-bh/register/",
    )
    assert seen.audited == registry.get_contract("wv-bh").id
    assert get_script_prefix() == "/"
    assert current_contract() is None


@pytest.mark.parametrize("host", [OWN, f"{OWN}.localhost:8000", "ms-um.localhost"])
def test_a_contract_host_is_that_contract_without_prefix(host: str) -> None:
    seen, _ = ask(host, "/register/")
    assert seen.contract is registry.get_contract("ms-um")
    assert (seen.prefix, seen.path_info) == ("/", "/register/")
    assert seen.request is not None
    assert not seen.request.is_portal_host  # type: ignore[attr-defined]


def test_a_contract_host_serves_no_other_contract() -> None:
    seen, _ = ask("wv-bh.localhost", "/ms-um/register/")
    assert seen.contract is registry.get_contract("wv-bh")
    assert seen.path_info == "/ms-um/register/"


def test_a_slug_without_slash_gets_one_and_keeps_its_query() -> None:
    _, response = ask(PORTAL, "/wv-bh?next=1")
    assert (response.status_code, response["Location"]) == (301, "/wv-bh/?next=1")


@pytest.mark.parametrize("path", ["/no-such-program/", "/WV-BH/", "//wv-bh/", "/wv-bh.css", "/"])
def test_any_other_first_segment_is_an_ordinary_page(path: str) -> None:
    seen, _ = ask(PORTAL, path)
    assert seen.contract is None


@pytest.mark.parametrize("host", ["stranger.example", "wv-bh.example", "bad host", "t_wv_bh"])
def test_a_host_that_is_not_ours_gets_a_plain_404(host: str) -> None:
    seen, response = ask(host)
    assert response.status_code == 404
    assert seen.request is None


def test_local_names_do_not_exist_in_production(settings: Settings) -> None:
    settings.PORTAL_LOCAL_HOSTS = False
    for host in ("localhost", "wv-bh.localhost", f"{PORTAL}.localhost", "testserver"):
        assert ask(host)[1].status_code == 404
    assert ask(PORTAL)[1].status_code == 200


def test_an_old_portal_host_redirects_with_the_rest_of_the_address() -> None:
    _, response = ask("portal.kepro.com.localhost", "/wv-bh/register/?a=1%202")
    assert response.status_code == 301
    assert response["Location"] == f"http://{PORTAL}.localhost/wv-bh/register/?a=1%202"


def test_a_redirect_keeps_the_method_of_a_post() -> None:
    assert ask("portal.kepro.com", "/login/", "POST")[1].status_code == 308


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example/", "/%2F%2Fevil.example/"])
def test_a_redirect_stays_on_our_host_whatever_the_path(path: str) -> None:
    _, response = ask("portal.kepro.com", path)
    assert response["Location"].startswith(f"http://{PORTAL}/")


def test_an_old_contract_host_redirects_to_the_primary_one() -> None:
    contract = Contract.objects.get(slug="ms-um")
    Host.objects.create(
        tenant=contract, domain="old.example", kind=HostKind.REDIRECT, is_primary=False
    )
    registry.announce()
    _, response = ask("old.example", "/register/")
    assert (response.status_code, response["Location"]) == (301, f"http://{OWN}/register/")
    _, response = ask("old.example.localhost", "/register/")
    assert response["Location"] == f"http://{OWN}.localhost/register/"


def test_a_contract_that_cannot_be_served_answers_503_alone() -> None:
    Contract.objects.filter(slug="ms-um").update(schema_migrations={})
    registry.announce()
    for host, path in ((PORTAL, "/ms-um/register/"), (OWN, "/"), ("ms-um.localhost", "/")):
        seen, response = ask(host, path)
        assert (response.status_code, seen.request) == (503, None)
        assert response["Retry-After"]
    assert ask(PORTAL, "/wv-bh/")[1].status_code == 200
    assert ask(PORTAL, "/")[1].status_code == 200


@pytest.mark.parametrize("state", [ContractState.PROVISIONING, ContractState.ARCHIVED])
def test_a_contract_that_is_not_ready_is_not_routable(state: str) -> None:
    Contract.objects.filter(slug="ms-um").update(state=state)
    registry.announce()
    assert ask(PORTAL, "/ms-um/")[0].contract is None
    assert ask(OWN)[1].status_code == 404


def test_before_the_deployment_is_configured_every_host_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    snapshot = replace(load_snapshot(None), deployment=None, hosts={})
    monkeypatch.setattr(registry, "_current", lambda: snapshot)
    seen, response = ask("localhost")
    assert (response.status_code, seen.request) == (503, None)


def test_probes_are_answered_on_any_host(client: Client) -> None:
    assert client.get("/healthz", headers={"host": "10.1.2.3"}).status_code == 200


def test_every_first_segment_of_the_portals_pages_is_reserved() -> None:
    first: set[str] = set()
    for pattern in _patterns():
        segment = pattern.lstrip("^").split("/")[0]
        # A slug has no dot, so a page such as robots.txt is in nobody's way.
        if segment and not set(segment) & set("<(."):
            first.add(segment.removesuffix("$"))
    assert {"register", "brand", "login"} <= first
    assert first <= RESERVED_SLUGS


def _patterns() -> list[str]:
    found: list[str] = []

    def walk(patterns: Sequence[object], prefix: str) -> None:
        for item in patterns:
            route = prefix + str(getattr(item, "pattern", ""))
            inner = getattr(item, "url_patterns", None)
            if inner is None:
                found.append(route)
            else:
                walk(inner, route)

    walk(get_resolver().url_patterns, "")
    return found


# --- Links ----------------------------------------------------------------------------------------
def test_links_name_the_contracts_own_host_or_the_portals(settings: Settings) -> None:
    settings.PORTAL_LOCAL_HOSTS = False
    settings.PORTAL_PUBLIC_SCHEME = "https"
    with_host, without = registry.get_contract("ms-um"), registry.get_contract("wv-bh")
    assert absolute_url("/x/", contract=with_host) == f"https://{OWN}/x/"
    assert absolute_url("/x/", contract=without) == f"https://{PORTAL}/wv-bh/x/"
    assert absolute_url("/x/", contract=None) == f"https://{PORTAL}/x/"


def test_local_links_have_the_port_and_local_names(settings: Settings) -> None:
    settings.PORTAL_PUBLIC_PORT = 8105
    with_host, without = registry.get_contract("ms-um"), registry.get_contract("wv-bh")
    assert absolute_url("/x/", contract=with_host) == "http://ms-um.localhost:8105/x/"
    assert absolute_url("/x/", contract=without) == "http://localhost:8105/wv-bh/x/"
    assert absolute_url("/x/", contract=None) == "http://localhost:8105/x/"


def test_links_made_inside_a_request_take_neither_its_prefix_nor_its_host() -> None:
    made: list[str] = []
    other = registry.get_contract("ms-um")

    def view(request: HttpRequest) -> HttpResponse:
        digest = {"digest": "0" * 16}
        path = reverse("tenants:brand_css", kwargs=digest)
        assert path.startswith("/wv-bh/brand/")
        made.append(absolute_url(path, contract=request.contract))  # type: ignore[attr-defined]
        made.append(absolute_url(path, contract=other))
        made.append(absolute_reverse("tenants:brand_css", contract=other, kwargs=digest))
        return HttpResponse("")

    request = RequestFactory().get("/wv-bh/", headers={"host": "localhost:666"})
    ContractMiddleware(view)(request)
    page = f"/brand/{'0' * 16}.css"
    assert made == [
        f"http://localhost/wv-bh{page}",
        f"http://ms-um.localhost{page}",
        f"http://ms-um.localhost{page}",
    ]


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example", "x/", "", "/\\evil"])
def test_only_a_path_of_ours_becomes_a_link(path: str) -> None:
    with pytest.raises(ValueError, match="Not a path"):
        absolute_url(path, contract=None)


# --- The brand sheet ------------------------------------------------------------------------------
def brand_url(contract: ActiveContract, prefix: str = "") -> str:
    return f"{prefix}/brand/{sheet_digest(contract.document.brand)}.css"


def test_the_brand_sheet_is_the_contracts_and_may_be_kept_for_ever(client: Client) -> None:
    contract = registry.get_contract("wv-bh")
    response = client.get(brand_url(contract, "/wv-bh"))
    assert response.status_code == 200
    assert response["Content-Type"] == "text/css"
    assert "immutable" in response["Cache-Control"]
    assert "--color-primary:" in response.content.decode()


def test_an_outdated_address_gets_the_present_sheet_and_is_not_kept(client: Client) -> None:
    present = client.get(brand_url(registry.get_contract("wv-bh"), "/wv-bh"))
    stale = client.get(f"/wv-bh/brand/{'0' * 16}.css")
    assert stale.content == present.content
    assert stale["Cache-Control"] == "no-store"


def test_brands_differ_by_host_and_contract(client: Client) -> None:
    def sheet(host: str, path: str) -> bytes:
        return client.get(f"{path}brand/{'0' * 16}.css", headers={"host": host}).content

    assert sheet("localhost", "/") == sheet(PORTAL, "/")
    assert sheet("localhost", "/") != sheet("localhost", "/wv-bh/")
    assert sheet("localhost", "/ms-um/") == sheet("ms-um.localhost", "/")


def test_a_warm_request_makes_no_query_for_tenancy(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    address = brand_url(registry.get_contract("wv-bh"), "/wv-bh")
    with django_assert_num_queries(0):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("host", ["stranger.example", "wv-bh.example"])
def test_any_host_would_be_a_portal(host: str) -> None:
    """The naive way: what the load balancer lets through is ours."""
    fails_with(
        "tenants.middleware._match",
        lambda _request: registry.find_by_host(PORTAL),
        lambda: test_a_host_that_is_not_ours_gets_a_plain_404(host),
        where="assert response.status_code == 404",
    )
