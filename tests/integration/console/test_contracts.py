"""The console's pages of contracts: who sees which, what was published, rolling back."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from contracts.console.selectors import contract_rows, find_contracts
from contracts.console.services import rolling_back
from contracts.console.services.publishing import Publication, publish
from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.staff.models import StaffRole
from tenants import registry
from tenants.configuration.loading import parse_contract
from tenants.models import Contract, ContractRevision
from tenants.states import ContractState
from tests.integration.configuration.test_commands import refusal, run
from tests.support.people import make_person, make_provider
from tests.support.publishing import publish_change
from tests.support.staff import staff_client
from tests.unit.configuration.documents import sample

pytestmark = pytest.mark.django_db
LIST, WV = "/staff/contracts/", "/staff/contracts/wv-bh/"
HISTORY = f"{WV}history/"
BACK = f"{WV}revisions/1/rollback/"


@pytest.fixture
def operator() -> Client:
    return staff_client(StaffRole.OPERATOR)


@pytest.fixture
def fewer() -> None:
    """Publish a second revision, with fewer attempts at a password."""
    publish_change("wv-bh", accounts__lock_failures=2)


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def present() -> int:
    return registry.get_contract("wv-bh").revision


def test_the_list_says_what_is_published_and_who_works_there(operator: Client) -> None:
    head = make_person("head")
    make_provider(head, registry.get_contract("wv-bh"))
    shown = page(operator, f"{LIST}?q=west")
    assert "West Virginia Behavioral Health" in shown
    assert "Mississippi" not in shown
    assert "Revision 1" in shown
    for name, number in (("Providers", 1), ("Users", 1)):
        assert f'<span class="row__label">{name}</span> {number}<' in shown
    assert "Mississippi" in page(operator, f"{LIST}?q=MS")
    assert "No contract fits" in page(operator, f"{LIST}?q=nowhere")


def test_a_contract_admin_sees_the_own_contract_and_no_other() -> None:
    client = staff_client(StaffRole.CONTRACT_ADMIN, registry.get_contract("ms-um"))
    shown = page(client, LIST)
    assert "Mississippi" in shown
    assert "West Virginia" not in shown
    assert "West Virginia" not in page(client, f"{LIST}?q=west")
    paths = (WV, f"{WV}revisions/1/", f"{WV}revisions/1.toml", "/staff/contracts/nobody/")
    assert {client.get(path).status_code for path in paths} == {404}
    assert client.get(BACK).status_code == client.post(BACK).status_code == 403
    assert "Roll back" not in page(client, "/staff/contracts/ms-um/revisions/1/")


def test_a_contract_that_is_not_finished_says_so(operator: Client) -> None:
    Contract.objects.filter(slug="ms-um").update(state=ContractState.PROVISIONING)
    assert "Provisioning is not finished" in page(operator, f"{LIST}?q=ms-um")


@pytest.mark.parametrize(
    ("year", "sentence"), [(2028, "ends on December 31, 2028"), (2029, "Waivers are over")]
)
def test_waivers_that_end_are_told_in_time(year: int, sentence: str) -> None:
    found = find_contracts(Contract.objects.filter(slug="wv-bh"), ())
    (row,) = contract_rows(found, at=datetime(year, 12, 20, tzinfo=UTC))
    assert sentence in " ".join(row.problems)


def test_the_history_says_who_published_what(operator: Client, fewer: None) -> None:
    by = User.objects.get(username="olive")
    document = parse_contract(page(operator, f"{WV}revisions/1.toml"))
    assert document == sample()
    publish(document=document, base=2, by=by.id, at=clock.now(), note="As it was")
    shown = page(operator, HISTORY)
    assert "by Olive Reed" in shown
    assert "by the command line" in shown
    assert "As it was" in shown
    changed = page(operator, f"{WV}revisions/2/")
    assert "Changed since revision 1" in changed
    assert "accounts.lock_failures" in changed
    assert '<span class="muted">Before:</span> 3' in changed
    assert '<span class="muted">After:</span> 2' in changed


def test_an_operator_rolls_back_with_a_reason(operator: Client, fewer: None) -> None:
    shown = page(operator, BACK)
    assert "What changes (1)" in shown
    assert "Nobody is signed out." in shown
    wrong = operator.post(BACK, {"base": 2, "reason": ""})
    assert "Error:" in wrong.content.decode()
    assert present() == 2
    assert operator.post(BACK, {"base": 2, "reason": "Too strict"}).headers["Location"] == HISTORY
    assert present() == 3
    assert registry.get_contract("wv-bh").document == sample()
    assert "Rolled back to revision 1: Too strict" in page(operator, HISTORY)
    event = AuditEvent.objects.filter(event_type="contract.published").latest("id")
    assert event.actor_id == User.objects.get(username="olive").id
    # Pressed once more: what it says is published already
    again = operator.post(BACK, {"base": 2, "reason": "Too strict"})
    assert again.headers["Location"] == f"{WV}revisions/1/"
    assert "What is published now says the same." in page(operator, f"{WV}revisions/1/")
    assert present() == 3


def test_what_was_published_meanwhile_is_shown_and_not_undone(
    operator: Client, fewer: None
) -> None:
    publish_change("wv-bh", mfa__attempts=2)
    shown = operator.post(BACK, {"base": 2, "reason": "Too strict"}).content.decode()
    assert "revision 3 is published" in shown
    assert "mfa.attempts" in shown
    assert 'name="base" value="3"' in shown
    assert "Too strict" in shown
    assert present() == 3


def test_a_gate_that_is_closed_today_stays_closed(
    operator: Client, fewer: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def publish_late(**asked: Any) -> Publication:
        return publish(**{**asked, "at": datetime(2029, 2, 1, tzinfo=UTC)})

    monkeypatch.setattr(rolling_back, "publish", publish_late)
    shown = operator.post(BACK, {"base": 2, "reason": "Too strict"}).content.decode()
    assert "waivers_are_current" in shown
    assert present() == 2


def of_another_version() -> ContractRevision:
    """Make a revision whose document this version cannot read."""
    return ContractRevision.objects.create(
        contract=Contract.objects.get(slug="wv-bh"),
        number=7,
        document={"of": "another time"},
        digest="0" * 64,
        published_at=clock.now(),
    )


def test_what_another_version_has_left_published_is_mended_by_publishing(
    operator: Client,
) -> None:
    former = of_another_version()
    Contract.objects.filter(slug="wv-bh").update(revision=former)
    registry.announce()
    epoch = Contract.objects.get(slug="wv-bh").policy_epoch
    assert "cannot be read by this version: publish it again" in page(operator, LIST)
    assert "wv-bh: revision 8 published" in run("contract", "apply", "wv-bh")
    contract = Contract.objects.get(slug="wv-bh")
    assert registry.get_contract("wv-bh").document == sample()
    assert contract.policy_epoch == epoch + 1


def test_a_revision_of_another_version_is_shown_and_neither_downloaded_nor_published(
    operator: Client,
) -> None:
    of_another_version()
    assert "Revision 7" in page(operator, HISTORY)
    assert "This revision cannot be read" in page(operator, f"{WV}revisions/7/")
    assert operator.get(f"{WV}revisions/7.toml").status_code == 404
    back = f"{WV}revisions/7/rollback/"
    for answer in (operator.get(back), operator.post(back, {"base": 1, "reason": "So"})):
        assert answer.headers["Location"] == f"{WV}revisions/7/"
    assert "cannot be read by this version" in refusal("contract", "rollback", "wv-bh", "7")
    assert present() == 1


def test_the_present_revision_is_not_rolled_back_to(operator: Client) -> None:
    assert operator.get(BACK).headers["Location"] == f"{WV}revisions/1/"
    assert "Roll back" not in page(operator, f"{WV}revisions/1/")
