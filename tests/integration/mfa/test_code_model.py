"""One-time codes in the database against a model: sends, tries, use, while time goes on.

The model keeps a list of what was sent and asks it the sentences of the rules: at most so many
unused codes within so long, per owner and destination, per owner, per destination; so many tries,
which a new code does not give back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from core.common.ids import uuid7
from core.mfa.codes import CodeRules, Owner, OwnerKind
from core.mfa.models import Challenge
from core.mfa.services.challenges import StartRefusal, Verdict, verify_challenge
from tests.integration.mfa.helpers import ask, code_of, other_code
from tests.support.naive import fails_with
from tests.support.people import START

pytestmark = pytest.mark.django_db
ENOUGH = settings(max_examples=15, stateful_step_count=30, deadline=None)
ASKING = "core.mfa.services.challenges.asking"
RULES = CodeRules(life_seconds=300, max_attempts=3, hold_minutes=60)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
DAY = 24 * HOUR
# The sentences of docs/design.md and account-security.md, written down once more.
PER_OWNER_AND_DESTINATION = ((1, 30 * SECOND), (5, HOUR), (10, DAY))
PER_OWNER = ((15, HOUR), (30, DAY))
PER_DESTINATION = ((60, HOUR),)
WAITS = (SECOND, 29 * SECOND, 30 * SECOND, 299 * SECOND, 300 * SECOND, HOUR - SECOND, HOUR, DAY)


@dataclass
class Sent:
    """A code that went out."""

    owner: Owner
    destination: str
    at: datetime
    challenge: Challenge | None = None
    code: str = ""
    used: bool = False
    superseded: bool = False


class Codes(RuleBasedStateMachine):
    """Two owners and four destinations, some of which an office shares."""

    sent = Bundle("sent")

    @initialize()
    def begin(self) -> None:
        name = uuid7().hex
        self.owners = [Owner(OwnerKind.REGISTRATION, uuid7()) for _ in range(2)]
        self.bindings: dict[UUID, UUID] = {owner.id: uuid7() for owner in self.owners}
        self.places = [f"{place}.{name}@clinic.example" for place in range(4)]
        self.at = START
        self.all: list[Sent] = []
        self.tries: dict[UUID, int] = {owner.id: 0 for owner in self.owners}
        self.last_try: dict[UUID, datetime] = {}

    def _is_full(self, owner: Owner, destination: str) -> bool:
        counted = [one for one in self.all if not one.used]
        own = [one.at for one in counted if one.owner == owner]
        there = [one.at for one in counted if one.destination == destination]
        both = [one.at for one in counted if one.owner == owner and one.destination == destination]
        pairs = (
            (both, PER_OWNER_AND_DESTINATION),
            (own, PER_OWNER),
            (there, PER_DESTINATION),
        )
        return any(
            sum(moment > self.at - window for moment in moments) >= most
            for moments, limits in pairs
            for most, window in limits
        )

    def _tries_are_used_up(self, owner: Owner) -> bool:
        last = self.last_try.get(owner.id)
        if last is not None and last + 60 * MINUTE <= self.at:
            self.tries[owner.id] = 0
        return self.tries[owner.id] >= RULES.max_attempts

    @rule(target=sent, who=st.integers(0, 1), where=st.integers(0, 3))
    def send(self, who: int, where: int) -> Sent:
        owner, destination = self.owners[who], self.places[where]
        started = ask(
            owner,
            at=self.at,
            destination=destination,
            binding=self.bindings[owner.id],
            rules=RULES,
        )
        one = Sent(owner, destination, self.at)
        if self._tries_are_used_up(owner):
            assert started.refusal is StartRefusal.ATTEMPTS_USED
        elif self._is_full(owner, destination):
            assert started.refusal is StartRefusal.TOO_SOON
            assert started.retry_at is not None
            assert started.retry_at > self.at
        else:
            assert started.challenge is not None, started.refusal
            for former in self.all:
                former.superseded |= former.owner == owner
            one.challenge, one.code = started.challenge, code_of(started.challenge, at=self.at)
            self.all.append(one)
        return one

    @rule(where=st.integers(0, 3), count=st.sampled_from([29, 59]))
    def others_of_the_office_send(self, where: int, count: int) -> None:
        others = [
            Sent(Owner(OwnerKind.REGISTRATION, uuid7()), self.places[where], self.at)
            for _ in range(count)
        ]
        Challenge.objects.bulk_create(
            Challenge(
                owner_kind=one.owner.kind,
                owner_id=one.owner.id,
                purpose="verify_email",
                channel="email",
                destination=one.destination,
                binding=uuid7(),
                life_seconds=300,
                max_attempts=3,
                requested_at=one.at,
            )
            for one in others
        )
        self.all += others

    @rule(one=sent, is_right=st.booleans(), is_own=st.sampled_from([True, True, True, False]))
    def answer(self, one: Sent, *, is_right: bool, is_own: bool) -> None:
        if one.challenge is None:
            return
        verdict = verify_challenge(
            challenge_id=one.challenge.id,
            binding=one.challenge.binding if is_own else uuid7(),
            code=one.code if is_right else other_code(one.code),
            at=self.at,
        ).verdict
        tries = self.tries[one.owner.id]
        is_over = one.used or one.superseded or self.at >= one.at + 300 * SECOND
        if not is_own or is_over:
            assert verdict is Verdict.EXPIRED
        elif tries >= RULES.max_attempts:
            assert verdict is Verdict.USED_UP
        elif is_right:
            assert verdict is Verdict.OK
            one.used = True
            self.tries[one.owner.id], self.last_try[one.owner.id] = 0, self.at
        else:
            assert verdict is Verdict.WRONG
            self.tries[one.owner.id], self.last_try[one.owner.id] = tries + 1, self.at

    @rule(wait=st.sampled_from(WAITS))
    def wait(self, wait: timedelta) -> None:
        self.at += wait


def test_codes_follow_the_model() -> None:
    run_state_machine_as_test(Codes, settings=ENOUGH)


def three_wrong_tries_and_a_new_code() -> None:
    machine = Codes()
    machine.begin()
    one = machine.send(who=0, where=0)
    for _ in range(3):
        machine.answer(one=one, is_right=False, is_own=True)
    machine.wait(wait=30 * SECOND)
    machine.send(who=0, where=0)


def a_used_code_and_another() -> None:
    machine = Codes()
    machine.begin()
    machine.answer(one=machine.send(who=0, where=0), is_right=True, is_own=True)
    machine.send(who=0, where=0)


def test_a_new_code_that_gives_the_tries_back_does_not() -> None:
    """The naive way: the count belongs to the code, so each new one brings three tries more."""

    def naive(*_: object, **__: object) -> tuple[bool, None]:
        return False, None

    three_wrong_tries_and_a_new_code()
    fails_with(
        f"{ASKING}.closed_until", naive, three_wrong_tries_and_a_new_code, where="ATTEMPTS_USED"
    )


def test_a_wait_after_a_used_code_does_not() -> None:
    """The naive way: whatever was sent counts, whether it was used or not."""

    def naive(
        *_: object, counted: Owner, at: datetime
    ) -> tuple[StartRefusal | None, datetime | None]:
        newest = Challenge.objects.filter(owner_id=counted.id).order_by("-requested_at").first()
        end = newest.requested_at + 30 * SECOND if newest else at
        return (StartRefusal.TOO_SOON, end) if end > at else (None, None)

    a_used_code_and_another()
    fails_with(
        f"{ASKING}._why_not", naive, a_used_code_and_another, where="assert started.challenge"
    )
