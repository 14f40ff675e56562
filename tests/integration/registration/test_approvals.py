"""Registrations that wait for the approval of staff: from identifier and code to work, or not."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from contracts.evidence.models import EvidenceRecord
from contracts.registration.models import Approval, PendingRegistration
from contracts.registration.services import approvals
from contracts.registration.services.approvals import (
    STAFF_TOLD_EVERY,
    ApprovalOverError,
    OwnRegistrationError,
    RegistrantClosedError,
    SamePersonError,
    approve_registration,
    decline_registration,
)
from contracts.registration.services.providers import EntryGoneError
from contracts.registration.services.reservations import release_expired
from contracts.roster.models import IssuedCode, RosterEntry
from core.accounts.models import ContractAccess, User
from core.accounts.services.accounts import deactivate_account
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.models import Membership, Provider
from core.notifications.models import LocalMessage
from core.staff.models import StaffRole
from tenants.context import ActiveContract, contract_context
from tenants.registry import get_contract
from tests.integration.registration.journeys import Browser, Journey, text_of
from tests.support.people import deliver_all, make_person, make_provider
from tests.support.publishing import publish_change
from tests.support.sign_in import sign_in_directly
from tests.support.staff import make_staff, staff_client

pytestmark = pytest.mark.django_db
DANA = "dana.reed@clinic.example.org"
REASON = "called the office"


@pytest.fixture
def asks(contract_a: ActiveContract) -> ActiveContract:
    """Have staff approve the registrations of a program."""
    publish_change(contract_a.slug, registration__approval="operator")
    return get_contract(contract_a.slug)


@pytest.fixture
def by_two(contract_a: ActiveContract) -> ActiveContract:
    publish_change(
        contract_a.slug,
        registration__approval="operator",
        registration__approval_second_person=True,
    )
    return get_contract(contract_a.slug)


def registered(slug: str) -> Journey:
    """Register to the end of what a person can do."""
    journey = Journey(slug)
    journey.start().inform().submit()
    journey.follow()
    journey.prove_email()
    return journey


def approve(approval: Approval, by: User, step: str = "only", **given: Any) -> Approval:
    return approve_registration(
        approval_id=approval.id,
        step=step,
        reason=REASON,
        by=by.id,
        at=given.get("at", clock.now()),
    )


def mails_to(address: str) -> list[str]:
    deliver_all()
    found = LocalMessage.objects.filter(to=address).order_by("sent_at", "id")
    return [f"{one.subject} {one.text}" for one in found]


def test_from_waiting_to_work(asks: ActiveContract, contract_b: ActiveContract) -> None:
    admin = staff_client(StaffRole.CONTRACT_ADMIN, asks)
    journey = registered(asks.slug)
    approval = Approval.objects.select_related("registration", "user").get()
    dana = approval.user
    # An account, and nothing else: no provider, no role, and the number stays reserved.
    assert not Provider.objects.exists()
    assert not Membership.objects.filter(user=dana).exists()
    home = text_of(journey.client.get(f"/{asks.slug}/home/", follow=True))
    assert "Waiting for approval" in home
    assert approval.provider_name in home
    assert "No provider here yet" not in home
    assert "waits for approval" in mails_to(DANA)[-1]
    assert ContractAccess.objects.filter(user=dana, contract_id=asks.id, until=None).exists()
    assert approval.registration.reserved_until - approval.asked_at == timedelta(days=30)
    assert approval.registration.email == ""

    # Somebody else with the right numbers comes to the same registration, and can change nothing.
    other = Journey(asks.slug, Browser())
    location = other.client.post(
        f"/{asks.slug}/register/", {"identifier": "1234567893", "code": "0012345678"}
    )["Location"]
    page = other.client.get(location, follow=True)
    assert "waits for approval" in text_of(page)
    base = location.removesuffix("provider/")
    moved = other.client.post(f"{base}address/", {"email": "x@y.example"}, follow=True)
    assert "waits for approval" in text_of(moved)
    approval.registration.refresh_from_db()
    assert approval.registration.email == ""

    assert approval.provider_name in admin.get("/staff/requests/").content.decode()
    path = f"/staff/approvals/{approval.id}/"
    assert path in mails_to(User.objects.get(username="olive").email)[-1]
    shown = admin.get(path).content.decode()
    assert DANA in shown
    assert "The registration code is right: yes" in shown
    assert (
        "Enter the reason" in admin.post(path, {"act": "approve", "step": "only"}).content.decode()
    )
    data = {"act": "approve", "step": "only", "reason": REASON}
    assert "It is approved" in admin.post(path, data, follow=True).content.decode()
    # Twice is once.
    assert "Nothing was done" in admin.post(path, data, follow=True).content.decode()
    provider = Provider.objects.get()
    assert Membership.objects.get(user=dana).group_id == provider.group_id
    with contract_context(asks):
        evidence = EvidenceRecord.objects.get(provider_id=provider.id)
    olive = User.objects.get(username="olive")
    assert (evidence.approved_by, evidence.confirmed_by) == (olive.id, None)
    assert evidence.approval_reason == REASON
    assert "was approved" in mails_to(DANA)[-1]
    event = AuditEvent.objects.get(event_type="registration.approved")
    assert (event.actor_id, event.contract_id, event.data["reason"]) == (olive.id, asks.id, REASON)
    home = text_of(journey.client.get(f"/{asks.slug}/home/", follow=True))
    assert "Waiting for approval" not in home
    assert provider.name in home


def test_declined_with_a_reason_that_the_person_reads(asks: ActiveContract) -> None:
    olive = make_staff(StaffRole.CONTRACT_ADMIN, asks)
    journey = registered(asks.slug)
    approval = Approval.objects.get()
    decline_registration(
        approval_id=approval.id, reason="No such office.", by=olive.id, at=clock.now()
    )
    assert "No such office." in mails_to(DANA)[-1]
    dana = User.objects.get(email=DANA)
    assert dana.is_active
    assert not ContractAccess.objects.filter(user=dana, until=None).exists()
    assert "No provider here yet" in text_of(journey.client.get("/home/", follow=True))
    with pytest.raises(ApprovalOverError):
        approve(approval, olive)
    with pytest.raises(ApprovalOverError):
        decline_registration(approval_id=approval.id, reason="x", by=olive.id, at=clock.now())
    # The number is free: whoever holds the code registers it.
    assert Journey(asks.slug).start().path


def test_who_waits_takes_the_registration_back(
    asks: ActiveContract, contract_b: ActiveContract
) -> None:
    admin = staff_client(StaffRole.CONTRACT_ADMIN, asks)
    journey = registered(asks.slug)
    approval = Approval.objects.get()
    path = f"/{asks.slug}/providers/waiting/{approval.id}/withdraw/"
    assert path in journey.client.get(f"/{asks.slug}/home/", follow=True).content.decode()
    asked = text_of(journey.client.get(path))
    assert f"Withdraw your registration of {approval.provider_name}" in asked
    assert Approval.objects.get().outcome == ""
    # Nobody else's.
    assert admin.post(path.removeprefix(f"/{asks.slug}")).status_code == 404
    done = text_of(journey.client.post(path, follow=True))
    assert "is withdrawn" in done
    assert "Waiting for approval" not in done
    approval.refresh_from_db()
    assert approval.outcome == "withdrawn"
    assert not ContractAccess.objects.filter(user=approval.user_id, until=None).exists()
    assert "You have withdrawn your registration" in mails_to(DANA)[-1]
    event = AuditEvent.objects.get(event_type="registration.withdrawn")
    assert (event.actor_id, event.contract_id) == (approval.user_id, asks.id)
    assert approval.provider_name not in admin.get("/staff/requests/").content.decode()
    page = admin.get(f"/staff/approvals/{approval.id}/").content.decode()
    assert "Withdrawn on" in page
    again = text_of(journey.client.post(f"/providers/waiting/{approval.id}/withdraw/", follow=True))
    assert "Nothing was done" in again
    # The number is free, and the code is good again.
    assert Journey(asks.slug, Browser()).start().path


def test_two_people_approve_and_never_one_twice(by_two: ActiveContract) -> None:
    olive, otto = (make_staff(StaffRole.CONTRACT_ADMIN, by_two, name=n) for n in ("olive", "otto"))
    registered(by_two.slug)
    approval = Approval.objects.get()
    with pytest.raises(ApprovalOverError):
        approve(approval, olive, "only")
    approve(approval, olive, "first")
    assert not Provider.objects.exists()
    with pytest.raises(SamePersonError):
        approve(approval, olive, "second")
    # Whose page still shows the first step does not become the second by that.
    with pytest.raises(ApprovalOverError):
        approve(approval, otto, "first")
    approve(approval, otto, "second")
    provider = Provider.objects.get()
    with contract_context(by_two):
        evidence = EvidenceRecord.objects.get(provider_id=provider.id)
    assert (evidence.approved_by, evidence.confirmed_by) == (olive.id, otto.id)
    for wrong in (
        {"decided_by": olive.id},
        {"first_by": None, "first_at": None, "first_reason": ""},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Approval.objects.filter(pk=approval.pk).update(**wrong)


def test_a_contract_that_asks_for_two_by_now_asks_for_those_who_wait(asks: ActiveContract) -> None:
    olive = make_staff(StaffRole.CONTRACT_ADMIN, asks)
    registered(asks.slug)
    publish_change(asks.slug, registration__approval_second_person=True)
    approval = Approval.objects.get()
    with pytest.raises(ApprovalOverError):
        approve(approval, olive, "only")
    assert approve(approval, olive, "first").outcome == ""


def test_nobody_decides_about_themselves(asks: ActiveContract) -> None:
    registered(asks.slug)
    approval = Approval.objects.get()
    with pytest.raises(OwnRegistrationError):
        approve(approval, approval.user)
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.update(
            first_by=approval.user_id, first_at=clock.now(), first_reason="mine"
        )


def test_whoever_is_gone_or_off_the_roster_is_not_approved(asks: ActiveContract) -> None:
    olive = make_staff(StaffRole.CONTRACT_ADMIN, asks)
    registered(asks.slug)
    approval = Approval.objects.select_related("registration").get()
    entry_id = approval.registration.roster_entry_id
    with contract_context(asks):
        RosterEntry.objects.filter(pk=entry_id).update(removed_at=clock.now())
    with pytest.raises(EntryGoneError):
        approve(approval, olive)
    assert Approval.objects.get().outcome == ""
    page = staff_client(StaffRole.OPERATOR, name="opal").get(f"/staff/approvals/{approval.id}/")
    assert "it cannot be approved" in page.content.decode()
    with contract_context(asks):
        RosterEntry.objects.filter(pk=entry_id).update(removed_at=None)
    deactivate_account(user_id=approval.user_id, reason="left", by=olive.id, at=clock.now())
    with pytest.raises(RegistrantClosedError):
        approve(approval, olive)
    assert not Provider.objects.exists()


def test_what_nobody_decides_ends_and_is_told(asks: ActiveContract) -> None:
    registered(asks.slug)
    approval = Approval.objects.select_related("registration").get()
    end = approval.registration.reserved_until
    release_expired(at=end - timedelta(seconds=1))
    assert Approval.objects.get().outcome == ""
    release_expired(at=end)
    approval.refresh_from_db()
    assert approval.outcome == "ended"
    assert PendingRegistration.objects.get().state == "released"
    assert "ended without a decision" in mails_to(DANA)[-1]
    assert not ContractAccess.objects.filter(user=approval.user, until=None).exists()
    olive = make_staff(StaffRole.CONTRACT_ADMIN, asks)
    with pytest.raises(ApprovalOverError):
        approve(approval, olive, at=end)


def test_past_its_end_nothing_is_approved_before_the_task_comes_round(
    asks: ActiveContract,
) -> None:
    olive = make_staff(StaffRole.CONTRACT_ADMIN, asks)
    registered(asks.slug)
    approval = Approval.objects.select_related("registration").get()
    with pytest.raises(ApprovalOverError):
        approve(approval, olive, at=approval.registration.reserved_until)
    # Nor does it keep anybody else from registering.
    PendingRegistration.objects.update(reserved_until=clock.now())
    again = Journey(asks.slug).start()
    again.inform(username="other", email="other@clinic.example.org").submit()
    assert Approval.objects.get().outcome == "ended"


def test_an_issued_code_is_used_up_while_it_waits_and_good_again_without_a_decision() -> None:
    slug = "acentra-sample"
    publish_change(slug, registration__approval="operator")
    contract = get_contract(slug)
    registered(slug)
    with contract_context(contract):
        used = IssuedCode.objects.get(uses=1)
    approval = Approval.objects.select_related("registration").get()
    release_expired(at=approval.registration.reserved_until)
    with contract_context(contract):
        used.refresh_from_db()
        assert used.uses == 0
    assert Journey(slug).start().path


def test_a_provider_that_is_added_waits_and_joins_the_group(asks: ActiveContract) -> None:
    olive = make_staff(StaffRole.CONTRACT_ADMIN, asks)
    head = make_person("head", phone=None)
    first = make_provider(head, asks, identifier="1000000012")
    hers = Client(SERVER_NAME="localhost")
    sign_in_directly(hers, head, host="localhost")
    claim = {"identifier": "1234567893", "code": "0012345678"}
    location = hers.post(f"/{asks.slug}/providers/add/", claim)["Location"]
    form = hers.get(location).context["form"]
    data = {"accepted": "on", "terms_digest": form.initial.get("terms_digest", "")}
    done = hers.post(location, data, follow=True)
    assert "waits for approval" in text_of(done), text_of(done)
    # Pressed again, entered again: it is the same one.
    assert "waits for approval" in text_of(hers.post(location, data, follow=True))
    again = hers.post(f"/{asks.slug}/providers/add/", claim, follow=True)
    assert "waits for approval" in text_of(again)
    approval = Approval.objects.get()
    assert approval.group_id == first.group_id
    home = text_of(hers.get(f"/{asks.slug}/home/", follow=True))
    assert "Waiting for approval" in home
    assert first.name in home
    approve(approval, olive)
    assert Provider.objects.filter(group=first.group_id).count() == 2


def test_staff_hear_of_many_registrations_once_in_a_while(asks: ActiveContract) -> None:
    olive = make_staff(StaffRole.CONTRACT_ADMIN, asks)
    registered(asks.slug)
    approval = Approval.objects.get()
    told = [mail for mail in mails_to(olive.email) if "waits for your approval" in mail]
    assert len(told) == 1
    Approval.objects.update(asked_at=approval.asked_at - STAFF_TOLD_EVERY)
    approvals._tell_staff(approval, at=clock.now())
    told = [mail for mail in mails_to(olive.email) if "waits for your approval" in mail]
    assert len(told) == 2


def test_out_of_scope_and_without_the_right(
    asks: ActiveContract, contract_b: ActiveContract
) -> None:
    registered(asks.slug)
    approval = Approval.objects.get()
    path, data = (
        f"/staff/approvals/{approval.id}/",
        {"act": "approve", "step": "only", "reason": "x"},
    )
    foreign = staff_client(StaffRole.CONTRACT_ADMIN, contract_b, name="mia")
    assert foreign.get(path).status_code == 404
    assert foreign.post(path, data).status_code == 404
    assert approval.provider_name not in foreign.get("/staff/requests/").content.decode()
    auditor = staff_client(StaffRole.AUDITOR, name="ada")
    assert "Decide" not in auditor.get(path).content.decode()
    assert auditor.post(path, data).status_code == 403
    assert Approval.objects.get().outcome == ""
