"""What a registration calls the provider's number, and which keys a phone offers for a field."""

import re

import pytest

from tests.integration.registration.journeys import Journey

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("number", "code", "label"),
    [("1234567893", "0012345678", "NPI"), ("0090000012", "0090000012", "Medicaid ID")],
)
def test_the_provider_found_is_shown_under_the_name_of_its_number(
    number: str, code: str, label: str
) -> None:
    journey = Journey("wv-bh").start(identifier=number, code=code)
    page = journey.client.get(f"{journey.path}provider/").content.decode()
    assert re.search(rf"<dt>{label}</dt>\s*<dd>{number}</dd>", page)


def test_a_phone_offers_the_keys_that_a_field_takes() -> None:
    journey = Journey("wv-bh").start()
    page = journey.client.get(f"{journey.path}information/").content.decode()
    keys = {
        name: re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
        for name in ("phone", "fax", "zip")
    }
    found = {
        name: re.findall(r'(?:type|inputmode)="(\w+)"', tag.group(0)) if tag else []
        for name, tag in keys.items()
    }
    assert found == {"phone": ["tel", "tel"], "fax": ["tel", "tel"], "zip": ["text", "numeric"]}
