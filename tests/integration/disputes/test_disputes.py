"""Disputes over an identifier: opened by anybody, the same for every number, decided by staff."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from contracts.disputes.facts import DisputeFacts, facts_of
from contracts.disputes.models import Dispute, DisputeState
from contracts.disputes.services.disputes import (
    KEPT,
    DisputeOverError,
    Release,
    SameDeciderError,
    open_dispute,
    purge_disputes,
    reject_dispute,
    uphold_dispute,
)
from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.models import Membership, Provider, ProviderStatus
from core.notifications.models import LocalMessage
from core.staff.models import StaffRole
from tenants.context import ActiveContract
from tests.integration.registration.journeys import Browser, Journey, text_of
from tests.support.naive import fails_with
from tests.support.people import deliver_all, make_person, make_provider
from tests.support.publishing import publish_change
from tests.support.staff import make_staff, staff_client

pytestmark = pytest.mark.django_db
NUMBER, FREE = "1234567893", "1000000012"
MARY = "mary@oak.example.org"
TYPED = {
    "name": "Mary Oak",
    "email": MARY,
    "phone": "304-555-0177",
    "organization": "Oak Clinic, 1 Oak Street",
    "identifier": NUMBER,
    "story": "We moved in May. Call the number on our letterhead.",
}


@pytest.fixture
def holder(contract_a: ActiveContract) -> Provider:
    return make_provider(make_person("head"), contract_a, identifier=NUMBER)


def opened(contract: ActiveContract, **typed: str) -> Dispute:
    answer = open_dispute(
        contract=contract,
        facts=DisputeFacts(**{**TYPED, **typed}),
        address="192.0.2.7",
        at=clock.now(),
    )
    assert answer.dispute is not None
    return answer.dispute


def uphold(dispute: Dispute, provider: Provider, by: User, step: str) -> Dispute:
    return uphold_dispute(
        dispute_id=dispute.id,
        release=Release(provider.id, step),
        reason="called both",
        email=MARY,
        by=by.id,
        at=clock.now(),
    )


def rejected(dispute: Dispute, by: User) -> Dispute:
    return reject_dispute(
        dispute_id=dispute.id, reason="It is theirs.", email=MARY, by=by.id, at=clock.now()
    )


def mails_to(address: str) -> list[str]:
    deliver_all()
    found = LocalMessage.objects.filter(to=address).order_by("sent_at", "id")
    return [f"{one.subject} {one.text}" for one in found]


def test_the_page_of_every_refusal_leads_there(contract_a: ActiveContract) -> None:
    for identifier, code in ((NUMBER, "0000000000"), ("1999999984", "0012345678")):
        claim = {"identifier": identifier, "code": code}
        page = Browser().post(f"/{contract_a.slug}/register/", claim).content.decode()
        assert f"/{contract_a.slug}/register/dispute/" in page
    assert Browser().get("/register/dispute/").status_code == 404


def test_registered_and_free_numbers_are_answered_alike(
    contract_a: ActiveContract, holder: Provider
) -> None:
    path = f"/{contract_a.slug}/register/dispute/"

    def send(identifier: str, email: str) -> tuple[list[str], str]:
        client = Browser()
        typed = {**TYPED, "identifier": identifier, "email": email}
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(path, typed)
        kinds = [
            " ".join(re.findall(r'^\w+|(?:FROM|INTO|UPDATE) "\w+"', one["sql"])) for one in queries
        ]
        page = text_of(client.get(answer["Location"]))
        return kinds, re.sub(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b", "REF", page)

    send(NUMBER, "warm@up.example")
    registered, free = send(NUMBER, "a@x.example"), send(FREE, "b@x.example")
    assert registered == free
    assert "We cannot say here whether the number is registered" in free[1]
    assert not any("core_groups_provider" in one for one in registered[0])
    mails = [re.sub(r"[2-9A-Z]{4}-[2-9A-Z]{4}", "REF", mails_to(to)[0]) for to in
             ("a@x.example", "b@x.example")]  # fmt: skip
    assert mails[0] == mails[1]


def test_telling_the_holder_at_once_would_tell_by_the_work(
    contract_a: ActiveContract, holder: Provider
) -> None:
    def naive(*, facts: DisputeFacts, **given: Any) -> Any:
        answer = open_dispute(facts=facts, **given)
        held = Provider.objects.filter(identifier=facts.identifier).first()
        if held is not None:
            list(Membership.objects.filter(group=held.group_id))
        return answer

    fails_with(
        "contracts.disputes.views.opening.open_dispute",
        naive,
        lambda: test_registered_and_free_numbers_are_answered_alike(contract_a, holder),
        where="registered == free",
    )


def test_too_many_are_refused_and_nothing_typed_is_lost(contract_a: ActiveContract) -> None:
    path, client = f"/{contract_a.slug}/register/dispute/", Browser()
    missing = text_of(client.post(path, {**TYPED, "story": ""}))
    assert "Say what happened" in missing
    for _time in range(2):
        assert client.post(path, TYPED).status_code == 302
    refused = client.post(path, TYPED)
    assert refused.status_code == 429
    assert "Call the number on our letterhead" in refused.content.decode()
    assert Dispute.objects.count() == 2
    # Somebody elsewhere is not kept from it.
    other = Browser(REMOTE_ADDR="198.51.100.9")
    assert other.post(path, {**TYPED, "email": "x@oak.example.org"}).status_code == 302


def test_what_was_typed_is_sealed_and_is_shown_to_staff_alone(contract_a: ActiveContract) -> None:
    dispute = opened(contract_a)
    assert b"Oak" not in bytes(dispute.sealed_facts)
    assert facts_of(dispute).name == "Mary Oak"
    events = AuditEvent.objects.filter(event_type="dispute.opened")
    assert NUMBER not in str(events.get().data)


def test_two_people_uphold_and_the_number_is_free(
    contract_a: ActiveContract, holder: Provider
) -> None:
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_a)
    other = staff_client(StaffRole.CONTRACT_ADMIN, contract_a, name="otto")
    dispute = opened(contract_a)
    assert dispute.reference in admin.get("/staff/requests/").content.decode()
    path = f"/staff/disputes/{dispute.id}/"
    shown = admin.get(path).content.decode()
    assert holder.name in shown
    assert "We moved in May" in shown
    data: dict[str, Any] = {
        "act": "uphold",
        "step": "first",
        "provider": str(holder.id),
        "reason": "called both",
    }
    assert "Choose which one" in admin.post(path, {**data, "provider": ""}).content.decode()
    assert "second person has to confirm" in admin.post(path, data, follow=True).content.decode()
    holder.refresh_from_db()
    assert holder.status == ProviderStatus.ACTIVE
    # Not the same person, by whatever step, and not by a page that shows the first step still.
    own = admin.post(path, {**data, "step": "second"}, follow=True).content.decode()
    assert "Somebody else has to confirm" in own
    assert "Nothing was done" in other.post(path, data, follow=True).content.decode()
    done = other.post(path, {**data, "step": "second"}, follow=True).content.decode()
    assert "the identifier is free" in done
    holder.refresh_from_db()
    assert holder.status == ProviderStatus.ENDED
    assert not Membership.objects.filter(until__isnull=True, group=holder.group_id).exists()
    assert "is free" in mails_to(MARY)[-1]
    assert "released by the program" in mails_to("head@clinic.example")[-1]
    released = AuditEvent.objects.get(event_type="provider.released")
    assert released.data["reason"] == "called both"
    # Whoever has the right code registers it now.
    assert Journey(contract_a.slug).start().path
    for wrong in ({"decided_by": Dispute.objects.get().first_by}, {"provider_id": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Dispute.objects.update(**wrong)


def test_two_people_move_it_to_the_group_of_whoever_opened_it(
    contract_a: ActiveContract, holder: Provider
) -> None:
    theirs = make_provider(make_person("noah", phone=None), contract_a, identifier=FREE)
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_a)
    other = staff_client(StaffRole.CONTRACT_ADMIN, contract_a, name="otto")
    path = f"/staff/disputes/{opened(contract_a).id}/"
    data = {"act": "move", "step": "first", "provider": str(holder.id), "reason": "called both"}
    for wrong, said in (("", "Nobody is registered"), (NUMBER, "a provider of the same group")):
        assert said in admin.post(path, {**data, "other": wrong}).content.decode()
    shown = text_of(admin.post(path, {**data, "other": FREE}))
    assert f"It goes to {theirs.group.name}" in shown
    assert Dispute.objects.get().first_by is None
    there = {**data, "to": str(theirs.group_id)}
    begun = text_of(admin.post(path, {**there, "other": FREE}, follow=True))
    assert "A second person has to confirm it" in begun
    assert f"It goes to {theirs.group.name}" in text_of(other.get(path))
    # The second person confirms what the first one said, and nothing else.
    release = {**there, "act": "uphold", "step": "second"}
    assert "Nothing was done" in text_of(other.post(path, release, follow=True))
    done = text_of(other.post(path, {**there, "step": "second"}, follow=True))
    assert f"moved to {theirs.group.name}" in done
    holder.refresh_from_db()
    assert (holder.status, holder.group_id) == (ProviderStatus.ACTIVE, theirs.group_id)
    assert "your group manages it" in mails_to(MARY)[-1]
    assert "was moved by the program" in mails_to("head@clinic.example")[-1]
    assert "moved to your group" in mails_to("noah@clinic.example")[-1]
    event = AuditEvent.objects.get(event_type="dispute.upheld")
    assert event.data["to"] == str(theirs.group_id)
    assert AuditEvent.objects.filter(event_type="provider.moved").count() == 1
    for wrong_row in ({"moved_to": None}, {"state": DisputeState.REJECTED, "provider_id": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Dispute.objects.update(**wrong_row)


def test_one_person_where_the_contract_asks_for_no_other(
    contract_a: ActiveContract, holder: Provider
) -> None:
    publish_change(contract_a.slug, registration__dispute_second_person=False)
    olive, dispute = make_staff(StaffRole.CONTRACT_ADMIN, contract_a), opened(contract_a)
    assert uphold(dispute, holder, olive, "only").state == DisputeState.UPHELD
    with pytest.raises(DisputeOverError):
        uphold(dispute, holder, olive, "only")


def test_a_rejection_is_read_and_final(contract_a: ActiveContract, holder: Provider) -> None:
    olive, dispute = make_staff(StaffRole.CONTRACT_ADMIN, contract_a), opened(contract_a)
    uphold(dispute, holder, olive, "first")
    with pytest.raises(SameDeciderError):
        uphold(dispute, holder, olive, "second")
    rejected(dispute, olive)
    assert "It is theirs." in mails_to(MARY)[-1]
    holder.refresh_from_db()
    assert holder.status == ProviderStatus.ACTIVE
    with pytest.raises(DisputeOverError):
        rejected(dispute, olive)
    with pytest.raises(DisputeOverError):
        uphold(dispute, holder, olive, "first")


def test_a_provider_with_another_number_is_not_released(
    contract_a: ActiveContract, contract_b: ActiveContract, holder: Provider
) -> None:
    head = User.objects.get(username="head")
    others = [
        make_provider(head, contract_a, identifier=FREE, name="Other Clinic"),
        make_provider(head, contract_b, identifier=NUMBER, name="Elsewhere Clinic"),
    ]
    olive, dispute = make_staff(StaffRole.OPERATOR), opened(contract_a)
    for other in others:
        with pytest.raises(DisputeOverError):
            uphold(dispute, other, olive, "first")


def test_out_of_scope_and_without_the_right(
    contract_a: ActiveContract, contract_b: ActiveContract, holder: Provider
) -> None:
    dispute = opened(contract_a)
    path = f"/staff/disputes/{dispute.id}/"
    data = {"act": "reject", "reason": "x"}
    foreign = staff_client(StaffRole.CONTRACT_ADMIN, contract_b, name="mia")
    assert foreign.get(path).status_code == 404
    assert foreign.post(path, data).status_code == 404
    assert dispute.reference not in foreign.get("/staff/requests/").content.decode()
    desk = staff_client(StaffRole.HELP_DESK, name="hank")
    assert "Decide" not in desk.get(path).content.decode()
    assert desk.post(path, data).status_code == 403
    dispute.refresh_from_db()
    assert dispute.state == DisputeState.OPEN


def test_what_was_decided_goes_after_its_time(contract_a: ActiveContract) -> None:
    olive, dispute = make_staff(StaffRole.CONTRACT_ADMIN, contract_a), opened(contract_a)
    at = clock.now()
    assert purge_disputes(at=at + KEPT * 2) == 0
    reject_dispute(dispute_id=dispute.id, reason="no", email=MARY, by=olive.id, at=at)
    assert purge_disputes(at=at + KEPT) == 0
    assert purge_disputes(at=at + KEPT + timedelta(seconds=1)) == 1
