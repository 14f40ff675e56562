"""Codes by call: press #, or key in what the screen shows."""

from datetime import datetime

import pytest

from core.common.ids import uuid7
from core.mfa.codes import CodeRules, Owner
from core.mfa.models import Challenge
from core.mfa.selectors import ChallengeStatus, ChallengeView, challenge_state
from core.mfa.services.challenges import (
    Verdict,
    answer_call,
    use_answered_call,
    verify_challenge,
)
from core.notifications.kinds import Rendered, get_kind
from tests.integration.mfa.helpers import asked, mint, other_code
from tests.integration.mfa.helpers import registration_owner as new_owner
from tests.support.people import START, after

POUND = CodeRules(300, 3, None, "press_pound")
DIGITS = CodeRules(300, 3, None, "digits_on_screen")
pytestmark = pytest.mark.django_db


def state_of(challenge: Challenge, owner: Owner, *, at: datetime = START) -> ChallengeView:
    state = challenge_state(
        challenge_id=challenge.id, binding=challenge.binding, owner=owner, at=at
    )
    assert state is not None
    return state


def call(challenge: Challenge) -> Rendered:
    rendered = mint(challenge)
    assert rendered is not None
    return rendered


def expected_keys(rendered: Rendered) -> str:
    assert rendered.voice is not None
    return rendered.voice.expect


def test_pressing_pound_answers_and_the_page_goes_on_once() -> None:
    owner = new_owner()
    challenge = asked(owner, channel="voice", rules=POUND)
    rendered = call(challenge)
    assert expected_keys(rendered) == "pound"
    assert rendered.code == ""
    assert not answer_call(challenge_id=challenge.id, digits="5", at=START)
    hear = get_kind("one_time_code_voice").on_keys
    assert hear is not None
    assert hear(challenge.id, "#", START)
    assert state_of(challenge, owner).status is ChallengeStatus.ANSWERED
    first = use_answered_call(challenge_id=challenge.id, binding=challenge.binding, at=START)
    again = use_answered_call(challenge_id=challenge.id, binding=challenge.binding, at=START)
    assert (first.verdict, again.verdict) == (Verdict.OK, Verdict.EXPIRED)


def test_the_page_does_not_go_on_before_the_call_is_answered_or_for_another_session() -> None:
    challenge = asked(new_owner(), channel="voice", rules=POUND)
    mint(challenge)
    assert not use_answered_call(
        challenge_id=challenge.id, binding=challenge.binding, at=START
    ).is_ok
    answer_call(challenge_id=challenge.id, digits="#", at=START)
    assert not use_answered_call(challenge_id=challenge.id, binding=uuid7(), at=START).is_ok


def test_digits_stand_on_the_screen_and_are_keyed_in() -> None:
    owner = new_owner()
    challenge = asked(owner, channel="voice", rules=DIGITS)
    rendered = call(challenge)
    assert expected_keys(rendered) == "digits"
    digits = state_of(challenge, owner).digits
    assert len(digits) == 6
    assert digits not in rendered.text
    assert not answer_call(challenge_id=challenge.id, digits=other_code(digits), at=START)
    assert not answer_call(challenge_id=challenge.id, digits="#", at=START)
    assert answer_call(challenge_id=challenge.id, digits=digits, at=START)


def test_the_digits_on_the_screen_are_no_answer_on_the_page() -> None:
    owner = new_owner()
    challenge = asked(owner, channel="voice", rules=DIGITS)
    call(challenge)
    typed = verify_challenge(
        challenge_id=challenge.id,
        binding=challenge.binding,
        code=state_of(challenge, owner).digits,
        at=START,
    )
    assert typed.verdict is Verdict.EXPIRED
    challenge.refresh_from_db()
    assert (challenge.used_at, challenge.answered_at) == (None, None)
    assert not use_answered_call(
        challenge_id=challenge.id, binding=challenge.binding, at=START
    ).is_ok


def test_wrong_digits_count_like_wrong_codes() -> None:
    owner = new_owner()
    challenge = asked(owner, channel="voice", rules=DIGITS)
    mint(challenge)
    digits = state_of(challenge, owner).digits
    for _ in range(3):
        assert not answer_call(challenge_id=challenge.id, digits=other_code(digits), at=START)
    assert not answer_call(challenge_id=challenge.id, digits=digits, at=START)


def test_keys_after_the_end_change_nothing() -> None:
    owner = new_owner()
    challenge = asked(owner, channel="voice", rules=POUND)
    mint(challenge)
    assert not answer_call(challenge_id=challenge.id, digits="#", at=after(seconds=300))
    assert state_of(challenge, owner, at=after(seconds=300)).status is ChallengeStatus.OVER
    assert not answer_call(challenge_id=uuid7(), digits="#", at=START)
