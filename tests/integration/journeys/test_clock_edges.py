"""Every limit one second before it, on it, and one second after: it holds to the second.

Each row makes what has a limit under the rules of a sample program and tells, for a moment, whether
it still counts. The figures stand here as the source documents print them.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import RequestFactory

from core.accounts.inactivity.rules import DisuseRules, what_is_due
from core.accounts.models import User
from core.accounts.policies import effective_policy
from core.accounts.services.locks import lock_rules, record_failure
from core.accounts.sessions.guarding import SessionRecord, why_ended
from core.common.ids import uuid7
from core.mfa.codes import CodeRules, Owner, OwnerKind, Purpose
from core.mfa.models import Challenge, Factor, LinkReason
from core.mfa.policies import registration_rules, sign_in_rules
from core.mfa.proving.freshness import is_fresh
from core.mfa.services.browsers import find_known_browser, remember_browser
from core.mfa.services.challenges import verify_challenge
from core.mfa.services.registration_links import follow_account_link, life_of, mint_account_token
from core.mfa.services.resets import begin_reset, find_reset
from tenants.context import ActiveContract
from tests.integration.mfa.helpers import ask, asked, code_of
from tests.support.naive import fails_with
from tests.support.people import START, make_person, make_provider

pytestmark = pytest.mark.django_db
Counts = Callable[[datetime], bool]
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
DAY = 24 * HOUR


def code(user: User, channel: str, purpose: Purpose = Purpose.SIGN_IN) -> Counts:
    policy = effective_policy(user.id)
    proves = purpose is not Purpose.SIGN_IN
    rules = (
        registration_rules(policy, channel, purpose) if proves else sign_in_rules(policy, channel)
    )
    return answered(rules, channel, purpose)


def answered(rules: CodeRules, channel: str, purpose: Purpose) -> Counts:
    owner = Owner(OwnerKind.REGISTRATION, uuid7())
    challenge = asked(owner, rules=rules, channel=channel, purpose=purpose)
    typed = code_of(challenge)
    return lambda at: (
        verify_challenge(
            challenge_id=challenge.id, binding=challenge.binding, code=typed, at=at
        ).is_ok
    )


def longest_code(_user: User, _contract: ActiveContract) -> Counts:
    return answered(CodeRules(3600, 3, None).capped(), "email", Purpose.VERIFY_EMAIL)


def wait_after(count: int, apart: timedelta) -> Callable[[User, ActiveContract], Counts]:
    """Return what tells whether one still has to wait after so many codes, so far apart."""

    def make(_user: User, _contract: ActiveContract) -> Counts:
        owner, place = Owner(OwnerKind.REGISTRATION, uuid7()), f"{uuid7().hex}@clinic.example"
        Challenge.objects.bulk_create(
            Challenge(
                owner_kind=owner.kind,
                owner_id=owner.id,
                purpose=Purpose.VERIFY_EMAIL,
                channel="email",
                destination=place,
                binding=uuid7(),
                life_seconds=300,
                max_attempts=3,
                requested_at=START + number * apart,
            )
            for number in range(count)
        )
        return lambda at: ask(owner, destination=place, at=at).challenge is None

    return make


def registration_link(user: User, contract: ActiveContract) -> Counts:
    Factor.objects.filter(user=user).delete()
    life = life_of(LinkReason.RESET, effective_policy(user.id))
    token, _end = mint_account_token(
        user=user, reason=LinkReason.RESET, contract_id=contract.id, life=life, at=START
    )
    return lambda at: follow_account_link(contract=contract, token=token, at=at) is not None


def reset_run(user: User, contract: ActiveContract) -> Counts:
    reset = begin_reset(
        email=user.email, contract_id=contract.id, address="", replaces=None, at=START
    ).reset
    assert reset is not None
    return lambda at: find_reset(reset.id, at=at) is not None


def timed_lock(user: User, _contract: ActiveContract) -> Counts:
    rules = lock_rules(effective_policy(make_person("alone").id))
    for _ in range(rules.failures):
        record_failure(user_id=user.id, rules=rules, at=START)
    return lambda at: User.objects.get(pk=user.pk).is_locked(at)


def one_more_failure(before: Callable[[int], list[timedelta]]) -> Callable[..., Counts]:
    """Return what tells whether one more failure locks, after those of so long since the start."""

    def make(user: User, _contract: ActiveContract) -> Counts:
        rules = lock_rules(effective_policy(make_person("alone").id))
        for since in before(rules.failures - 1):
            record_failure(user_id=user.id, rules=rules, at=START + since)

        def locks(at: datetime) -> bool:
            state = record_failure(user_id=user.id, rules=rules, at=at)
            return state is not None and state.is_locked(at)

        return locks

    return make


def together(count: int) -> list[timedelta]:
    return [timedelta()] * count


def after_one_that_is_out(count: int) -> list[timedelta]:
    """The first has left the window before the last comes; they count from the second on."""
    return [-HOUR, *together(count - 1), HOUR]


def session(*, busy: bool) -> Callable[[User, ActiveContract], Counts]:
    def make(user: User, _contract: ActiveContract) -> Counts:
        limits = effective_policy(user.id).sessions

        def goes_on(at: datetime) -> bool:
            seen = at - SECOND if busy else START
            record = SessionRecord(
                host="portal",
                security_epoch=0,
                policy_epochs={},
                began_at=START.timestamp(),
                seen_at=seen.timestamp(),
                idle_seconds=limits.idle_minutes * 60,
                absolute_seconds=limits.absolute_hours * 3600,
            )
            return (
                why_ended(record, host="portal", security_epoch=0, policy_epochs={}, at=at) is None
            )

        return goes_on

    return make


def remembered_browser(user: User, _contract: ActiveContract) -> Counts:
    memory = remember_browser(user=user, option="phone", host="portal", replaces="", at=START)
    assert memory is not None
    return lambda at: find_known_browser(token=memory.token, host="portal", at=at) is not None


def fresh_sign_in(user: User, _contract: ActiveContract) -> Counts:
    request = RequestFactory().get("/")
    request.user = user
    moment = START.timestamp()
    request.session = {  # type: ignore[assignment]
        "account_authentication_methods": [
            {"method": "password", "at": moment},
            {"method": "mfa", "type": "sms", "at": moment},
        ],
        "account_authentication_methods_user": str(user.pk),
    }
    return lambda at: is_fresh(request, user, at=at)


def unused_account(user: User, contract: ActiveContract) -> Counts:
    rules = effective_policy(user.id).accounts
    zone = contract.document.contract.time_zone
    disuse = DisuseRules(rules.inactivity_days, rules.inactivity_warn_days, zone)

    def is_open(at: datetime) -> bool:
        due = what_is_due(START, disuse, at=at)
        return due is None or due.warning is not None

    return is_open


def sixtieth_day(contract: ActiveContract) -> datetime:
    """Return when the sixtieth day after the last use begins, past the change of the clocks."""
    zone = ZoneInfo(contract.document.contract.time_zone)
    return datetime(2026, 5, 1, tzinfo=zone)


Row = tuple[Callable[[User, ActiveContract], Counts], timedelta]
LIMITS: dict[str, Row] = {
    "sign-in code by e-mail": (lambda user, _: code(user, "email"), 30 * SECOND),
    "sign-in code by text": (lambda user, _: code(user, "sms"), 5 * MINUTE),
    "code for an address": (
        lambda user, _: code(user, "email", Purpose.VERIFY_EMAIL),
        5 * MINUTE,
    ),
    "any code": (longest_code, 10 * MINUTE),
    "wait after one code": (wait_after(1, SECOND), 30 * SECOND),
    "wait after five codes": (wait_after(5, MINUTE), HOUR),
    "wait after ten codes": (wait_after(10, 2 * HOUR), DAY),
    "link after Reset Registration": (registration_link, 48 * HOUR),
    "Forgot password": (reset_run, 20 * MINUTE),
    "lock of the default": (timed_lock, 60 * MINUTE),
    "failures of the default": (one_more_failure(together), 120 * MINUTE),
    "failures in a window that slid": (one_more_failure(after_one_that_is_out), 120 * MINUTE),
    "idle session": (session(busy=False), 15 * MINUTE),
    "longest session": (session(busy=True), 12 * HOUR),
    "remembered browser": (remembered_browser, 4 * HOUR),
    "fresh sign-in": (fresh_sign_in, 5 * MINUTE),
}


@pytest.fixture
def dana(contract_a: ActiveContract) -> User:
    user = make_person()
    make_provider(user, contract_a)
    return user


@pytest.mark.parametrize("seconds", [-1, 0, 1])
@pytest.mark.parametrize("name", LIMITS)
def test_it_holds_to_the_second(
    dana: User, contract_a: ActiveContract, name: str, seconds: int
) -> None:
    make, limit = LIMITS[name]
    counts = make(dana, contract_a)
    assert counts(START + limit + seconds * SECOND) is (seconds < 0)


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_an_unused_account_closes_with_the_beginning_of_its_day(
    dana: User, contract_a: ActiveContract, seconds: int
) -> None:
    counts = unused_account(dana, contract_a)
    assert counts(sixtieth_day(contract_a) + seconds * SECOND) is (seconds < 0)


def test_a_documented_lock_has_no_end(dana: User) -> None:
    rules = lock_rules(effective_policy(dana.id))
    for _ in range(3):
        record_failure(user_id=dana.id, rules=rules, at=START)
    assert User.objects.get(pk=dana.pk).is_locked(START + 3650 * DAY)


@pytest.mark.parametrize("name", ["sign-in code by e-mail", "any code"])
def test_a_code_that_ends_after_its_last_second_does_not(
    dana: User, contract_a: ActiveContract, name: str
) -> None:
    """The naive way: good up to and with the moment that the page prints."""

    def naive(challenge: Challenge, at: datetime) -> bool:
        return challenge.expires_at is not None and at <= challenge.expires_at

    fails_with(
        "core.mfa.models.Challenge.is_open",
        naive,
        lambda: test_it_holds_to_the_second(dana, contract_a, name, 0),
        where="assert counts(START + limit + seconds * SECOND) is (seconds < 0)",
    )
