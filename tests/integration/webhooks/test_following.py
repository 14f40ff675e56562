"""What is sealed goes into the outboxes of those who asked for it, once, and of nobody else."""

from datetime import timedelta

import pytest
from django.db import transaction

from core.accounts.services.accounts import grant_contract_access
from core.audit.adopting import adopt_events
from core.audit.models import AuditEvent, AuditSeal
from core.audit.sealing import seal_events
from core.common import clock
from core.webhooks.catalogue import EVENTS
from core.webhooks.models import WebhookDelivery
from core.webhooks.payloads import public_payload
from core.webhooks.services import endpoints
from core.webhooks.services.endpoints import (
    TooManyEndpointsError,
    delete_endpoint,
    pause_endpoint,
)
from core.webhooks.states import EndpointKind
from tenants.context import ActiveContract
from tests.integration.audit.conftest import seal_all
from tests.integration.webhooks.conftest import (
    MAKER,
    START,
    deliveries_of,
    happen,
    make,
    seal,
)
from tests.support.people import make_person
from tests.support.threads import at_once


@pytest.mark.django_db
def test_an_event_goes_to_its_contract_and_to_the_whole_deployment(
    contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    of_a, of_b = make(contract=contract_a.id).endpoint, make(contract=contract_b.id).endpoint
    of_all = make().endpoint
    seal(happen(contract=contract_a.id), happen("contract.closed", contract=contract_a.id))
    assert [one.event_type for one in deliveries_of(of_a)] == ["contract.suspended"]
    assert deliveries_of(of_b) == []
    assert [one.event_type for one in deliveries_of(of_all)] == ["contract.suspended"]


@pytest.mark.django_db
def test_an_account_is_told_of_in_every_contract_where_it_works(
    contract_a: ActiveContract, contract_b: ActiveContract, contract_c: ActiveContract
) -> None:
    """The act may have been in any of them, or in none; which it was is told to nobody."""
    person = make_person("ann")
    for contract in (contract_a, contract_b):
        grant_contract_access(user_id=person.id, contract_id=contract.id, at=START)
    told = [
        make("https://a.example/", "account.deactivated", contract=contract.id).endpoint
        for contract in (contract_a, contract_b, contract_c)
    ]
    event = happen(
        "account.deactivated",
        contract=contract_a.id,
        subject=("account", person.id),
        data={"reason": "Éva said so"},
    )
    seal(event)
    assert [len(deliveries_of(one)) for one in told] == [1, 1, 0]
    (of_b,) = deliveries_of(told[1])
    payload = public_payload(event, of_b)  # type: ignore[arg-type]
    assert payload["contract"] == str(contract_b.id)
    assert payload["subject"] == {"kind": "account", "id": str(person.id)}
    assert payload["data"] == {}, "a reason that somebody typed stays here"


@pytest.mark.django_db
def test_nothing_of_before_and_everything_while_it_is_paused() -> None:
    endpoint = make().endpoint
    pause_endpoint(endpoint_id=endpoint.pk, reason="moves", by=MAKER, at=START)
    seal(happen(at=START - timedelta(hours=1)), happen())
    assert [one.first for one in deliveries_of(endpoint)] == [2]


@pytest.mark.django_db
def test_what_came_from_another_deployment_was_told_there() -> None:
    endpoint, stream = make().endpoint, make(kind=EndpointKind.SIEM).endpoint
    seal(happen(), is_adopted=True)
    assert deliveries_of(endpoint) == []
    assert len(deliveries_of(stream)) == 1, "a copy of the chains as they are here"


@pytest.mark.django_db(transaction=True)
def test_a_contract_that_comes_with_its_data_brings_its_events_untold(
    contract_a: ActiveContract,
) -> None:
    endpoint = make(contract=contract_a.id).endpoint
    at = clock.now()
    elsewhere = AuditEvent(
        event_type="contract.suspended", result="ok", contract_id=contract_a.id, at=at
    )
    with transaction.atomic():
        adopt_events(iter([elsewhere]), contract_id=contract_a.id, at=clock.now())
        here = happen(contract=contract_a.id, at=clock.now())
    seal_all()
    assert [one.event_id for one in deliveries_of(endpoint)] == [here.id]


def test_public_names_are_unique_and_documented_ones_stay() -> None:
    names = [event.name for event in EVENTS]
    assert len(set(names)) == len(names)
    assert len({event.audited_as for event in EVENTS}) == len(EVENTS)
    assert all("reason" not in event.data for event in EVENTS)


@pytest.mark.django_db(transaction=True)
def test_acts_write_their_deliveries_with_their_seals_once_and_in_order(
    contract_a: ActiveContract,
) -> None:
    """16 acts and 4 sealers at one moment; acts that are rolled back are told to nobody."""
    endpoint = make(contract=contract_a.id).endpoint

    def act(place: int) -> None:
        if place < 4:
            for _ in range(10):
                seal_events(at=clock.now())
            return
        with transaction.atomic():
            happen(contract=contract_a.id, at=clock.now(), data={"place": place})
            transaction.set_rollback(place % 4 == 0)

    at_once(20, act)
    seal_all()
    told = deliveries_of(endpoint)
    assert len(told) == 12
    assert [one.first for one in told] == sorted(one.first for one in told)
    places = AuditSeal.objects.filter(event_id__in=[one.event_id for one in told])
    assert set(places.values_list("position", flat=True)) == {one.first for one in told}


@pytest.mark.django_db(transaction=True)
def test_an_endpoint_that_is_deleted_as_its_events_are_sealed_holds_nobody_up() -> None:
    endpoints = [make().endpoint for _ in range(4)]
    for _ in range(8):
        happen(at=clock.now())

    def act(place: int) -> None:
        if place < 4:
            delete_endpoint(endpoint_id=endpoints[place].pk, reason="x", by=MAKER, at=START)
        else:
            seal_events(at=clock.now())

    at_once(6, act)
    seal_all()
    assert WebhookDelivery.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_follower_that_fails_leaves_neither_seal_nor_delivery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoint = make().endpoint
    seal_all()
    event = happen(at=clock.now())
    with monkeypatch.context() as patched:
        patched.setattr("core.webhooks.services.following._delivery", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            seal_all()
    assert not AuditSeal.objects.filter(event_id=event.id).exists()
    seal_all()
    assert [one.event_id for one in deliveries_of(endpoint)] == [event.id]


@pytest.mark.django_db(transaction=True)
def test_of_many_that_make_the_last_endpoint_at_once_one_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(endpoints, "MOST_ENDPOINTS", 2)
    make()

    def act(_place: int) -> str:
        try:
            make()
        except TooManyEndpointsError:
            return "refused"
        return "made"

    assert sorted(at_once(4, act)) == ["made", "refused", "refused", "refused"]
