"""What a stranger's run sees and does to the owner's: nothing."""

import re
from datetime import timedelta
from unittest import mock
from uuid import UUID

import pytest
from django.db.models import F
from django.test import Client

from core.accounts.models import User
from core.accounts.policies import effective_policy
from core.accounts.services.accounts import deactivate_account, end_sessions
from core.accounts.services.locks import lock_rules, record_failure
from core.common import clock
from core.mfa.codes import OWNER_AND_DESTINATION_LIMITS, STRANGER_LIMITS, Owner
from core.mfa.models import Challenge, PasswordReset
from core.notifications.models import LocalMessage
from tests.integration.resets.walking import begin, choose_password, prove_email, prove_phone
from tests.support.naive import fails_with
from tests.support.people import (
    PASSWORD,
    START,
    deliver_all,
    last_code,
    make_person,
    sign_in_by_email,
)

pytestmark = pytest.mark.django_db
CODE = "/forgot-password/code/"
NOBODY = "nobody@clinic.example"


def no_waiting() -> None:
    """Let the next code go out at once."""
    Challenge.objects.update(requested_at=START)


def guess(client: Client) -> str:
    """Type a wrong code; returns what the page says of the tries."""
    page = client.post(CODE, {"action": "verify", "code": "000000"}).content.decode()
    found = re.search(r"You have \d more tr|[Tt]oo many", page)
    return found.group(0) if found else page


@pytest.mark.parametrize("act", ["epoch", "deactivated", "own_run"])
def test_a_strangers_run_does_not_end_by_what_the_owner_does(act: str) -> None:
    user = make_person()
    known, unknown = Client(), Client()
    for client, email in ((known, user.email), (unknown, NOBODY)):
        begin(client, email)
    deliver_all()
    no_waiting()
    if act == "epoch":
        end_sessions(user_id=user.id, reason="password_changed", by=user.id, at=clock.now())
    elif act == "deactivated":
        deactivate_account(user_id=user.id, reason="left", by=None, at=clock.now())
    else:
        owner = Client()
        begin(owner, user.email)
        prove_email(owner, user.email)
        prove_phone(owner)
        choose_password(owner)
    assert known.get(CODE).status_code == unknown.get(CODE).status_code == 200
    sent = [client.post(CODE, {"action": "send"}).status_code for client in (known, unknown)]
    assert len(set(sent)) == 1


def test_the_right_code_after_a_change_opens_nothing_and_ends_the_run(client: Client) -> None:
    user = make_person()
    begin(client, user.email)
    code = last_code(user.email)
    end_sessions(user_id=user.id, reason="password_changed", by=user.id, at=clock.now())
    client.post(CODE, {"action": "verify", "code": code})
    run = PasswordReset.objects.get()
    assert run.email_verified_at is None
    assert run.closed_at is not None
    assert client.get(CODE).status_code == 410
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_the_owners_success_brings_a_stranger_no_tries_back() -> None:
    user = make_person()
    told = []
    for email in (user.email, NOBODY):
        stranger = Client()
        begin(stranger, email)
        deliver_all()
        first = guess(stranger)
        no_waiting()
        if email == user.email:
            owner = Client()
            begin(owner, email)
            prove_email(owner, email)
        told.append((first, guess(stranger), guess(stranger)))
    assert told[0] == told[1]


def test_a_strangers_wrong_codes_leave_the_owner_a_way_back() -> None:
    user = make_person()
    stranger, owner = Client(), Client()
    begin(stranger, user.email)
    deliver_all()
    for _ in range(3):
        guess(stranger)
    rules = lock_rules(effective_policy(user.pk))
    record_failure(user_id=user.pk, rules=rules, at=clock.now(), final=True)
    assert User.objects.get(pk=user.pk).is_locked(clock.now())
    no_waiting()
    begin(owner, user.email)
    assert mails_to(user.email) == 2
    prove_email(owner, user.email)
    prove_phone(owner)
    assert choose_password(owner).headers["Location"] == "/home/"
    assert not User.objects.get(pk=user.pk).is_locked(clock.now())


def mails_to(address: str) -> int:
    deliver_all()
    return LocalMessage.objects.filter(to=address).exclude(code="").count()


def test_strangers_use_up_none_of_the_codes_that_the_owner_asks_for() -> None:
    """Neither those of Forgot password nor those of the sign-in."""
    user = make_person()
    per_hour = OWNER_AND_DESTINATION_LIMITS[1].count
    for place in range(per_hour + 2):
        begin(Client(REMOTE_ADDR="192.0.2.66"), user.email)
        Challenge.objects.update(requested_at=F("requested_at") - timedelta(minutes=1))
        assert mails_to(user.email) == min(place + 1, per_hour)
    owner = Client(REMOTE_ADDR="192.0.2.7")
    begin(owner, user.email)
    assert mails_to(user.email) == per_hour + 1
    sign_in_by_email(Client(REMOTE_ADDR="192.0.2.7"), user)
    assert mails_to(user.email) == per_hour + 2


def test_what_strangers_send_to_one_address_is_bounded_wherever_they_are() -> None:
    user = make_person()
    hourly = STRANGER_LIMITS[0].count
    for place in range(hourly + 2):
        begin(Client(REMOTE_ADDR=f"192.0.2.{place}"), user.email)
    assert mails_to(user.email) == hourly
    daily = STRANGER_LIMITS[1].count
    for place in range(daily):
        if place % hourly == 0:
            Challenge.objects.update(requested_at=F("requested_at") - timedelta(hours=1))
        begin(Client(REMOTE_ADDR=f"198.51.100.{place}"), user.email)
    assert mails_to(user.email) == daily
    sign_in_by_email(Client(), user)
    assert mails_to(user.email) == daily + 1


def test_one_count_for_an_address_would_let_a_stranger_use_up_the_owners() -> None:
    """The naive way: the tries at the codes of an address are counted under the address."""

    def naive(owner: Owner, _purpose: str, _binding: UUID) -> Owner:
        return owner

    with mock.patch("core.mfa.services.challenges.attempts.counted_under", naive):
        fails_with(
            "core.mfa.services.challenges.asking.counted_under",
            naive,
            test_a_strangers_wrong_codes_leave_the_owner_a_way_back,
            where="assert mails_to(user.email) == 2",
        )
