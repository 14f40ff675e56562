"""The pages for what went wrong on our side."""

import pytest
from django.core.handlers.exception import convert_exception_to_response
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory


def answer_to(error: Exception, rf: RequestFactory) -> HttpResponse:
    """Return what a person gets when a middleware or view fails with an error."""

    def fail(request: HttpRequest) -> HttpResponse:
        raise error

    response = convert_exception_to_response(fail)(rf.get("/"))
    assert isinstance(response, HttpResponse)
    return response


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_a_database_that_is_away_says_try_again(error: Exception, rf: RequestFactory) -> None:
    response = answer_to(error, rf)
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert "try again in a minute" in response.content.decode()


def test_any_other_failure_says_nothing_of_the_inside(rf: RequestFactory) -> None:
    response = answer_to(RuntimeError("the secret inside"), rf)
    assert response.status_code == 500
    assert "Something went wrong on our side" in response.content.decode()
    assert "secret" not in response.content.decode()
