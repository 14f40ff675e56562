"""Every answer to a challenge leaves an event, also one that nobody compared."""

from datetime import timedelta

import pytest

from core.audit.models import AuditEvent
from core.mfa.models import Challenge
from core.mfa.services.challenges import answer_call, verify_challenge
from tenants.context import ActiveContract
from tests.integration.mfa.helpers import asked, code_of, other_code, registration_owner
from tests.support.people import START

pytestmark = pytest.mark.django_db


def results() -> list[str]:
    events = AuditEvent.objects.filter(event_type="challenge.failed").order_by("id")
    return [event.result for event in events]


def test_wrong_used_up_and_expired_answers_are_told_apart() -> None:
    challenge = asked(registration_owner())
    code = code_of(challenge)
    for _ in range(4):
        answer(challenge, other_code(code))
    verify_challenge(
        challenge_id=challenge.id,
        binding=challenge.binding,
        code=code,
        at=START + timedelta(hours=1),
    )
    assert results() == ["wrong", "wrong", "wrong", "used_up", "expired"]


def test_keys_of_a_call_that_is_over_leave_an_event_in_its_contract(
    contract_a: ActiveContract,
) -> None:
    challenge = asked(registration_owner(), channel="voice")
    Challenge.objects.update(contract_id=contract_a.id)
    assert not answer_call(challenge_id=challenge.id, digits="#", at=START)
    event = AuditEvent.objects.get(event_type="challenge.failed")
    assert (event.result, event.contract_id) == ("expired", contract_a.id)


def answer(challenge: Challenge, code: str) -> None:
    """Answer at the moment of the asking."""
    verify_challenge(challenge_id=challenge.id, binding=challenge.binding, code=code, at=START)
