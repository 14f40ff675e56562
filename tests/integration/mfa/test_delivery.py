"""What a page says while a code waits, and when it never leaves."""

from datetime import timedelta

import pytest

from core.mfa.models import Challenge
from core.mfa.selectors import ChallengeStatus, challenge_state
from core.notifications.models import OutboxMessage
from core.notifications.services.delivery import deliver_message
from core.notifications.states import MessageStatus
from tests.integration.mfa.helpers import asked
from tests.integration.mfa.helpers import registration_owner as new_owner
from tests.support.people import after

pytestmark = pytest.mark.django_db


def test_a_code_that_waited_too_long_is_never_sent_and_another_is_offered() -> None:
    owner = new_owner()
    challenge = asked(owner)
    message = OutboxMessage.objects.get(subject_id=challenge.id)
    status = deliver_message(message_id=message.id, clock=lambda: after(minutes=10))
    assert status == MessageStatus.EXPIRED
    assert Challenge.objects.get(pk=challenge.pk).code_digest is None
    state = challenge_state(
        challenge_id=challenge.id, binding=challenge.binding, owner=owner, at=after(minutes=10)
    )
    assert state is not None
    assert state.status is ChallengeStatus.OVER


def test_a_code_that_waits_says_that_messages_are_late() -> None:
    owner = new_owner()
    challenge = asked(owner)
    keys = {"challenge_id": challenge.id, "binding": challenge.binding}
    fresh = challenge_state(**keys, owner=owner, at=after(seconds=2))
    late = challenge_state(**keys, owner=owner, at=after(seconds=60))
    assert fresh is not None
    assert late is not None
    assert (fresh.status, fresh.is_late) == (ChallengeStatus.WAITING, False)
    assert (late.status, late.is_late) == (ChallengeStatus.WAITING, True)


def test_the_life_begins_when_the_worker_hands_over_not_when_the_person_asked() -> None:
    challenge = asked(new_owner())
    message = OutboxMessage.objects.get(subject_id=challenge.id)
    deliver_message(message_id=message.id, clock=lambda: after(minutes=4))
    challenge.refresh_from_db()
    assert challenge.expires_at == after(minutes=4) + timedelta(seconds=challenge.life_seconds)
