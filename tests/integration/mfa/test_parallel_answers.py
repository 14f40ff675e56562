"""Many answers at once, each on a connection of its own, against the real database.

The naive way (read the count, compare, write the count) takes the place of ours to show that these
tests can fail.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from threading import Barrier

import pytest

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common.ids import uuid7
from core.mfa.codes import CodeRules, Owner, OwnerKind, Purpose
from core.mfa.models import AttemptCount, Challenge
from core.mfa.services.challenges import (
    Verdict,
    answer_call,
    start_challenge,
    use_answered_call,
    verify_challenge,
)
from tests.integration.mfa.helpers import ADDRESS, RULES, asked, code_of, mint, other_code
from tests.integration.mfa.helpers import registration_owner as new_owner
from tests.support.naive import fails_with
from tests.support.people import START, make_person
from tests.support.threads import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave messages in the outbox: the tests mint codes by themselves, at their own time."""
    monkeypatch.setattr("core.notifications.services.outbox.announce", lambda _message: None)


def answer_with(challenge: Challenge, code: str) -> Callable[[int], Verdict]:
    return lambda _place: (
        verify_challenge(
            challenge_id=challenge.id, binding=challenge.binding, code=code, at=START
        ).verdict
    )


def test_sixteen_right_codes_are_one_success() -> None:
    challenge = asked(new_owner())
    code = code_of(challenge)
    verdicts = Counter(at_once(16, answer_with(challenge, code)))
    assert verdicts == {Verdict.OK: 1, Verdict.EXPIRED: 15}
    assert AttemptCount.objects.get(owner_id=challenge.owner_id).attempts == 0


def test_forty_wrong_codes_are_evaluated_as_often_as_allowed() -> None:
    challenge = asked(new_owner())
    wrong = other_code(code_of(challenge))
    verdicts = Counter(at_once(40, answer_with(challenge, wrong)))
    assert verdicts == {Verdict.WRONG: RULES.max_attempts, Verdict.USED_UP: 40 - RULES.max_attempts}
    failed = AuditEvent.objects.filter(event_type="challenge.failed", result="wrong").count()
    assert failed == RULES.max_attempts


def test_forty_wrong_codes_of_an_account_lock_it_once() -> None:
    user = make_person()
    challenge = asked(Owner(OwnerKind.ACCOUNT, user.id), purpose=Purpose.SIGN_IN)
    wrong = other_code(code_of(challenge))
    verdicts = Counter(at_once(40, answer_with(challenge, wrong)))
    assert verdicts[Verdict.WRONG] == RULES.max_attempts - 1
    assert verdicts[Verdict.OK] == 0
    assert AuditEvent.objects.filter(event_type="account.locked").count() == 1
    assert (
        AuditEvent.objects.filter(event_type="challenge.failed", result="wrong").count()
        == RULES.max_attempts
    )
    assert User.objects.get(pk=user.pk).is_locked(START)


def wrong_codes_in_several_sessions_share_the_tries() -> None:
    owner = new_owner()
    challenges = [asked(owner, destination=f"d{place}@clinic.example") for place in range(8)]
    codes = [code_of(challenge) for challenge in challenges]
    verdicts = Counter(
        at_once(8, lambda place: answer_with(challenges[place], other_code(codes[place]))(place))
    )
    assert verdicts == {Verdict.WRONG: RULES.max_attempts, Verdict.USED_UP: 8 - RULES.max_attempts}


def test_wrong_codes_in_several_sessions_share_the_tries() -> None:
    wrong_codes_in_several_sessions_share_the_tries()


def test_sixteen_requests_send_one_code() -> None:
    owner = new_owner()

    def ask(_place: int) -> bool:
        started = start_challenge(
            owner=owner,
            purpose=Purpose.VERIFY_EMAIL,
            channel="email",
            destination=ADDRESS,
            contract_id=None,
            binding=uuid7(),
            rules=RULES,
            at=START,
        )
        return started.challenge is not None

    assert Counter(at_once(16, ask)) == {True: 1, False: 15}


def test_an_answered_call_is_used_once() -> None:
    challenge = asked(new_owner(), channel="voice", rules=CodeRules(300, 3, None, "press_pound"))
    mint(challenge)
    assert answer_call(challenge_id=challenge.id, digits="#", at=START)
    verdicts = at_once(
        8,
        lambda _place: (
            use_answered_call(
                challenge_id=challenge.id, binding=challenge.binding, at=START
            ).verdict
        ),
    )
    assert Counter(verdicts) == {Verdict.OK: 1, Verdict.EXPIRED: 7}


def test_the_naive_way_evaluates_more_than_allowed() -> None:
    """Read the count, compare, write the count: everybody has read it before anybody writes."""
    together = Barrier(8)

    def naive(challenge: Challenge, *, at: datetime) -> int | None:
        count = AttemptCount.objects.filter(owner_id=challenge.owner_id).first()
        tries = count.attempts if count else 0
        together.wait(timeout=30)
        if tries >= challenge.max_attempts:
            return None
        AttemptCount.objects.update_or_create(
            owner_kind=challenge.owner_kind,
            owner_id=challenge.owner_id,
            purpose=challenge.purpose,
            defaults={"attempts": tries + 1, "last_attempt_at": at},
        )
        return max(0, challenge.max_attempts - tries - 1)

    fails_with(
        "core.mfa.services.challenges.answering.count_try",
        naive,
        wrong_codes_in_several_sessions_share_the_tries,
        where="assert verdicts == {Verdict.WRONG: RULES.max_attempts",
    )
