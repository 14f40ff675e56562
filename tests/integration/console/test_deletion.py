"""Deleting an archived contract: two people, a delay, and what is left of it afterwards."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connections, transaction
from django.test import Client

from contracts.console.services.deletion import (
    DAYS_AFTER_APPROVAL,
    DELAY_DAYS,
    SamePersonError,
    approve_deletion,
    ask_deletion,
)
from contracts.console.services.lifecycle import (
    StepNotPossibleError,
    make_due_changes,
    withdraw_change,
)
from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.common.ids import uuid7
from core.groups.models import Membership, Provider, ProviderGroup
from core.mfa.models import Factor
from core.staff.models import StaffRole
from tenants import registry
from tenants.configuration.refusals import ArchivedError
from tenants.models import Contract, ContractChange, ContractRevision, Host, LogoImage
from tenants.states import ContractState
from tests.support.logos import naming, stored_logo
from tests.support.people import make_person, make_provider
from tests.support.publishing import publish_change
from tests.support.staff import make_staff, staff_client
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(databases=["default", "owner"])
PAGE = "/staff/contracts/ms-um/status/delete/"
STATUS = "/staff/contracts/ms-um/status/"
ONE, OTHER = uuid7(), uuid7()


def contract() -> Contract:
    return Contract.objects.get(slug="ms-um")


@pytest.fixture
def archived() -> Contract:
    Contract.objects.filter(slug="ms-um").update(state=ContractState.ARCHIVED)
    registry.announce()
    return contract()


def ask() -> ContractChange:
    return ask_deletion(contract_id=contract().pk, reason="It ended", by=ONE, at=clock.now())


def approve(change: ContractChange, *, by: object = OTHER, days: int = 0) -> bool:
    at = change.asked_at + timedelta(days=days)
    return approve_deletion(change=change, reason="Seen", by=by, at=at)  # type: ignore[arg-type]


def has_schema() -> bool:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = 't_ms_um'")
        return cursor.fetchone() is not None


def test_one_asks_and_another_approves_on_the_pages(archived: Contract) -> None:
    one, other = staff_client(StaffRole.OPERATOR), staff_client(StaffRole.OPERATOR, name="otto")
    typed = {"slug": "ms-um", "reason": "Its data was handed over"}
    assert "Type that." in one.post(PAGE, {**typed, "slug": "wv-bh"}).content.decode()
    assert one.post(PAGE, typed).headers["Location"] == STATUS
    assert one.get(PAGE).headers["Location"] == STATUS
    assert "Approve …" not in one.get(STATUS).content.decode()
    assert "Approve …" in other.get(STATUS).content.decode()
    assert "by Olive Reed" in other.get(PAGE).content.decode()
    assert other.post(PAGE, typed).headers["Location"] == STATUS
    change = ContractChange.objects.get()
    assert change.approved_by == User.objects.get(username="otto").pk
    assert change.due_at - change.asked_at >= timedelta(days=DELAY_DAYS)


def test_only_an_archived_contract_is_deleted() -> None:
    client = staff_client(StaffRole.OPERATOR)
    assert client.get(PAGE).headers["Location"] == STATUS
    with pytest.raises(StepNotPossibleError):
        ask()


def test_nobody_approves_their_own(archived: Contract) -> None:
    change = ask()
    with pytest.raises(SamePersonError):
        approve(change, by=ONE)
    with (
        pytest.raises(IntegrityError, match="contract_change_approved_by_another"),
        transaction.atomic(),
    ):
        ContractChange.objects.filter(pk=change.pk).update(approved_by=ONE, approved_at=clock.now())


def test_what_nobody_approved_is_dropped_and_a_late_approval_waits(archived: Contract) -> None:
    change = ask()
    assert make_due_changes(at=change.due_at) == 0
    assert contract().state == ContractState.ARCHIVED
    late = ask()
    assert approve(late, days=DELAY_DAYS - 1)
    late.refresh_from_db()
    assert late.due_at - late.asked_at == timedelta(days=DELAY_DAYS - 1 + DAYS_AFTER_APPROVAL)


def test_an_approved_deletion_can_be_withdrawn(archived: Contract) -> None:
    change = ask()
    assert approve(change)
    assert withdraw_change(change=change, by=ONE, at=clock.now())
    assert make_due_changes(at=change.due_at + timedelta(days=90)) == 0
    assert has_schema()


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_what_is_left_of_a_deleted_contract() -> None:
    alone, elsewhere = make_person("alone"), make_person("both", phone="+13045550199")
    make_provider(alone, registry.get_contract("ms-um"))
    make_provider(elsewhere, registry.get_contract("ms-um"), identifier="1245319599")
    make_provider(elsewhere, registry.get_contract("wv-bh"))
    clerk = make_staff(StaffRole.HELP_DESK, name="clerk")
    make_provider(clerk, registry.get_contract("ms-um"), identifier="1679576722")
    history = ProviderGroup.objects.create(name="Given up elsewhere", created_at=clock.now())
    own, shared = stored_logo("#111111"), stored_logo("#222222")
    publish_change("wv-bh", **naming(shared))
    publish_change("ms-um", **naming(shared))
    publish_change("ms-um", **naming(own))
    revisions = ContractRevision.objects.filter(contract=contract()).count()
    others = Provider.objects.filter(contract__slug="wv-bh").count()
    Contract.objects.filter(slug="ms-um").update(state=ContractState.ARCHIVED)
    change = ask()
    approve(change)
    events = AuditEvent.objects.filter(contract_id=contract().pk).count()
    change.refresh_from_db()
    assert make_due_changes(at=change.due_at) == 1
    assert make_due_changes(at=change.due_at) == 0
    assert contract().state == ContractState.DELETED
    assert not has_schema()
    assert not Host.objects.filter(tenant=contract()).exists()
    assert not Provider.objects.filter(contract=contract()).exists()
    assert not Membership.objects.filter(user=alone).exists()
    assert not Factor.objects.filter(user=alone).exists()
    assert ProviderGroup.objects.filter(pk=history.pk).exists()
    assert ProviderGroup.objects.filter(providers=None, office=None).count() == 1
    gone = User.objects.get(pk=alone.pk)
    assert (gone.is_active, gone.first_name, gone.phone) == (False, "Deleted", "")
    assert "alone" not in f"{gone.username}{gone.email}"
    assert User.objects.get(pk=clerk.pk).is_active
    kept = User.objects.get(pk=elsewhere.pk)
    assert (kept.is_active, kept.email) == (True, elsewhere.email)
    assert Membership.objects.filter(user=elsewhere).count() == 1
    assert Provider.objects.filter(contract__slug="wv-bh").count() == others
    assert ContractRevision.objects.filter(contract=contract()).count() == revisions
    assert [one.digest for one in LogoImage.objects.all()] == [shared.digest]
    assert AuditEvent.objects.filter(contract_id=contract().pk).count() > events
    assert Client().get("/ms-um/").status_code == 404
    assert Client().get("/wv-bh/").status_code == 200


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_deletion_that_was_interrupted_is_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    Contract.objects.filter(slug="ms-um").update(state=ContractState.ARCHIVED)
    change = ask()
    approve(change)
    change.refresh_from_db()
    with monkeypatch.context() as patch:

        def killed() -> None:
            raise SystemExit

        patch.setattr(registry, "announce", killed)
        with pytest.raises(SystemExit):
            make_due_changes(at=change.due_at)
    assert contract().state == ContractState.ARCHIVED
    assert make_due_changes(at=change.due_at) == 1
    assert contract().state == ContractState.DELETED


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_approved_by_several_at_once_it_is_approved_once() -> None:
    Contract.objects.filter(slug="ms-um").update(state=ContractState.ARCHIVED)
    change = ask()
    people = [uuid7() for _ in range(4)]
    assert at_once(4, lambda place: approve(change, by=people[place])).count(True) == 1


def test_a_deleted_contract_publishes_nothing(archived: Contract) -> None:
    Contract.objects.filter(slug="ms-um").update(state=ContractState.READY)
    registry.announce()
    registry.get_contract("ms-um")
    Contract.objects.filter(slug="ms-um").update(state=ContractState.DELETED)
    with pytest.raises(ArchivedError):
        publish_change("ms-um", accounts__lock_failures=2)
