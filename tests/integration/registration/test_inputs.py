"""Bad input of every kind: a message at the field, what was typed still there, never a 500."""

import pytest

from contracts.registration.models import Journey, PendingRegistration
from tests.integration.registration.journeys import CLAIMS, Browser, person
from tests.integration.registration.journeys import Journey as Walk

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "typed",
    [
        "A" * 10_000,
        "12\x0034",
        "\x07",
        "٣٤٥٦",
        "号码",
        "'; DROP TABLE x;--",
        "🙂" * 50,
    ],
)
@pytest.mark.parametrize("slug", CLAIMS)
def test_odd_identifiers_and_codes_get_a_message_at_the_field(slug: str, typed: str) -> None:
    for field in CLAIMS[slug]:
        response = Browser().post(f"/{slug}/register/", {**CLAIMS[slug], field: typed})
        assert response.status_code == 200
        assert f'href="#id_{field}"' in response.content.decode()
    assert PendingRegistration.objects.count() == 0


@pytest.mark.parametrize("typed", ["x" * 10_000, "a\x00b", "\x1b[31m", "号码", "🙂", "\u202egro"])
def test_odd_information_gets_a_message_at_the_field(typed: str) -> None:
    walk = Walk("wv-bh").start()
    for field in person():
        response = walk.client.post(f"{walk.path}information/", person() | {field: typed})
        assert response.status_code == 200, field
        assert f'href="#id_{field}"' in response.content.decode(), field
        others = [name for name in person() if name not in {field, "confirm_email"}]
        assert f'href="#id_{others[0]}"' not in response.content.decode()
    assert Journey.objects.get().information == {}


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("zip", "2530"),
        ("zip", "ABCDE"),
        ("phone", "304-555-012"),
        ("phone", "304-555-0123 x12"),
        ("fax", "900-555-0123"),
        ("email", "dana@"),
        ("confirm_email", "other@clinic.example.org"),
        ("us_state", "XX"),
        ("username", "d r"),
        ("username", "ab"),
    ],
)
def test_malformed_information_gets_a_message_at_the_field(field: str, typed: str) -> None:
    walk = Walk("wv-bh").start()
    data = person() | {field: typed}
    response = walk.client.post(f"{walk.path}information/", data)
    assert response.status_code == 200
    assert f'href="#id_{field}"' in response.content.decode()


def test_names_keep_their_accents() -> None:
    walk = Walk("wv-bh").start().inform(first_name="  Zoë ", last_name="Núñez-O'Brien").submit()
    assert walk.path
    pending = PendingRegistration.objects.get()
    assert (pending.first_name, pending.last_name) == ("Zoë", "Núñez-O'Brien")
