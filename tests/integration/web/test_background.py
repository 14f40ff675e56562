"""What a page asks by itself overtakes no press and uses up nothing that a person is told."""

import pytest
from django.test import Client

from core.accounts.models import User
from core.common.http import BACKGROUND_HEADER, STOP_ASKING
from core.mfa.services.changes import ChangeOverError
from tenants.context import ActiveContract
from tests.support.people import last_code, make_person, make_provider
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
BY_ITSELF = {BACKGROUND_HEADER: "1", "HX-Request": "true"}
NEW = "dana.reed@elm.example"
CHANGED = "Your e-mail address was changed"


@pytest.fixture
def user(contract_b: ActiveContract) -> User:
    person = make_person("dana")
    make_provider(person, contract_b)
    return person


@pytest.fixture
def page(client: Client, user: User) -> str:
    """The page that waits for the code of another e-mail address."""
    sign_in_directly(client, user)
    return str(client.post("/account/email/", {"email": NEW}).headers["Location"])


def test_what_is_over_ends_the_asking_and_leads_nobody_away(client: Client, page: str) -> None:
    client.post(page, {"action": "verify", "code": last_code(NEW)})
    asked = client.get(page, headers=BY_ITSELF)
    assert asked.status_code == STOP_ASKING
    assert asked.headers["HX-Reswap"] == "none"
    assert not {"HX-Redirect", "Location"} & set(asked.headers)
    told = client.get("/account/").content.decode()
    assert CHANGED in told
    assert ChangeOverError.message not in told


def test_a_page_that_it_renders_uses_up_no_message(client: Client, page: str) -> None:
    client.post(page, {"action": "verify", "code": last_code(NEW)})
    asked = client.get("/home/", headers=BY_ITSELF)
    assert asked.status_code == 200
    assert CHANGED not in asked.content.decode()
    assert CHANGED in client.get("/account/").content.decode()
    assert CHANGED not in client.get("/account/").content.decode()


def test_a_press_is_answered_as_ever(client: Client, page: str) -> None:
    client.post(page, {"action": "verify", "code": last_code(NEW)})
    pressed = client.post(page, {"action": "send"}, headers={"HX-Request": "true"})
    assert pressed.headers["HX-Redirect"] == "/account/email/"
