"""My account: every page of it is linked, and open whatever the contract in hand asks for."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from core.accounts.models import User
from core.common import clock
from core.common.ids import uuid7
from core.notifications.selectors import find_suppression
from core.notifications.services.suppression import suppress
from core.notifications.states import SuppressionReason
from tenants.context import ActiveContract
from tests.support.people import make_person, make_provider
from tests.support.publishing import publish_methods
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
SLUG = "acentra-sample"
AGAIN = "Mail to your address came back"
# Pages that others lead to: pictures, questions of a page itself, and buttons.
NOT_LINKED = ("/app/code.svg", "/end/", "/forget/", "/app/remove/")


def own_pages() -> list[str]:
    """Return the paths of My account that name nothing and are opened by a link."""

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
        for one in patterns:
            route = prefix + str(one.pattern)
            if isinstance(one, URLResolver):
                yield from walk(one.url_patterns, route)
            elif route.startswith("account/") and "<" not in route:
                yield f"/{route}"

    return [path for path in walk(get_resolver().url_patterns, "") if not path.endswith(NOT_LINKED)]


@pytest.fixture
def elsewhere(client: Client, contract_a: ActiveContract, contract_b: ActiveContract) -> User:
    """Return somebody who signed in by e-mail, which the second of their programs refuses."""
    person = make_person()
    make_provider(person, contract_a)
    make_provider(person, contract_b, name="Oak Hospital", identifier="1245319599")
    publish_methods(SLUG, "totp", "passkey")
    sign_in_directly(client, person)
    return person


def test_a_role_is_named_when_one_of_its_programs_is_entered(
    client: Client, elsewhere: User, contract_b: ActiveContract
) -> None:
    """The role in a program is its data: it is told to a session that the program accepts."""
    assert "Provider Group Admin" in client.get("/account/").content.decode()
    assert "Provider Group Admin" not in client.get(f"/{SLUG}/account/").content.decode()
    fern = make_person("fern")
    make_provider(fern, contract_b, name="Fern Hospital", identifier="1000000012")
    hers = Client()
    sign_in_directly(hers, fern)
    for path in ("/account/", "/home/"):
        assert "Provider Group Admin" not in hers.get(path).content.decode()


def test_every_page_is_linked_from_the_overview(client: Client, elsewhere: User) -> None:
    overview = client.get("/account/").content.decode()
    factors = client.get("/account/factors/").content.decode()
    linked = set(re.findall(r'href="(/account/[^"?]*)', overview + factors))
    at_a_distance = {"/account/", "/account/factors/recovery-codes/"}  # for who has an app
    assert set(own_pages()) - at_a_distance <= linked


def test_a_contract_that_asks_for_more_bars_nobody_from_their_own_account(
    client: Client, elsewhere: User
) -> None:
    assert "/step-up/" in client.get(f"/{SLUG}/home/").headers["Location"]
    paths = own_pages()
    assert len(paths) > 10
    for path in paths:
        answer = client.get(f"/{SLUG}{path}")
        onward = answer.headers.get("Location", "")
        ways = (f"/{SLUG}/confirm/", f"/{SLUG}/account/")
        assert answer.status_code == 200 or onward.startswith(ways), (path, onward)


@pytest.mark.parametrize("path", ["/account/", "/account/email/"])
def test_mail_that_came_back_is_said_and_settled(
    client: Client, elsewhere: User, path: str
) -> None:
    here = f"/{SLUG}{path}"
    assert AGAIN not in client.get(here).content.decode()
    suppress(
        address=elsewhere.email,
        reason=SuppressionReason.BOUNCE,
        message_id=uuid7(),
        contract_id=None,
        at=clock.now(),
    )
    page = client.get(here).content.decode()
    assert AGAIN in page
    assert f'action="/{SLUG}/mail-again/"' in page
    assert f'name="next" value="{here}"' in page
    settled = client.post(f"/{SLUG}/mail-again/", {"next": here})
    assert settled.headers["Location"] == here
    assert find_suppression(elsewhere.email) is None
    assert AGAIN not in client.get(here).content.decode()


def test_the_way_back_is_one_of_our_own(client: Client, elsewhere: User) -> None:
    led = client.post("/mail-again/", {"next": "https://evil.example/"})
    assert led.headers["Location"] == "/home/"
