"""Any permission may be on the deployment's list: each act of staff asks for elevated rights."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.test import Client

from core.groups.models import RecoveryRequest
from core.staff.models import RequestInHand, StaffRole
from core.staff.permissions import StaffPermission
from tenants.context import ActiveContract
from tests.integration.disputes.test_disputes import opened
from tests.integration.registration.test_approvals_at_once import waiting
from tests.integration.setup.conftest import dana, elm, head
from tests.integration.setup.test_recovery import asked, filed
from tests.support.naive import fails_with
from tests.support.sign_in import sign_in_directly
from tests.support.staff import make_staff

pytestmark = pytest.mark.django_db
__all__ = ["asked", "dana", "elm", "filed", "head"]
DECIDE = StaffPermission.REGISTRATIONS_DECIDE


@pytest.fixture(autouse=True)
def _all_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = frozenset({DECIDE.value, StaffPermission.CONTRACTS_PUBLISH.value})
    monkeypatch.setattr("core.staff.elevation.elevated_permissions", lambda: listed)


@pytest.fixture
def client() -> Client:
    """Return a browser of an operator without elevated rights."""
    browser = Client()
    sign_in_directly(browser, make_staff(StaffRole.OPERATOR), option="phone", elevated=False)
    return browser


def asks_for_elevation(client: Client, path: str, data: dict[str, str]) -> None:
    answer = client.post(path, data)
    target = urlsplit(answer.headers.get("Location", "")).path
    assert target == "/staff/elevated-rights/", path


def test_a_dispute(client: Client, contract_a: ActiveContract) -> None:
    found = opened(contract_a)
    path = f"/staff/disputes/{found.id}/"
    assert client.get(path).status_code == 200
    asks_for_elevation(client, path, {"act": "reject", "reason": "no"})
    found.refresh_from_db()
    assert found.state == "open"


def test_a_registration_that_waits(client: Client, contract_a: ActiveContract) -> None:
    found = waiting()
    asks_for_elevation(client, f"/staff/approvals/{found.id}/", {"act": "decline", "reason": "no"})
    found.refresh_from_db()
    assert found.outcome == ""


def test_a_recovery_and_what_the_queue_does_with_it(client: Client, asked: RecoveryRequest) -> None:
    asks_for_elevation(client, f"/staff/recoveries/{asked.id}/", {"act": "refuse", "reason": "no"})
    asks_for_elevation(client, f"/staff/requests/recovery/{asked.id}/take/", {})
    asks_for_elevation(client, f"/staff/requests/recovery/{asked.id}/write/", {"words": "x"})
    asked.refresh_from_db()
    assert asked.state == "asked"
    assert not RequestInHand.objects.exists()


@pytest.mark.parametrize("check", [test_a_dispute, test_a_recovery_and_what_the_queue_does_with_it])
def test_without_the_one_question_the_pages_would_act(
    client: Client,
    asked: RecoveryRequest,
    contract_a: ActiveContract,
    check: Callable[..., None],
) -> None:
    given = asked if check is test_a_recovery_and_what_the_queue_does_with_it else contract_a
    fails_with(
        "core.staff.acting.require_elevation",
        lambda *_given: None,
        lambda: check(client, given),
        where="elevated-rights",
    )
