"""Bodies and cookies that no form and no browser of ours sends."""

import pytest
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from config.middleware import OddRequestMiddleware


def seen(request: HttpRequest) -> HttpRequest:
    """Return the request as the rest of the portal gets it."""
    got: list[HttpRequest] = []

    def view(inner: HttpRequest) -> HttpResponse:
        got.append(inner)
        return HttpResponse()

    OddRequestMiddleware(view)(request)
    return got[0]


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "application/json"])
def test_a_large_body_is_refused_before_anything_reads_it(content_type: str) -> None:
    request = RequestFactory().generic("POST", "/", b"", content_type=content_type)
    request.META["CONTENT_LENGTH"] = "60000000"
    with pytest.raises(RequestDataTooBig):
        seen(request)


@pytest.mark.parametrize("length", ["", "0", "999999", "x", "-1"])
def test_other_bodies_pass(length: str) -> None:
    request = RequestFactory().post("/")
    request.META["CONTENT_LENGTH"] = length
    assert seen(request) is request


def test_a_cookie_with_a_nul_is_no_cookie() -> None:
    request = RequestFactory().get("/", HTTP_COOKIE='session="aaaaaaaa\\000"; other=fine')
    assert seen(request).COOKIES == {"other": "fine"}
