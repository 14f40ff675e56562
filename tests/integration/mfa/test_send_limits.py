"""How many codes may be sent to whom."""

from collections.abc import Callable

import pytest

from core.common.ids import uuid7
from core.mfa.codes import OWNER_AND_DESTINATION_LIMITS
from core.mfa.services.challenges import StartRefusal, verify_challenge
from tests.integration.mfa.helpers import ask, asked, code_of
from tests.integration.mfa.helpers import registration_owner as new_owner
from tests.support.naive import fails_with
from tests.support.people import PHONE, after

pytestmark = pytest.mark.django_db


def test_one_in_thirty_seconds_by_text_and_call_together() -> None:
    owner = new_owner()
    asked(owner, channel="sms")
    refused = ask(owner, channel="voice", at=after(seconds=29))
    assert (refused.refusal, refused.retry_at) == (StartRefusal.TOO_SOON, after(seconds=30))
    assert ask(owner, channel="voice", at=after(seconds=30)).challenge is not None


def test_another_destination_is_possible_at_once() -> None:
    owner = new_owner()
    asked(owner, channel="sms")
    assert ask(owner, channel="email", at=after(seconds=1)).challenge is not None


def test_five_in_an_hour_and_ten_in_a_day() -> None:
    owner = new_owner()
    for place in range(5):
        asked(owner, at=after(minutes=place))
    refused = ask(owner, at=after(minutes=30))
    assert refused.retry_at == after(minutes=60)
    for place in range(5):
        asked(owner, at=after(minutes=70 + place))
    refused = ask(owner, at=after(hours=20))
    assert refused.retry_at == after(days=1)


def test_a_new_session_does_not_reset_the_limit() -> None:
    owner = new_owner()
    asked(owner, binding=uuid7())
    assert ask(owner, binding=uuid7(), at=after(seconds=5)).refusal is StartRefusal.TOO_SOON


def test_used_codes_do_not_count() -> None:
    owner = new_owner()
    for place in range(12):
        at = after(seconds=place)
        challenge = asked(owner, at=at)
        code = code_of(challenge, at=at)
        assert verify_challenge(
            challenge_id=challenge.id, binding=challenge.binding, code=code, at=at
        ).is_ok


def test_one_owner_cannot_spread_codes_over_ever_new_addresses() -> None:
    owner = new_owner()
    for place in range(15):
        asked(owner, destination=f"person{place}@clinic.example", at=after(seconds=place))
    refused = ask(owner, destination="one.more@clinic.example", at=after(minutes=1))
    assert refused.refusal is StartRefusal.TOO_SOON


def test_a_shared_landline_takes_sixty_in_an_hour_and_no_more() -> None:
    for place in range(60):
        asked(new_owner(), channel="voice", destination=PHONE, at=after(seconds=place))
    refused = ask(new_owner(), channel="voice", destination=PHONE, at=after(minutes=30))
    assert refused.retry_at == after(hours=1)


@pytest.mark.parametrize(
    ("left_out", "naive", "check", "where"),
    [
        (
            "OWNER_AND_DESTINATION_LIMITS",
            OWNER_AND_DESTINATION_LIMITS[:1],
            test_five_in_an_hour_and_ten_in_a_day,
            "assert refused.retry_at == after(minutes=60)",
        ),
        (
            "OWNER_LIMITS",
            (),
            test_one_owner_cannot_spread_codes_over_ever_new_addresses,
            "assert refused.refusal is StartRefusal.TOO_SOON",
        ),
        (
            "DESTINATION_LIMITS",
            (),
            test_a_shared_landline_takes_sixty_in_an_hour_and_no_more,
            "assert refused.retry_at == after(hours=1)",
        ),
    ],
)
def test_a_pause_between_two_codes_would_be_no_limit(
    left_out: str, naive: object, check: Callable[[], None], where: str
) -> None:
    """The naive way: one code in half a minute, all day and to everybody."""
    fails_with(f"core.mfa.limits.{left_out}", naive, check, where=where)
