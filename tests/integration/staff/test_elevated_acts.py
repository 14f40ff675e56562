"""Any permission may be on the deployment's list: each act of staff asks for elevated rights."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client

from contracts.console.models import Draft, PlannedPublication
from contracts.console.services.carrying_out import LOST_AFTER
from contracts.console.services.publications import Wish, plan_publication
from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.models import RecoveryRequest
from core.staff.models import RequestInHand, StaffRole
from core.staff.permissions import StaffPermission
from tenants import registry
from tenants.context import ActiveContract
from tests.integration.disputes.test_disputes import opened
from tests.integration.registration.test_approvals_at_once import waiting
from tests.integration.setup.conftest import dana, elm, head
from tests.integration.setup.test_recovery import asked, filed
from tests.support.naive import fails_with
from tests.support.sign_in import sign_in_directly
from tests.support.staff import make_staff
from tests.unit.configuration.documents import changed

pytestmark = pytest.mark.django_db
__all__ = ["asked", "dana", "elm", "filed", "head"]
DECIDE = StaffPermission.REGISTRATIONS_DECIDE
PUBLISH, PROVISION = StaffPermission.CONTRACTS_PUBLISH, StaffPermission.CONTRACTS_PROVISION


@pytest.fixture(autouse=True)
def _all_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = frozenset({DECIDE.value, PUBLISH.value, PROVISION.value})
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


# --- The console ----------------------------------------------------------------------------------


def planned(author: User, *, needs_approval: bool) -> PlannedPublication:
    """Return what somebody else wants published in WV, in a week."""
    contract = registry.get_contract("wv-bh")
    document = changed(contract.document, brand__product="Planned")
    at = clock.now()
    wish = Wish(document, contract.revision, "As agreed", at + timedelta(days=7), needs_approval)
    return plan_publication(wish=wish, author=author, at=at)


def path_of(found: PlannedPublication, act: str) -> str:
    return f"/staff/contracts/wv-bh/publications/{found.id}/{act}/"


def test_a_publication_that_somebody_asks_for(client: Client) -> None:
    found = planned(make_staff(StaffRole.OPERATOR, name="otto"), needs_approval=True)
    for decision in ("approve", "decline"):
        form = {"decision": decision, "reason": "Seen"}
        asks_for_elevation(client, path_of(found, "decide"), form)
    found.refresh_from_db()
    assert found.state == "asked"


def test_to_withdraw_what_somebody_else_wants_published(client: Client) -> None:
    found = planned(make_staff(StaffRole.OPERATOR, name="otto"), needs_approval=False)
    asks_for_elevation(client, path_of(found, "withdraw"), {})
    found.refresh_from_db()
    assert found.state == "waiting"


def test_ones_own_publication_is_withdrawn_without(client: Client) -> None:
    found = planned(User.objects.get(username="olive"), needs_approval=False)
    client.post(path_of(found, "withdraw"))
    found.refresh_from_db()
    assert found.state == "withdrawn"


def test_a_publication_whose_worker_was_lost(client: Client) -> None:
    found = planned(User.objects.get(username="olive"), needs_approval=False)
    begun = clock.now() - LOST_AFTER
    PlannedPublication.objects.update(state="at_work", begun_at=begun)
    asks_for_elevation(client, path_of(found, "go-on"), {})
    assert not AuditEvent.objects.filter(event_type="publication.resumed").exists()
    assert registry.get_contract("wv-bh").revision == found.base_number


def test_a_new_contract(client: Client) -> None:
    begun = {"start": "default", "slug": "ohio-dd", "name": "Ohio DD"}
    asks_for_elevation(client, "/staff/contracts/new/", begun)
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    "check",
    [
        test_a_publication_that_somebody_asks_for,
        test_to_withdraw_what_somebody_else_wants_published,
        test_a_publication_whose_worker_was_lost,
        test_a_new_contract,
    ],
)
def test_whose_rights_are_not_asked_for_acts_in_the_console(
    client: Client, check: Callable[[Client], None]
) -> None:
    fails_with(
        "core.staff.elevation.is_missing",
        lambda *_given: False,
        lambda: check(client),
        where="elevated-rights",
    )
