"""One-time codes: life, binding, tries, single use, superseding."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from django.db import connection

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.audit.recording import Happening
from core.common.ids import uuid7
from core.mfa.codes import CodeRules, Owner, OwnerKind, Purpose
from core.mfa.models import Challenge
from core.mfa.services.challenges import StartRefusal, Verdict, VerifyResult, verify_challenge
from core.mfa.services.challenges.events import happening_of
from core.notifications.models import OutboxMessage
from tests.integration.mfa.helpers import RULES, ask, asked, code_of, mint, other_code
from tests.integration.mfa.helpers import registration_owner as new_owner
from tests.support.naive import fails_with
from tests.support.people import START, after, make_person

pytestmark = pytest.mark.django_db


def answer(
    challenge: Challenge, code: str, *, at: datetime = START, binding: UUID | None = None
) -> VerifyResult:
    return verify_challenge(
        challenge_id=challenge.id, binding=binding or challenge.binding, code=code, at=at
    )


def test_right_code_works_once() -> None:
    challenge = asked(new_owner())
    code = code_of(challenge)
    assert answer(challenge, code).verdict is Verdict.OK
    assert answer(challenge, code).verdict is Verdict.EXPIRED


def test_code_may_be_typed_with_spaces() -> None:
    challenge = asked(new_owner())
    code = code_of(challenge)
    assert answer(challenge, f" {code[:3]} {code[3:]} ").is_ok


@pytest.mark.parametrize(
    ("seconds", "verdict"), [(29, Verdict.OK), (30, Verdict.EXPIRED), (31, Verdict.EXPIRED)]
)
def test_life_runs_from_hand_over_and_ends_on_the_second(seconds: int, verdict: Verdict) -> None:
    rules = CodeRules(life_seconds=30, max_attempts=3, hold_minutes=None)
    challenge = asked(new_owner(), rules=rules)
    handed_over = after(seconds=50)
    code = code_of(challenge, at=handed_over)
    at = handed_over + timedelta(seconds=seconds)
    assert answer(challenge, code, at=at).verdict is verdict


def test_no_configuration_makes_a_code_live_longer_than_ten_minutes() -> None:
    rules = CodeRules(life_seconds=86_400, max_attempts=3, hold_minutes=None)
    challenge = asked(new_owner(), rules=rules)
    code = code_of(challenge)
    assert answer(challenge, code, at=after(seconds=600)).verdict is Verdict.EXPIRED
    assert answer(challenge, code, at=after(seconds=599)).is_ok


def test_code_is_bound_to_who_asked() -> None:
    challenge = asked(new_owner())
    code = code_of(challenge)
    assert answer(challenge, code, binding=uuid7()).verdict is Verdict.EXPIRED
    assert answer(challenge, code).is_ok


def test_code_of_one_challenge_is_worthless_in_another() -> None:
    owner = new_owner()
    first = asked(owner, binding=uuid7())
    code = code_of(first)
    second = asked(owner, binding=uuid7(), destination="other@clinic.example")
    Challenge.objects.filter(pk=second.pk).update(
        code_digest=Challenge.objects.get(pk=first.pk).code_digest,
        key_version=1,
        sent_at=START,
        expires_at=after(minutes=5),
    )
    assert answer(second, code).verdict is Verdict.WRONG


def test_newer_code_replaces_the_one_before_and_the_count_goes_on() -> None:
    owner, binding = new_owner(), uuid7()
    first = asked(owner, binding=binding)
    code = code_of(first)
    assert answer(first, other_code(code)).attempts_left == 2
    assert answer(first, other_code(code)).attempts_left == 1
    second = asked(owner, binding=binding, at=after(seconds=31))
    newer = code_of(second, at=after(seconds=31))
    at = after(seconds=32)
    assert answer(first, code, at=at).verdict is Verdict.EXPIRED
    assert answer(second, other_code(newer), at=at).attempts_left == 0
    assert answer(second, newer, at=at).verdict is Verdict.USED_UP


def test_new_session_and_host_bring_no_new_tries() -> None:
    owner = new_owner()
    for place, seconds in enumerate((0, 40, 80)):
        challenge = asked(owner, binding=uuid7(), at=after(seconds=seconds))
        code = code_of(challenge, at=after(seconds=seconds))
        left = answer(challenge, other_code(code), at=after(seconds=seconds)).attempts_left
        assert left == 2 - place
    refused = ask(owner, binding=uuid7(), at=after(minutes=5))
    assert refused.refusal is StartRefusal.ATTEMPTS_USED


def test_tries_come_back_after_the_hold() -> None:
    rules = CodeRules(life_seconds=300, max_attempts=1, hold_minutes=60)
    owner = new_owner()
    challenge = asked(owner, rules=rules)
    answer(challenge, other_code(code_of(challenge)))
    refused = ask(owner, rules=rules, at=after(minutes=59))
    assert refused.refusal is StartRefusal.ATTEMPTS_USED
    assert refused.retry_at == after(minutes=60)
    assert ask(owner, rules=rules, at=after(minutes=60)).challenge is not None


def test_right_code_sets_the_count_back() -> None:
    owner = new_owner()
    first = asked(owner)
    code = code_of(first)
    answer(first, other_code(code))
    assert answer(first, code).is_ok
    second = asked(owner, at=after(seconds=1))
    wrong = other_code(code_of(second, at=after(seconds=1)))
    assert answer(second, wrong, at=after(seconds=2)).attempts_left == 2


def test_wrong_codes_lock_the_account_and_the_last_one_allowed_closes_it() -> None:
    user = make_person()
    owner = Owner(OwnerKind.ACCOUNT, user.id)
    challenge = asked(owner, purpose=Purpose.SIGN_IN)
    code = code_of(challenge)
    assert answer(challenge, other_code(code)).verdict is Verdict.WRONG
    assert answer(challenge, other_code(code)).verdict is Verdict.WRONG
    assert answer(challenge, other_code(code)).verdict is Verdict.LOCKED
    assert answer(challenge, code).verdict is Verdict.LOCKED
    assert User.objects.get(pk=user.pk).is_locked(START)
    assert ask(owner, at=after(minutes=59)).refusal is StartRefusal.LOCKED


def test_nothing_is_minted_for_what_is_superseded_used_or_locked() -> None:
    owner, binding = new_owner(), uuid7()
    first = asked(owner, binding=binding)
    second = asked(owner, binding=binding, at=after(seconds=31))
    assert mint(first, at=after(seconds=31)) is None
    code = code_of(second, at=after(seconds=31))
    assert answer(second, code, at=after(seconds=32)).is_ok
    assert mint(second, at=after(seconds=33)) is None


def test_code_stands_nowhere_but_in_the_message() -> None:
    # Longer than any, so that it stands nowhere by chance: in a time, or in a key.
    code = "402817365940"
    with mock.patch("core.mfa.messages.new_numeric_code", return_value=code):
        assert code_of(asked(new_owner())) == code
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table == "spatial_ref_sys":
                continue
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS row WHERE row::text LIKE ANY(%s)',
                [[f"%{code}%", f"%{code.encode().hex()}%"]],
            )
            if cursor.fetchone()[0]:
                found.append(table)
    assert found == []


def test_message_names_no_code_and_no_address_in_its_context() -> None:
    challenge = asked(new_owner())
    message = OutboxMessage.objects.get(subject_id=challenge.id)
    assert message.context == {}


def test_every_step_is_audited_with_ids_only() -> None:
    challenge = asked(new_owner())
    code = code_of(challenge)
    answer(challenge, other_code(code))
    answer(challenge, code)
    audited = AuditEvent.objects.filter(event_type__startswith="challenge.").order_by("id")
    events = list(audited.values_list("event_type", "data"))
    assert [name for name, _ in events] == [
        "challenge.started",
        "challenge.failed",
        "challenge.verified",
    ]
    assert "clinic.example" not in str(events)


def test_unlocking_brings_the_tries_back() -> None:
    from core.accounts.services.locks import unlock_account

    user = make_person()
    owner = Owner(OwnerKind.ACCOUNT, user.id)
    challenge = asked(owner, purpose=Purpose.SIGN_IN)
    wrong = other_code(code_of(challenge))
    for _ in range(RULES.max_attempts):
        answer(challenge, wrong)
    unlock_account(user_id=user.id, reason="proven by phone", by=None, at=after(minutes=1))
    assert ask(owner, purpose=Purpose.SIGN_IN, at=after(minutes=2)).challenge is not None


def test_a_code_that_is_kept_as_it_is_would_stand_in_its_row() -> None:
    """The naive way: to compare a code, keep it."""
    fails_with(
        "core.mfa.messages.code_digest",
        lambda code, **_bound_to: code.encode(),
        test_code_stands_nowhere_but_in_the_message,
        where="assert found == []",
    )


def test_a_life_as_it_was_configured_would_be_longer_than_ten_minutes() -> None:
    """The naive way: the figure of the document, whatever it is."""

    def naive(challenge: Challenge, *, at: datetime) -> None:
        challenge.sent_at, challenge.expires_at = at, at + timedelta(days=1)
        challenge.save()

    fails_with(
        "core.mfa.messages._start_life",
        naive,
        test_no_configuration_makes_a_code_live_longer_than_ten_minutes,
        where="assert answer(challenge, code, at=after(seconds=600)).verdict is Verdict.EXPIRED",
    )


def test_an_event_that_says_where_the_code_went_would_name_somebody() -> None:
    """The naive way: an event tells all that there is to know."""

    def naive(challenge: Challenge, verb: str, **more: Any) -> Happening:
        happening = happening_of(challenge, verb, **more)
        return replace(happening, data={**happening.data, "to": challenge.destination})

    fails_with(
        "core.mfa.services.challenges.asking.happening_of",
        naive,
        test_every_step_is_audited_with_ids_only,
        where='assert "clinic.example" not in str(events)',
    )
