"""Passkeys: what an answer must be, once for each question."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common.ids import uuid7
from core.mfa.authenticators.passkeys import RelyingParty
from core.mfa.codes import Purpose
from core.mfa.models import Passkey, PasskeyCeremony
from core.mfa.services.challenges import Verdict
from core.mfa.services.passkeys import QUESTION_LIFE, ask_for_passkey, verify_passkey
from core.mfa.services.tries import Asked
from core.notifications.models import LocalMessage
from tests.support.authenticators import USER_PRESENT, SecurityKey, give_key
from tests.support.people import START, deliver_all, make_person
from tests.support.threads import at_once

PARTY = RelyingParty("testserver", "Sample", "http://testserver")


def asked(user: User, purpose: Purpose = Purpose.SIGN_IN) -> Asked:
    return Asked(user.id, purpose, "passkey", None)


def question(user: User, binding: UUID, purpose: Purpose = Purpose.SIGN_IN) -> dict[str, Any]:
    options = ask_for_passkey(asked=asked(user, purpose), binding=binding, party=PARTY, at=START)
    assert options is not None
    return options


def check(
    user: User,
    binding: UUID,
    answer: dict[str, Any],
    *,
    purpose: Purpose = Purpose.SIGN_IN,
    party: RelyingParty = PARTY,
    seconds: float = 0,
) -> Verdict:
    return verify_passkey(
        asked=asked(user, purpose),
        binding=binding,
        party=party,
        response=answer,
        at=START + timedelta(seconds=seconds),
    ).verdict


@pytest.mark.django_db
def test_a_signed_question_is_right_once() -> None:
    user, binding = make_person(), uuid7()
    key = give_key(user)
    options = question(user, binding)
    assert options["publicKey"]["userVerification"] == "required"
    assert options["publicKey"]["rpId"] == "testserver"
    answer = key.sign(options)
    assert check(user, binding, answer) is Verdict.OK
    assert check(user, binding, answer) is Verdict.EXPIRED
    row = Passkey.objects.get(factor__user=user)
    assert (row.sign_count, row.last_used_at) == (1, START)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("key", "client"),
    [
        (SecurityKey(flags=USER_PRESENT), {}),
        (SecurityKey(origin="https://false.example"), {}),
        (SecurityKey(rp_id="false.example"), {}),
        (SecurityKey(), {"crossOrigin": True}),
        (SecurityKey(), {"type": "webauthn.create"}),
    ],
    ids=["unverified", "other origin", "other domain", "framed", "other ceremony"],
)
def test_what_is_not_accepted(key: SecurityKey, client: dict[str, Any]) -> None:
    user, binding = make_person(), uuid7()
    give_key(user, key)
    Passkey.objects.update(rp_id="testserver")
    answer = key.sign(question(user, binding), **client)
    assert check(user, binding, answer) is Verdict.WRONG
    assert AuditEvent.objects.filter(event_type="passkey.refused").count() == 1
    user.refresh_from_db()
    assert user.failed_at == []


@pytest.mark.django_db
def test_a_question_is_for_one_browser_one_purpose_one_person_and_five_minutes() -> None:
    user, other, binding = make_person(), make_person("robin"), uuid7()
    key, others = give_key(user), give_key(other)

    def fresh() -> dict[str, Any]:
        return key.sign(question(user, binding))

    assert check(user, uuid7(), fresh()) is Verdict.EXPIRED
    assert check(user, binding, fresh(), purpose=Purpose.STEP_UP) is Verdict.EXPIRED
    elsewhere = RelyingParty("other.localhost", "Sample", "http://other.localhost")
    assert check(user, binding, fresh(), party=elsewhere) is Verdict.EXPIRED
    assert check(other, binding, fresh()) is Verdict.EXPIRED
    assert check(user, binding, others.sign(question(user, binding))) is Verdict.WRONG
    life = QUESTION_LIFE.total_seconds()
    assert check(user, binding, fresh(), seconds=life) is Verdict.EXPIRED
    assert check(user, binding, fresh(), seconds=life - 1) is Verdict.OK


@pytest.mark.django_db
def test_a_counter_that_does_not_rise_stops_the_passkey_and_tells_the_owner() -> None:
    user, binding = make_person(), uuid7()
    key = give_key(user, SecurityKey(counter=7))
    assert check(user, binding, key.sign(question(user, binding))) is Verdict.OK
    copied = key.sign(question(user, binding), counts=False)
    assert check(user, binding, copied) is Verdict.WRONG
    assert Passkey.objects.get().suspended_at == START
    assert ask_for_passkey(asked=asked(user), binding=binding, party=PARTY, at=START) is None
    event = AuditEvent.objects.get(event_type="passkey.suspended")
    assert (event.data["counter"], event.data["known_counter"]) == (8, 8)
    deliver_all()
    assert LocalMessage.objects.filter(subject__startswith="A passkey was stopped").count() == 1


@pytest.mark.django_db
def test_a_passkey_that_never_counts_is_right_each_time() -> None:
    user, binding = make_person(), uuid7()
    key = give_key(user)
    for _time in range(2):
        answer = key.sign(question(user, binding), counts=False)
        assert check(user, binding, answer) is Verdict.OK


@pytest.mark.django_db
@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"response": None},
        {"response": {"clientDataJSON": 5}},
        {"response": {"clientDataJSON": "e30"}},
    ],
)
def test_odd_answers_are_refused(odd: dict[str, Any]) -> None:
    user = make_person()
    give_key(user)
    assert check(user, uuid7(), odd) is Verdict.EXPIRED


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["authenticatorData", "signature", "userHandle"])
def test_broken_parts_are_refused(part: str) -> None:
    user, binding = make_person(), uuid7()
    key = give_key(user)
    answer = key.sign(question(user, binding))
    answer["response"][part] = "AAAA"
    assert check(user, binding, answer) is Verdict.WRONG


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_same_answer_sixteen_times_at_once_is_right_once() -> None:
    user, binding = make_person(), uuid7()
    key = give_key(user)
    answer = key.sign(question(user, binding))
    verdicts = Counter(at_once(16, lambda _place: check(user, binding, answer)))
    assert verdicts == {Verdict.OK: 1, Verdict.EXPIRED: 15}
    assert PasskeyCeremony.objects.filter(used_at__isnull=False).count() == 1
