"""The reference of the API: what it shows fits what the API takes and gives."""

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from django.conf import settings
from django.test import Client

from contracts.api.examples import EXAMPLES
from contracts.api.resources.upload_shapes import LARGEST_CHUNK
from contracts.api.views import api_document
from contracts.roster.uploads.files import PART_BYTES
from core.staff.models import StaffRole
from core.webhooks.catalogue import EVENTS
from tests.support.staff import staff_client

JSON = "application/json"


def parts(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is said of the body of a call and of its answer, with examples."""
    done = next(answer for code, answer in operation["responses"].items() if code[0] == "2")
    found = [
        one.get("content", {}).get(JSON, {}) for one in (operation.get("requestBody", {}), done)
    ]
    return [one for one in found if "example" in one]


def operations() -> dict[str, dict[str, Any]]:
    paths = api_document()["paths"].values()
    return {one["operationId"]: one for path in paths for one in path.values()}


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_fits_what_the_call_takes_and_gives(name: str) -> None:
    shown = parts(operations()[name])
    assert len(shown) == 1 + (EXAMPLES[name].takes is not None)
    for part in shown:
        schema = {**part["schema"], "components": api_document()["components"]}
        checker = jsonschema.Draft202012Validator(
            schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )
        assert [one.message for one in checker.iter_errors(part["example"])] == []
        named = schema["$ref"].rpartition("/")[2]
        fields = api_document()["components"]["schemas"][named]["properties"]
        assert set(part["example"]) <= set(fields)


@pytest.mark.django_db
def test_the_page_says_how_to_begin_and_what_each_call_needs() -> None:
    page = Client().get("/api/v1/docs/").content.decode()
    assert "API=http://testserver/api/v1\n" in page
    assert "Upload rosters and swap them in (<code>roster.import</code>)" in page
    assert f"head -c {LARGEST_CHUNK} june.csv" in page
    assert all(f"<code>{event.name}</code>" in page for event in EVENTS)
    assert page.count("Example of ") == len(EXAMPLES)
    assert "Back to API tokens" not in page
    staff = staff_client(StaffRole.OPERATOR)
    assert "Back to API tokens" in staff.get("/api/v1/docs/").content.decode()
    assert '"/api/v1/docs/"' in staff.get("/staff/tokens/").content.decode()


def test_the_documentation_names_the_sizes_of_chunks() -> None:
    text = (settings.BASE_DIR / "docs/api.md").read_text()
    assert f"({PART_BYTES:,} bytes), {LARGEST_CHUNK:,} at most" in text
    assert f"tail -c +{LARGEST_CHUNK + 1} june.csv | head -c {LARGEST_CHUNK} |" in text
