"""Every code that the API can answer stands in its reference, with the status that it has."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from contracts.api.views import api_document
from core.common.errors import DomainError
from core.common.problem_codes import CODES
from tests.support.reachable import errors_met

API = settings.BASE_DIR / "contracts/api"
RAISED_HERE = re.compile(r"Problem\(\s*(\d{3}),\s*\"([a-z_]+)\"")
# Named on the way, and never an answer
NO_ANSWER = {
    "refused": "the class of all",
    "configuration_document_invalid": "document_invalid, with the fields",
    "configuration_published_meanwhile": "changed_meanwhile, with what is there now",
    "identity_provider_not_ready": "nobody who signs in by it is asked for here",
    "secret_in_context": "a fault of ours",
}


def met() -> set[type[DomainError]]:
    return errors_met(
        ".".join(file.relative_to(settings.BASE_DIR).with_suffix("").parts)
        for file in API.rglob("*.py")
        if "migrations" not in file.parts and file.stem not in {"__init__", "tasks"}
    )


def sources() -> list[Path]:
    return [*API.rglob("*.py"), settings.BASE_DIR / "core/ui/views.py"]


def test_each_refusal_of_a_service_that_a_call_can_meet_is_explained() -> None:
    codes = {error.code for error in met()}
    assert len(codes) > 25
    assert codes - set(NO_ANSWER) - set(CODES) == set()
    assert set(NO_ANSWER) <= codes


def test_each_problem_of_the_api_is_explained_with_its_status() -> None:
    raised = {
        (code, int(status))
        for file in sources()
        for status, code in RAISED_HERE.findall(file.read_text())
    }
    assert len(raised) > 20
    assert {one for one in raised if one[0] not in CODES} == set()
    assert [one for one in raised if CODES[one[0]].status != one[1]] == []


def test_what_is_explained_can_be_answered() -> None:
    raised = {code for file in sources() for _, code in RAISED_HERE.findall(file.read_text())}
    named = {code for file in sources() for code in re.findall(r"\"([a-z_]+)\"", file.read_text())}
    possible = raised | named | {error.code for error in met()} | {"unavailable"}
    assert set(CODES) - possible == set()


@pytest.mark.django_db
def test_each_code_has_its_place_in_the_reference() -> None:
    page = Client().get("/api/v1/docs/").content.decode()
    places = re.findall(r" id=\"([^\"]+)\"", page)
    assert len(places) == len(set(places))
    assert set(CODES) <= set(places)
    calls = [
        one["operationId"] for path in api_document()["paths"].values() for one in path.values()
    ]
    assert set(calls) <= set(places)
