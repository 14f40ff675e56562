"""What is wiped and deleted when its time is over, and what stays."""

from datetime import timedelta
from threading import Event

import pytest
from django.conf import settings
from django.db import transaction

from core.accounts.models import AddressFailures
from core.accounts.services.throttle import count_address_failure
from core.common import clock
from core.common import purging as common
from core.mfa.authenticators.passkeys import Person, RelyingParty
from core.mfa.codes import Owner, OwnerKind
from core.mfa.models import (
    AttemptCount,
    Challenge,
    MfaRegistration,
    PasskeyCeremony,
    RecoveryCode,
    RememberedBrowser,
    TotpEnrolment,
)
from core.mfa.services import purging
from core.mfa.services.completing import complete_mfa_registration
from core.mfa.services.passkeys import ask_for_new_passkey
from core.mfa.services.purging import purge_mfa
from core.mfa.services.recovery import issue_recovery_codes
from core.mfa.services.registrations import begin_mfa_registration
from core.mfa.services.totp import ENROLMENT_LIFE, offer_app_secret
from core.mfa.tasks import purge
from core.notifications.models import (
    CallAnswer,
    ChannelUse,
    LocalMessage,
    OutboxMessage,
    SuppressedAddress,
)
from core.notifications.services import purging as messages
from core.notifications.services.purging import purge_messages
from core.notifications.states import LEFT, MessageStatus
from tests.integration.mfa.helpers import asked, registration_owner
from tests.support.people import START, after, deliver_all, make_person
from tests.support.threads import at_once

SECOND = timedelta(seconds=1)


def run_of(name: str) -> MfaRegistration:
    """Begin a run and fill in all that it may come to know."""
    user = make_person(name, factors=False)
    registration = begin_mfa_registration(
        source_kind="account", source_id=user.id, contract=None, at=START
    )
    registration.method = "email"
    registration.email_verified_at = START
    registration.phone = "+13045550142"
    registration.password_hash = user.password
    registration.save()
    return registration


def personal(registration: MfaRegistration) -> tuple[str, str, str]:
    registration.refresh_from_db()
    return (registration.email, registration.phone, registration.password_hash)


@pytest.mark.django_db
def test_a_run_is_wiped_when_it_is_completed() -> None:
    registration = run_of("dana")
    complete_mfa_registration(registration_id=registration.id, at=START)
    assert personal(registration) == ("", "", "")


@pytest.mark.django_db
def test_a_run_is_wiped_when_a_newer_one_closes_it() -> None:
    registration = run_of("dana")
    begin_mfa_registration(
        source_kind="account", source_id=registration.source_id, contract=None, at=START
    )
    assert personal(registration) == ("", "", "")


@pytest.mark.django_db
def test_an_unfinished_run_is_closed_then_deleted() -> None:
    registration = run_of("dana")
    purge_mfa(at=START + purging.UNFINISHED_KEPT)
    assert "" not in personal(registration)
    closed = START + purging.UNFINISHED_KEPT + SECOND
    purge_mfa(at=closed)
    assert personal(registration) == ("", "", "")
    assert registration.closed_at == closed
    purge_mfa(at=closed + purging.CLOSED_KEPT + SECOND)
    assert not MfaRegistration.objects.exists()


@pytest.mark.django_db
def test_challenges_go_after_the_send_limits_and_not_while_a_run_needs_them() -> None:
    free, held = asked(registration_owner()), asked(registration_owner())
    registration = run_of("dana")
    registration.email_challenge = held
    registration.save()
    purge_mfa(at=START + purging.CHALLENGES_KEPT)
    assert Challenge.objects.count() == 2
    purge_mfa(at=START + purging.CHALLENGES_KEPT + SECOND)
    assert list(Challenge.objects.all()) == [held]
    assert free != held


@pytest.mark.django_db
def test_the_tries_of_an_account_are_kept_until_a_success_or_an_unlock() -> None:
    user = make_person()
    for owner, attempts in [
        (Owner(OwnerKind.ACCOUNT, user.id), 2),
        (Owner(OwnerKind.ACCOUNT, make_person("robin").id), 0),
        (registration_owner(), 2),
    ]:
        AttemptCount.objects.create(
            owner_kind=owner.kind,
            owner_id=owner.id,
            purpose="sign_in",
            attempts=attempts,
            last_attempt_at=START,
        )
    purge_mfa(at=START + purging.COUNTS_KEPT + SECOND)
    assert list(AttemptCount.objects.values_list("owner_id", flat=True)) == [user.id]


@pytest.mark.django_db
def test_browsers_go_a_day_after_their_end() -> None:
    user = make_person()
    for place, revoked in enumerate([None, START]):
        RememberedBrowser.objects.create(
            user=user,
            option="phone",
            host="testserver",
            token_digest=bytes([place]) * 32,
            key_version=1,
            security_epoch=1,
            policy_epochs={},
            created_at=START,
            expires_at=after(hours=4),
            revoked_at=revoked,
        )
    purge_mfa(at=START + purging.BROWSERS_KEPT + SECOND)
    assert [one.revoked_at for one in RememberedBrowser.objects.all()] == [None]
    purge_mfa(at=after(hours=4) + purging.BROWSERS_KEPT + SECOND)
    assert not RememberedBrowser.objects.exists()


def message(status: MessageStatus) -> OutboxMessage:
    return OutboxMessage.objects.create(
        kind="account_locked",
        channel="email",
        to="dana@clinic.example",
        subject_id=make_person(f"to-{status}").id,
        status=status,
        created_at=START,
        next_attempt_at=START,
        claimed_at=START,
        sent_at=START if status in LEFT else None,
    )


@pytest.mark.django_db
def test_messages_go_when_they_are_settled_and_never_while_they_wait() -> None:
    for status in MessageStatus:
        message(status)
    sent = OutboxMessage.objects.get(status=MessageStatus.SENT)
    CallAnswer.objects.create(message=sent, digest="d", accepted=True, received_at=START)
    purge_messages(at=START + messages.WITHDRAWN_KEPT + SECOND)
    assert not OutboxMessage.objects.filter(status=MessageStatus.CANCELLED).exists()
    assert not CallAnswer.objects.exists()
    assert OutboxMessage.objects.count() == len(MessageStatus) - 1
    purge_messages(at=START + messages.SETTLED_KEPT + SECOND)
    left = set(OutboxMessage.objects.values_list("status", flat=True))
    assert left == {MessageStatus.QUEUED, MessageStatus.SENDING}


@pytest.mark.django_db
def test_dead_addresses_and_old_counts_go() -> None:
    address = SuppressedAddress.objects.create(
        address="d@clinic.example", reason="bounce", since_at=START
    )
    ChannelUse.objects.create(month=START.date().replace(day=1), channel="sms")
    purge_messages(at=START + messages.SUPPRESSED_KEPT)
    assert SuppressedAddress.objects.get() == address
    purge_messages(at=START + messages.SUPPRESSED_KEPT + SECOND)
    assert not SuppressedAddress.objects.exists()
    assert ChannelUse.objects.exists()
    purge_messages(at=START + messages.USE_KEPT)
    assert not ChannelUse.objects.exists()


@pytest.mark.django_db
def test_the_local_mailbox_keeps_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "LOCAL_MOST", 3)
    for place in range(5):
        asked(registration_owner(), destination=f"d{place}@clinic.example", at=clock.now())
    deliver_all()
    newest = list(LocalMessage.objects.order_by("-sent_at").values_list("to", flat=True)[:3])
    latest = LocalMessage.objects.order_by("-sent_at")[0].sent_at
    purge_messages(at=latest)
    assert list(LocalMessage.objects.values_list("to", flat=True)) == newest
    purge_messages(at=latest + messages.LOCAL_KEPT + SECOND)
    assert not LocalMessage.objects.exists()


@pytest.mark.django_db
def test_the_hourly_task_is_planned_and_does_all_of_it() -> None:
    count_address_failure("192.0.2.1", at=START)
    asked(registration_owner())
    assert purge() == 2
    assert not AddressFailures.objects.exists()
    planned = [one["task"] for one in settings.CELERY_BEAT_SCHEDULE.values()]
    assert purge.name in planned


@pytest.mark.django_db
def test_one_run_takes_so_many_batches_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "BATCH", 2)
    monkeypatch.setattr(common, "MOST_BATCHES", 2)
    for place in range(7):
        asked(registration_owner(), destination=f"d{place}@clinic.example")
    late = START + purging.CHALLENGES_KEPT + SECOND
    assert [purge_mfa(at=late) for _ in range(3)] == [4, 3, 0]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_comes_to_life_beside_the_purge_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.notifications.services.outbox.announce", lambda _message: None)
    challenge = asked(registration_owner())
    registration = run_of("dana")
    waiting = message(MessageStatus.CANCELLED)
    held, purged = Event(), Event()
    late = START + purging.UNFINISHED_KEPT + SECOND

    def live_or_purge(place: int) -> None:
        if place:
            assert held.wait(timeout=20)
            purge_mfa(at=late)
            purge_messages(at=late)
            purged.set()
            return
        with transaction.atomic():
            Challenge.objects.select_for_update().get(pk=challenge.pk)
            Challenge.objects.filter(pk=challenge.pk).update(requested_at=late)
            MfaRegistration.objects.filter(pk=registration.pk).update(started_at=late)
            OutboxMessage.objects.filter(pk=waiting.pk).update(status=MessageStatus.QUEUED)
            held.set()
            # The purge neither waits for these rows nor takes them.
            assert purged.wait(timeout=20)

    at_once(2, live_or_purge)
    purge_mfa(at=late)
    purge_messages(at=late)
    assert Challenge.objects.filter(pk=challenge.pk).exists()
    assert "" not in personal(registration)
    assert OutboxMessage.objects.filter(pk=waiting.pk).exists()


@pytest.mark.django_db
def test_enrolments_and_spent_recovery_codes_go() -> None:
    user = make_person()
    owner = Owner(OwnerKind.ACCOUNT, user.id)
    offer_app_secret(owner=owner, at=START)
    party = RelyingParty("testserver", "Sample", "http://testserver")
    person = Person(user.id.bytes, user.email, "Dana Reed")
    ask_for_new_passkey(owner=owner, binding=user.id, party=party, person=person, at=START)
    issue_recovery_codes(user_id=user.id, by=None, at=START)
    issue_recovery_codes(user_id=user.id, by=None, at=START)
    secret_over = START + ENROLMENT_LIFE + purging.ENROLMENTS_KEPT
    purge_mfa(at=secret_over)
    assert TotpEnrolment.objects.count() == 1
    assert PasskeyCeremony.objects.count() == 0
    purge_mfa(at=secret_over + SECOND)
    assert TotpEnrolment.objects.count() == 0
    purge_mfa(at=START + purging.RECOVERY_CODES_KEPT)
    assert RecoveryCode.objects.count() == 20
    purge_mfa(at=START + purging.RECOVERY_CODES_KEPT + SECOND)
    assert RecoveryCode.objects.filter(replaced_at__isnull=True).count() == 10
    assert RecoveryCode.objects.count() == 10
