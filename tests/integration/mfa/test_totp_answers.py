"""Codes of an authenticator app, answered once, counted with all other codes."""

from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from core.accounts.models import User
from core.accounts.services.locks import unlock_account
from core.audit.models import AuditEvent
from core.common.crypto import current_key_version
from core.mfa.authenticators.totp import matching_step, step_at
from core.mfa.codes import Owner, OwnerKind, Purpose
from core.mfa.models import Totp, TotpEnrolment
from core.mfa.services.challenges import Verdict
from core.mfa.services.totp import (
    ENROLMENT_LIFE,
    _open,
    confirm_app,
    find_app_secret,
    offer_app_secret,
    reseal_app_secrets,
    verify_app_code,
)
from core.mfa.services.tries import Asked
from tests.support.authenticators import App, give_app
from tests.support.naive import fails_with
from tests.support.people import START, make_person
from tests.support.threads import at_once


def asked(user: User, purpose: Purpose = Purpose.SIGN_IN) -> Asked:
    return Asked(user_id=user.id, purpose=purpose, channel="totp", contract_id=None)


def answer(user: User, code: str, *, seconds: int = 0) -> Verdict:
    at = START + timedelta(seconds=seconds)
    return verify_app_code(asked=asked(user), code=code, at=at).verdict


@pytest.mark.django_db
def test_a_code_is_right_once_and_so_is_none_before_it() -> None:
    user = make_person()
    app = give_app(user)
    assert answer(user, app.code(START)) is Verdict.OK
    assert answer(user, app.code(START)) is Verdict.WRONG
    assert answer(user, app.code(START, steps=-1)) is Verdict.WRONG
    assert answer(user, app.code(START, steps=1)) is Verdict.OK
    events = AuditEvent.objects.filter(event_type="challenge.failed").values_list("data", flat=True)
    assert [event["channel"] for event in events] == ["totp", "totp"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [(-31, Verdict.WRONG), (-30, Verdict.OK), (59, Verdict.OK), (60, Verdict.WRONG)],
)
def test_the_tolerance_is_one_step_each_side(seconds: int, verdict: Verdict) -> None:
    user = make_person()
    app = give_app(user)
    assert START.timestamp() % 30 == 0
    assert answer(user, app.code(START), seconds=seconds) is verdict


@pytest.mark.django_db
def test_wrong_codes_lock_the_account() -> None:
    user = make_person()
    app = give_app(user)
    wrong = app.wrong_code(START)
    assert [answer(user, wrong) for _try in range(3)] == [
        Verdict.WRONG,
        Verdict.WRONG,
        Verdict.LOCKED,
    ]
    assert answer(user, app.code(START)) is Verdict.LOCKED
    unlock_account(user_id=user.id, reason="test", by=None, at=START)
    assert answer(user, app.code(START)) is Verdict.OK


@pytest.mark.django_db
def test_the_secret_is_sealed_for_its_account_and_anew_under_a_newer_key(settings: object) -> None:
    user, other = make_person(), make_person("robin")
    app, others = give_app(user), give_app(other)
    row = Totp.objects.get(factor__user=user)
    assert app.secret not in bytes(row.sealed_secret)
    before = bytes(row.sealed_secret)
    keys = settings.PORTAL_SECRET_KEYS  # type: ignore[attr-defined]
    settings.PORTAL_SECRET_KEYS = {**keys, 2: "n" * 40}  # type: ignore[attr-defined]
    assert current_key_version() == 2
    assert answer(user, app.code(START)) is Verdict.OK
    assert reseal_app_secrets() == 2
    assert reseal_app_secrets() == 0
    settings.PORTAL_SECRET_KEYS = {2: "n" * 40}  # type: ignore[attr-defined]
    row.refresh_from_db()
    assert bytes(row.sealed_secret)[:2] != before[:2]
    assert answer(user, app.code(START, steps=1)) is Verdict.OK
    assert answer(other, others.code(START)) is Verdict.OK


@pytest.mark.django_db
def test_an_enrolment_shows_one_secret_until_it_is_over() -> None:
    owner = Owner(OwnerKind.ACCOUNT, make_person().id)
    app = App(offer_app_secret(owner=owner, at=START))
    assert offer_app_secret(owner=owner, at=START) == app.secret
    last = START + ENROLMENT_LIFE - timedelta(seconds=1)
    assert find_app_secret(owner=owner, at=last) == app.secret
    assert not confirm_app(owner=owner, code=app.wrong_code(last), at=last)
    assert confirm_app(owner=owner, code=app.code(last), at=last)
    over = START + ENROLMENT_LIFE
    assert find_app_secret(owner=owner, at=over) is None
    assert not confirm_app(owner=owner, code=app.code(over), at=over)
    assert offer_app_secret(owner=owner, at=over) != app.secret
    assert TotpEnrolment.objects.get(owner_id=owner.id).confirmed_step is None


def the_same_code_sixteen_times_at_once_is_right_once() -> None:
    user = make_person()
    app = give_app(user)
    verdicts = Counter(at_once(16, lambda _place: answer(user, app.code(START))))
    assert verdicts[Verdict.OK] == 1
    assert Totp.objects.get(factor__user=user).last_step == step_at(START)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_same_code_sixteen_times_at_once_is_right_once() -> None:
    the_same_code_sixteen_times_at_once_is_right_once()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_naive_way_takes_one_code_more_than_once() -> None:
    """The naive way compares within the tolerance, and keeps no step."""

    def naive(user_id: UUID, code: str, *, at: datetime) -> bool:
        row = Totp.objects.get(factor__user_id=user_id)
        secret = _open(bytes(row.sealed_secret), Owner(OwnerKind.ACCOUNT, user_id))
        return matching_step(secret, code, at=at) is not None

    fails_with(
        "core.mfa.services.totp._use_code",
        naive,
        the_same_code_sixteen_times_at_once_is_right_once,
        where="assert verdicts[Verdict.OK] == 1",
    )
