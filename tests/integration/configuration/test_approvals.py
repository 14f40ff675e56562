"""A second person's approval: what is published asks for it, and no way leads around it."""

from uuid import uuid4

import pytest

from core.audit.models import AuditEvent
from core.common.clock import now
from tenants import registry
from tenants.configuration.approvals import Approval, ApprovalNeededError
from tenants.configuration.document import ContractDocument
from tenants.configuration.publishing import publish_contract
from tenants.models import Contract, ContractRevision
from tests.integration.configuration.test_commands import refusal, run
from tests.support.naive import fails_with
from tests.support.publishing import publish_change
from tests.unit.configuration.documents import changed, sample

pytestmark = pytest.mark.django_db
ONE, OTHER = uuid4(), uuid4()


@pytest.fixture(autouse=True)
def _two_persons() -> None:
    publish_change("wv-bh", publishing__second_person=True)


def another() -> ContractDocument:
    return changed(registry.get_contract("wv-bh").document, publishing__second_person=False)


def publish(approval: Approval | None) -> ContractRevision:
    return publish_contract(
        document=another(), base=2, by=ONE, at=now(), approval=approval
    ).revision


@pytest.mark.parametrize("approval", [None, Approval(ONE), Approval(None)])
def test_nobody_publishes_alone(approval: Approval | None) -> None:
    refused(approval)
    assert registry.get_contract("wv-bh").revision == 2


def refused(approval: Approval | None) -> None:
    with pytest.raises(ApprovalNeededError):
        publish(approval)


def test_asking_what_is_to_be_published_would_let_one_person_end_it() -> None:
    def ask_the_new_document(*_asked: object) -> None:
        assert not another().publishing.second_person  # so that nobody would have to approve

    fails_with(
        "tenants.configuration.publishing.refuse_without_approval",
        ask_the_new_document,
        lambda: refused(None),
        where="with pytest.raises(ApprovalNeededError)",
    )


def test_the_revision_keeps_who_approved_it() -> None:
    assert publish(Approval(OTHER)).approved_by == OTHER
    event = AuditEvent.objects.filter(event_type="contract.published").latest("id")
    assert event.data["approved_by"] == str(OTHER)
    # What is published now does not ask any more.
    publish_change("wv-bh", mfa__attempts=2)


def test_a_revision_of_another_version_still_asks() -> None:
    revision = ContractRevision.objects.create(
        contract=Contract.objects.get(slug="wv-bh"),
        number=3,
        document={"of": "another time", "publishing": {"second_person": True}},
        digest="0" * 64,
        published_at=now(),
    )
    Contract.objects.filter(slug="wv-bh").update(revision=revision)
    with pytest.raises(ApprovalNeededError):
        publish_contract(document=sample(), base=3, by=ONE, at=now())


def test_the_command_line_does_without_only_expressly() -> None:
    for asked in (("apply", "wv-bh"), ("rollback", "wv-bh", "1")):
        assert "--without-second-person with a --note" in refusal("contract", *asked)
        assert "needs a --note" in refusal("contract", *asked, "--without-second-person")
    said = run("contract", "apply", "wv-bh", "--without-second-person", "--note", "Urgent")
    assert "revision 3 published" in said
    event = AuditEvent.objects.filter(event_type="contract.published").latest("id")
    assert event.data["approved_by"] == "owner"
