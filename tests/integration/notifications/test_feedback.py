"""What came back, what it does to the address, and what it never does to the person."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from core.audit.models import AuditEvent
from core.common.ids import uuid7
from core.notifications import kinds
from core.notifications.channels.base import PermanentRefusalError
from core.notifications.kinds import MessageKind, Weight
from core.notifications.models import OutboxMessage, SuppressedAddress
from core.notifications.reports import DeliveryReport, Fate
from core.notifications.selectors import find_suppression, late_or_back
from core.notifications.services.delivery import deliver_message
from core.notifications.services.feedback import Taken, record_report
from core.notifications.services.suppression import lift_suppression, suppress
from core.notifications.states import Channel, MessageStatus, SuppressionReason
from tests.integration.notifications.conftest import AT, Clock, FakeChannel, Minter, put
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
ADDRESS = "dana.reed@clinic.example.org"
LATER = AT + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _nobody_is_told(minter: Minter, announced: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    """Kinds that mint, no delivery by itself, and a notice and a courtesy."""
    more = {
        name: MessageKind(
            name=name, channel="email", at_most_once=False, prepare=minter.prepare, weight=weight
        )
        for name, weight in (("a_notice", Weight.NOTICE), ("a_courtesy", Weight.COURTESY))
    }
    monkeypatch.setattr(kinds, "_kinds", {**kinds._kinds, **more})


def sent(kind: str = "sample_link", **options: Any) -> OutboxMessage:
    message = put(kind, **options)
    OutboxMessage.objects.filter(pk=message.pk).update(
        status=MessageStatus.SENT, sent_at=AT, provider_reference="p-1", attempts=1
    )
    message.refresh_from_db()
    return message


def report_on(
    message: OutboxMessage,
    fate: Fate = Fate.BOUNCED,
    *,
    dead: bool = True,
    at: datetime = LATER,
    reference: str = "p-1",
    address: str | None = None,
) -> Taken:
    report = DeliveryReport(
        channel=Channel(message.channel),
        fate=fate,
        message_id=message.id,
        reference=reference,
        addresses=(address or message.to,),
        reason="Permanent General",
        at=at,
        dead=dead,
    )
    return record_report(report=report, at=at)


def status_of(message: OutboxMessage) -> str:
    message.refresh_from_db()
    return message.status


def test_mail_that_came_back_says_so_and_stops_notices(
    channel: FakeChannel, clock: Clock, minter: Minter
) -> None:
    message = sent()
    assert report_on(message) is Taken.TAKEN
    assert status_of(message) == "bounced"
    assert (message.sent_at, message.failure) == (AT, "Permanent General")
    assert minter.outcomes == [("bounced", LATER)]
    assert AuditEvent.objects.filter(event_type="message.bounced", subject_id=message.id).exists()
    for kind in ("a_notice", "a_courtesy"):
        notice = put(kind)
        assert deliver_message(message_id=notice.id, clock=clock) == "cancelled"
        assert notice.id in AuditEvent.objects.filter(event_type="message.withheld").values_list(
            "subject_id", flat=True
        )
    assert channel.sent == []


def test_what_a_person_asks_for_is_sent_all_the_same(channel: FakeChannel, clock: Clock) -> None:
    """Nobody is shut out of their account because one mail came back."""
    report_on(sent())
    assert deliver_message(message_id=put("sample_link").id, clock=clock) == "sent"


def test_the_audit_names_no_address() -> None:
    report_on(sent())
    events = AuditEvent.objects.filter(event_type="address.suppressed")
    assert ADDRESS not in str(list(events.values()))
    assert events.count() == 1


def test_the_same_report_again_changes_nothing(minter: Minter) -> None:
    message = sent()
    for _ in range(3):
        report_on(message)
    assert minter.outcomes == [("bounced", LATER)]
    assert AuditEvent.objects.filter(event_type="address.suppressed").count() == 1


def test_a_full_mailbox_is_no_dead_address() -> None:
    message = sent()
    report_on(message, dead=False)
    assert status_of(message) == "bounced"
    assert find_suppression(ADDRESS) is None


def test_an_address_is_one_whatever_its_letters(channel: FakeChannel, clock: Clock) -> None:
    message = sent(to="Dana.Reed@Clinic.example.org")
    report_on(message, address=ADDRESS)
    assert find_suppression("DANA.REED@clinic.EXAMPLE.org") is not None


@pytest.mark.parametrize("stranger", ["somebody@else.example.org", ""])
def test_a_report_about_another_address_is_ignored(stranger: str) -> None:
    message = sent()
    assert report_on(message, address=stranger or "x") is Taken.IGNORED
    assert status_of(message) == "sent"
    assert not SuppressedAddress.objects.exists()


def test_a_report_about_no_message_of_ours_is_ignored() -> None:
    message = sent()
    message.id = uuid7()
    assert report_on(message) is Taken.IGNORED


def test_a_report_about_an_earlier_attempt_is_about_the_address_alone() -> None:
    message = sent()
    report_on(message, reference="p-0")
    assert status_of(message) == "sent"
    assert find_suppression(ADDRESS) is not None


def test_a_text_that_did_not_arrive_says_so_and_suppresses_nobody() -> None:
    text = sent("sample_code", to="+13045550123")
    report_on(text)
    assert status_of(text) == "bounced"
    assert not SuppressedAddress.objects.exists()


def test_a_lost_answer_is_found_again_by_the_report() -> None:
    text = put("sample_code", to="+13045550123")
    OutboxMessage.objects.filter(pk=text.pk).update(status=MessageStatus.UNKNOWN, attempts=1)
    report_on(text, Fate.DELIVERED)
    assert status_of(text) == "sent"
    assert (text.provider_reference, text.delivered_at) == ("p-1", LATER)


def test_mail_that_arrives_ends_the_suppression(channel: FakeChannel, clock: Clock) -> None:
    report_on(sent())
    report_on(sent(), Fate.DELIVERED, at=LATER + timedelta(minutes=1))
    assert find_suppression(ADDRESS) is None
    assert AuditEvent.objects.filter(event_type="address.released").exists()
    assert deliver_message(message_id=put("a_notice").id, clock=clock) == "sent"


def test_mail_that_arrived_before_it_came_back_does_not(channel: FakeChannel) -> None:
    report_on(sent())
    report_on(sent(), Fate.DELIVERED, at=LATER - timedelta(seconds=1))
    assert find_suppression(ADDRESS) is not None


def test_a_complaint_outlasts_mail_that_arrives_and_is_taken_back_by_its_owner() -> None:
    message = sent()
    report_on(message, Fate.COMPLAINED)
    assert status_of(message) == "complained"
    report_on(sent(), Fate.DELIVERED, at=LATER + timedelta(minutes=1))
    assert find_suppression(ADDRESS) is not None
    assert lift_suppression(address=ADDRESS, at=LATER + timedelta(minutes=2), even_complaints=True)
    assert find_suppression(ADDRESS) is None


def test_an_old_report_does_not_bring_back_what_was_lifted() -> None:
    first = sent()
    report_on(first)
    lift_suppression(address=ADDRESS, at=LATER + timedelta(minutes=5))
    report_on(sent(), at=LATER + timedelta(minutes=4))
    assert find_suppression(ADDRESS) is None
    report_on(sent(), at=LATER + timedelta(minutes=6))
    assert find_suppression(ADDRESS) is not None


def test_a_complaint_outranks_mail_that_came_back() -> None:
    report_on(sent())
    report_on(sent(), Fate.COMPLAINED)
    report_on(sent())
    found = find_suppression(ADDRESS)
    assert found is not None
    assert found.reason == SuppressionReason.COMPLAINT


def test_a_server_that_knows_no_such_mailbox_says_it_at_once(
    channel: FakeChannel, clock: Clock
) -> None:
    channel.failures = [PermanentRefusalError("smtp 550", bad_address=True)]
    message = put("sample_link")
    assert deliver_message(message_id=message.id, clock=clock) == "failed"
    assert find_suppression(message.to) is not None


def test_a_page_can_ask_whether_its_own_mail_came_back() -> None:
    subject = uuid7()
    report_on(sent(subject_id=subject))
    assert late_or_back(kind="sample_link", subject_id=subject, at=LATER)[1]
    put("sample_link", subject_id=subject, at=LATER)
    assert not late_or_back(kind="sample_link", subject_id=subject, at=LATER)[1]


@pytest.mark.django_db(transaction=True)
def test_reports_at_the_same_moment_make_one_entry(minter: Minter) -> None:
    messages = [sent() for _ in range(6)]
    at_once(6, lambda place: report_on(messages[place]))
    assert SuppressedAddress.objects.count() == 1
    assert AuditEvent.objects.filter(event_type="address.suppressed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_suppressing_at_the_same_moment_is_suppressing_once() -> None:
    done = at_once(
        6, lambda _: suppress(address=ADDRESS, reason=SuppressionReason.BOUNCE, at=LATER)
    )
    assert sum(done) == 1
