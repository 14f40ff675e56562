"""Owners of waivers are told 30 and 7 days before the end, once each."""

from datetime import UTC, date, datetime, timedelta

import pytest
from celery import current_app
from django.conf import settings
from django.test import TestCase

from contracts.console import tasks
from contracts.console.services.waivers import WAIVER_END_KIND, announce_ending_waivers
from core.audit.models import AuditEvent
from core.notifications.models import LocalMessage, OutboxMessage
from core.notifications.services.delivery import deliver_message
from tenants import registry
from tenants.configuration.document import ContractDocument
from tenants.configuration.publishing import publish_contract
from tests.unit.configuration.documents import changed

pytestmark = pytest.mark.django_db
END = date(2027, 6, 30)


@pytest.fixture(autouse=True)
def _one_contract_has_a_waiver_that_ends() -> None:
    """One waiver of one contract ends on a day of its own; the others end much later."""
    document = registry.get_contract("wv-bh").document
    waivers = document.model_dump(mode="json")["waivers"]
    waivers[0]["until"] = END.isoformat()
    publish(changed(document, waivers=waivers))


def publish(document: ContractDocument) -> None:
    publish_contract(
        document=document,
        base=registry.get_contract("wv-bh").revision,
        by=None,
        at=datetime(2026, 11, 22, tzinfo=UTC),
    )


def days_before(days: int) -> datetime:
    """A morning in the contract's time zone."""
    return datetime(END.year, END.month, END.day, 14, tzinfo=UTC) - timedelta(days=days)


def announced(*, at: datetime) -> int:
    with TestCase.captureOnCommitCallbacks(execute=False):
        return announce_ending_waivers(at=at)


def test_a_mail_goes_out_30_and_7_days_before_and_not_again() -> None:
    told = {
        days: announced(at=days_before(days))
        for days in (60, 31, 30, 29, 20, 8, 7, 6, 1, 0, -1, -10)
    }
    assert {days for days, mails in told.items() if mails} == {30, 7}
    events = AuditEvent.objects.filter(event_type="waiver.announced").order_by("at")
    contract = registry.get_contract("wv-bh")
    rule = contract.document.waivers[0].rule
    assert [event.data for event in events] == [
        {"rule": rule, "until": "2027-06-30", "days": days} for days in (30, 7)
    ]
    assert {event.contract_id for event in events} == {contract.id}


def test_a_day_on_which_nothing_ran_is_made_up_for() -> None:
    told = [announced(at=days_before(days)) for days in (31, 26, 25, 5, 4)]
    assert told == [0, 1, 0, 1, 0]


def test_the_mail_names_the_waiver_and_goes_to_the_support_contact() -> None:
    announced(at=days_before(30))
    message = OutboxMessage.objects.get(kind=WAIVER_END_KIND)
    contract = registry.get_contract("wv-bh")
    assert message.to == next(item.email for item in contract.document.support if item.email)
    deliver_message(message_id=message.id, clock=lambda: days_before(30))
    mail = LocalMessage.objects.get(to=message.to)
    waiver = contract.document.waivers[0]
    assert mail.subject == f"Waivers of {contract.name} end soon"
    assert f"- {waiver.rule}: until June 30, 2027" in mail.text
    assert contract.document.waivers[1].rule not in mail.text
    assert "no other change of the configuration can be published" in mail.text


def test_a_contract_without_an_address_is_spoken_for_by_the_deployment() -> None:
    document = registry.get_contract("wv-bh").document
    support = [{"purpose": "Help", "phone": "304-555-0100"}]
    publish(changed(document, support=support))
    assert announced(at=days_before(30)) == 1
    (contact,) = registry.get_deployment().support
    assert OutboxMessage.objects.get(kind=WAIVER_END_KIND).to == contact.email


def test_nothing_is_sent_about_a_waiver_that_was_renewed_meanwhile() -> None:
    announced(at=days_before(30))
    message = OutboxMessage.objects.get(kind=WAIVER_END_KIND)
    document = registry.get_contract("wv-bh").document
    waivers = document.model_dump(mode="json")["waivers"]
    waivers[0]["until"] = "2028-06-30"
    publish(changed(document, waivers=waivers))
    deliver_message(message_id=message.id, clock=lambda: days_before(30))
    assert not LocalMessage.objects.filter(to=message.to).exists()
    assert announced(at=datetime(2028, 6, 25, 14, tzinfo=UTC)) == 1, "its new end is another one"


def test_it_is_looked_after_every_day(monkeypatch: pytest.MonkeyPatch) -> None:
    current_app.loader.import_default_modules()
    planned = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert tasks.announce_waivers.name in planned
    assert planned <= set(current_app.tasks)
    monkeypatch.setattr(tasks, "now", lambda: days_before(7))
    tasks.announce_waivers.delay()
    assert OutboxMessage.objects.filter(kind=WAIVER_END_KIND).count() == 1
