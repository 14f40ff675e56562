"""What a proxy says about a request counts only when the proxy is trusted."""

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from config import middleware
from config.middleware import RequestIdMiddleware, remote_address
from core.common.context import current_context
from core.common.networks import read_networks
from tests.support.naive import fails_with

TRUSTED = read_networks(["10.0.0.0/8", "2001:db8:ffff::/48"])


@pytest.fixture(autouse=True)
def _proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PORTAL_TRUSTED_PROXIES", TRUSTED)
    monkeypatch.setattr(settings, "SECURE_PROXY_SSL_HEADER", ("HTTP_X_FORWARDED_PROTO", "https"))


def request_from(peer: str, forwarded_for: str = "", **headers: str) -> HttpRequest:
    request = RequestFactory().get("/")
    request.META.update({"REMOTE_ADDR": peer, **headers})
    if forwarded_for:
        request.META["HTTP_X_FORWARDED_FOR"] = forwarded_for
    return request


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("10.1.2.3", "198.51.100.1", "198.51.100.1"),
        ("10.1.2.3", "198.51.100.1, 10.9.9.9", "198.51.100.1"),
        ("10.1.2.3", "198.51.100.1, 203.0.113.9, 10.9.9.9", "203.0.113.9"),
        ("::ffff:10.1.2.3", "198.51.100.1", "198.51.100.1"),
        ("2001:db8:ffff::1", "2001:db8:1::9, 2001:db8:ffff::2", "2001:db8:1::9"),
        ("10.1.2.3", "198.51.100.1:50214", "198.51.100.1"),
        ("10.1.2.3", "[2001:db8:1::9]:443", "2001:db8:1::9"),
        ("10.1.2.3", "198.51.100.1, unknown", "10.1.2.3"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("", "198.51.100.1", ""),
    ],
)
def test_the_caller_is_the_last_hop_that_is_no_proxy_of_ours(
    peer: str, forwarded_for: str, address: str
) -> None:
    assert remote_address(request_from(peer, forwarded_for)) == address


def a_caller_behind_two_proxies_is_the_last_that_is_none() -> None:
    forged_first = "192.0.2.66, 198.51.100.1, 10.9.9.9"
    assert middleware.remote_address(request_from("10.1.2.3", forged_first)) == "198.51.100.1"


def test_a_caller_behind_two_proxies_is_the_last_that_is_none() -> None:
    a_caller_behind_two_proxies_is_the_last_that_is_none()


def seen(request: HttpRequest) -> tuple[HttpRequest, str]:
    """Return the request as the rest of the portal gets it, and the request's id."""
    got: list[tuple[HttpRequest, str]] = []

    def view(inner: HttpRequest) -> HttpResponse:
        got.append((inner, current_context().request_id))
        return HttpResponse()

    RequestIdMiddleware(view)(request)
    return got[0]


def test_a_stranger_makes_no_request_secure_and_names_none() -> None:
    forged = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_REQUEST_ID": "chosen-by-a-stranger"}
    request, request_id = seen(request_from("203.0.113.5", "198.51.100.1", **forged))
    assert not request.is_secure()
    assert request_id != "chosen-by-a-stranger"
    assert "HTTP_X_FORWARDED_FOR" not in request.META


def test_a_trusted_proxy_says_how_the_request_came_and_names_it() -> None:
    said = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_REQUEST_ID": "chosen-by-the-proxy"}
    request, request_id = seen(request_from("10.1.2.3", "198.51.100.1", **said))
    assert request.is_secure()
    assert request_id == "chosen-by-the-proxy"


def test_headers_that_are_believed_could_be_anybodys() -> None:
    """The naive way: there is a proxy in front, so what it says is true."""
    fails_with(
        "config.middleware._is_trusted",
        lambda _request: True,
        test_a_stranger_makes_no_request_secure_and_names_none,
        where="assert not request.is_secure()",
    )


@pytest.mark.parametrize("place", [0, -1])
def test_one_place_of_the_list_could_be_forged_or_a_proxy(place: int) -> None:
    """The naive way: the first address of the list, or the last."""

    def naive(request: HttpRequest) -> str:
        return str(request.META["HTTP_X_FORWARDED_FOR"].split(",")[place].strip())

    fails_with(
        "config.middleware.remote_address",
        naive,
        a_caller_behind_two_proxies_is_the_last_that_is_none,
        where="assert middleware.remote_address(",
    )
