"""What is out of a person's reach answers as if it did not exist, and is recorded: in one place."""

import re
from uuid import UUID

import pytest
from django.conf import settings as portal_settings
from django.db import connection
from django.shortcuts import get_object_or_404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from core.accounts.models import User
from core.accounts.services.refusals import ACCESS_REFUSED
from core.audit.models import AuditEvent
from core.common.ids import uuid7
from core.groups.models import Provider, Role
from core.groups.services.memberships import grant_provider_role
from tenants.context import ActiveContract
from tests.support.naive import fails_with, must_fail
from tests.support.people import START, make_person, make_provider
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
MIDDLEWARE = "core.accounts.refusing.RefusalMiddleware"
_DIFFERS = re.compile(
    r"[0-9a-zA-Z]{64}|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}|\d{4}-\d\d-\d\d[T ][\d:.+]+|'\\x\w+'"
    r"|s\d+_x\d+"
)


@pytest.fixture
def head() -> User:
    return make_person("head")


@pytest.fixture
def elm(head: User, contract_a: ActiveContract) -> Provider:
    return make_provider(head, contract_a)


@pytest.fixture
def ash(contract_c: ActiveContract) -> Provider:
    """Return a provider of somebody else's group in another contract."""
    return make_provider(make_person("other"), contract_c, identifier="1000000020", name="Ash")


@pytest.fixture
def admin(client: Client, head: User, elm: Provider) -> Client:
    sign_in_directly(client, head)
    return client


def refusals() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(event_type=ACCESS_REFUSED).order_by("id"))


def asked(client: Client, path: str) -> tuple[int, str, list[str]]:
    """Return what came back and the statements behind it, without what is different each time."""
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path)
    page = _DIFFERS.sub("?", answer.content.decode())
    return answer.status_code, page, [_DIFFERS.sub("?", one["sql"]) for one in queries]


@pytest.mark.parametrize("page", ["/setup/providers/{}/", "/wv-bh/setup/providers/{}/"])
def test_nobodys_key_and_somebody_elses_are_one_and_the_same(
    admin: Client, head: User, ash: Provider, page: str
) -> None:
    asked(admin, page.format(uuid7()))
    unknown, foreign = (asked(admin, page.format(key)) for key in (uuid7(), ash.id))
    assert unknown == foreign
    assert unknown[0] == 404
    recorded = refusals()
    assert len(recorded) == 3
    first, second, third = recorded
    assert first.data.keys() == second.data.keys() == third.data.keys()
    assert third.data == {
        "page": "setup:provider",
        "method": "GET",
        "keys": {"provider_id": str(ash.id)},
    }
    assert (third.actor_id, third.result) == (head.id, "not_found")
    assert third.contract_id == second.contract_id
    assert (third.contract_id is not None) is page.startswith("/wv-bh")


def test_without_the_middleware_nobody_hears_of_it(
    admin: Client, head: User, ash: Provider, settings: Settings
) -> None:
    """The naive way: a page that is not found is an address that was mistyped."""
    assert MIDDLEWARE in portal_settings.MIDDLEWARE
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if one != MIDDLEWARE]
    admin.handler.load_middleware()
    with must_fail(where="assert len(recorded) == 3"):
        test_nobodys_key_and_somebody_elses_are_one_and_the_same(
            admin, head, ash, "/setup/providers/{}/"
        )


def test_a_form_that_is_sent_with_anothers_key_is_a_refusal_too(
    admin: Client, head: User, elm: Provider, ash: Provider, contract_a: ActiveContract
) -> None:
    dana = make_person("dana")
    grant_provider_role(user=dana, provider=elm, role=Role.STAFF, by=head.id, at=START)
    page = f"/setup/users/{dana.id}/"
    for provider, role in ((ash.id, "staff"), (uuid7(), "staff"), (elm.id, "no such role")):
        assert admin.post(page, {"provider": str(provider), "role": role}).status_code == 200
    foreign, unknown = refusals()[:2]
    assert foreign.data == {"form": "AddProviderForm", "keys": {"provider": str(ash.id)}}
    assert foreign.data.keys() == unknown.data.keys()
    assert foreign.result == "not_offered"


def test_one_person_fills_no_table_and_hides_nobody_else(admin: Client, ash: Provider) -> None:
    for _ in range(25):
        admin.get(f"/setup/providers/{ash.id}/")
    assert [event.data.get("count") for event in refusals()] == [*[None] * 10, 20]
    outsider = Client()
    sign_in_directly(outsider, make_person("outsider"))
    outsider.get(f"/providers/{ash.id}/")
    assert [event.data.get("count") for event in refusals()] == [*[None] * 10, 20, None]


def test_whoever_manages_nobody_is_led_elsewhere_and_recorded(ash: Provider) -> None:
    outsider = Client()
    sign_in_directly(outsider, make_person("outsider"))
    assert outsider.get("/setup/").status_code == 302
    assert refusals() == []
    assert outsider.get(f"/setup/providers/{ash.id}/").status_code == 302
    assert [event.data["keys"] for event in refusals()] == [{"provider_id": str(ash.id)}]


def test_nothing_that_was_typed_is_kept_and_nobody_unknown_is_counted(
    admin: Client, ash: Provider
) -> None:
    path = "/mfa-help/request/a-secret-somebody-typed/"
    assert admin.get(path).status_code == 404
    assert Client().get(path).status_code == 404
    admin.get("/staff/")
    admin.get("/no/such/page/")
    assert [(event.data["page"], event.data["keys"]) for event in refusals()] == [
        ("mfa:help_request", {}),
        ("staff:home", {}),
    ]
    assert all(UUID(str(event.actor_id)) for event in refusals())


def test_a_key_that_is_looked_up_as_it_comes_would_open_anybodys(
    admin: Client, head: User, ash: Provider
) -> None:
    """The naive way: nobody guesses a key."""
    fails_with(
        "core.groups.views.setup.access_reached_provider",
        lambda _reach, key, _permission: get_object_or_404(Provider, pk=key),
        lambda: test_nobodys_key_and_somebody_elses_are_one_and_the_same(
            admin, head, ash, "/setup/providers/{}/"
        ),
        where="assert unknown == foreign",
    )
