"""Name, address, phone and fax."""

from typing import Any

import pytest
from django.test import Client

from core.accounts.models import User
from core.audit.models import AuditEvent
from tests.support.people import make_person
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
TYPED = {
    "first_name": "Dana",
    "last_name": "Reed-Ávila",
    "address_1": "12 Elm Street",
    "address_2": "",
    "city": "Charleston",
    "us_state": "WV",
    "zip": "253011234",
    "phone": "(304) 555-0150",
    "fax": "304 555 0151",
}


def save(client: Client, **changes: str) -> Any:
    seen = client.get("/account/details/").context["form"]["seen"].value()
    return client.post("/account/details/", {"seen": seen, **TYPED, **changes})


def test_what_is_saved_shows(client: Client, user: User) -> None:
    assert save(client).headers["Location"] == "/account/"
    page = client.get("/account/").content.decode()
    for text in ("Reed-Ávila", "12 Elm Street", "25301-1234", "304-555-0150", "304-555-0151"):
        assert text in page
    event = AuditEvent.objects.get(event_type="account.details_changed")
    assert event.actor_id == event.subject_id == user.id
    assert set(event.data["fields"]) == {
        "last_name",
        "address_1",
        "city",
        "state",
        "zip",
        "phone",
        "fax",
    }
    assert "Elm" not in str(event.data)


def test_the_username_is_shown_and_cannot_be_changed(client: Client, user: User) -> None:
    assert "dana" in client.get("/account/details/").content.decode()
    save(client, username="somebody")
    assert User.objects.get(pk=user.pk).username == "dana"


def test_nothing_new_records_nothing(client: Client, user: User) -> None:
    save(client)
    save(client)
    assert AuditEvent.objects.filter(event_type="account.details_changed").count() == 1


def test_saving_does_not_end_other_sessions(client: Client, user: User) -> None:
    elsewhere = Client()
    sign_in_directly(elsewhere, user)
    save(client)
    assert elsewhere.get("/account/").status_code == 200


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("fax", "", "Enter the fax."),  # its program requires one
        ("first_name", "", "Enter the first name."),
        ("first_name", "Дана", "use Latin letters"),
        ("zip", "2530", "five digits"),
        ("phone", "12", "ten-digit"),
        ("us_state", "ZZ", "Select a valid choice"),
        ("city", "x" * 10_000, "80 characters"),
        ("address_1", "12\x07 Elm", "cannot be seen"),
    ],
)
def test_odd_input_gets_a_sentence_and_stays(
    client: Client, user: User, field: str, typed: str, sentence: str
) -> None:
    page = save(client, **{field: typed})
    assert page.status_code == 200
    assert sentence in page.content.decode()
    assert "Reed-Ávila" in page.content.decode()
    assert User.objects.get(pk=user.pk).city == ""


def test_without_a_program_nothing_more_than_the_name_is_required(client: Client) -> None:
    sign_in_directly(client, make_person("robin"))
    assert save(client, fax="", phone="").status_code == 302


def test_two_tabs_the_second_is_told_what_the_first_saved(client: Client, user: User) -> None:
    stale = client.get("/account/details/").context["form"]["seen"].value()
    save(client)
    typed = {**TYPED, "city": "Huntington", "seen": stale}
    page = client.post("/account/details/", typed)
    assert page.status_code == 409
    shown = page.content.decode()
    assert "changed since you opened this page" in shown
    assert "Charleston" in shown
    assert 'value="Huntington"' in shown
    assert User.objects.get(pk=user.pk).city == "Charleston"
    fresh = page.context["form"]["seen"].value()
    assert client.post("/account/details/", {**typed, "seen": fresh}).status_code == 302
    assert User.objects.get(pk=user.pk).city == "Huntington"
