"""A remembered browser used and forgotten many times at one moment, against the real database."""

from collections import Counter

import pytest
from django.test import Client

from core.accounts.locking import LockRules
from core.accounts.models import User
from core.accounts.services.locks import record_failure, unlock_account
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.models import RememberedBrowser
from core.mfa.services.browsers import forget_browser, remember_browser
from tenants import registry
from tests.integration.mfa.remembering import COOKIE, choose
from tests.support.people import START, make_person, make_provider, session_account
from tests.support.threads import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def dana() -> User:
    user = make_person()
    make_provider(user, registry.get_contract("wv-bh"))
    return user


def remembered(user: User) -> str:
    memory = remember_browser(
        user=user, option="phone", host="testserver", replaces="", at=clock.now()
    )
    assert memory is not None
    return memory.token


def with_cookie(token: str) -> Client:
    client = Client()
    client.cookies[COOKIE] = token
    return client


def test_eight_tabs_at_once_are_eight_sessions_of_their_own(dana: User) -> None:
    token = remembered(dana)
    clients = [with_cookie(token) for _ in range(8)]
    targets = at_once(8, lambda place: choose(clients[place], "phone").headers["Location"])
    assert Counter(targets) == {"/home/": 8}
    assert {session_account(client) for client in clients} == {dana.id}
    assert len({client.session.session_key for client in clients}) == 8
    assert AuditEvent.objects.filter(event_type="session.began_remembered").count() == 8
    row = RememberedBrowser.objects.get()
    assert row.revoked_at is None


def test_it_is_forgotten_once_however_many_ask(dana: User) -> None:
    token = remembered(dana)
    at = clock.now()
    answers = at_once(8, lambda _place: forget_browser(token=token, reason="unticked", at=at))
    assert Counter(answers) == {True: 1, False: 7}
    assert AuditEvent.objects.filter(event_type="browser.forgotten").count() == 1


def test_tabs_that_use_it_and_tabs_that_forget_it_leave_it_forgotten(dana: User) -> None:
    token = remembered(dana)
    clients = [with_cookie(token) for _ in range(8)]
    at_once(8, lambda place: choose(clients[place], "phone", ticked=place % 2 == 0).status_code)
    assert RememberedBrowser.objects.get().revoked_at is not None
    assert choose(with_cookie(token), "phone").headers["Location"] == "/login/phone/?remember=on"
    assert all(session_account(clients[place]) is None for place in range(1, 8, 2))


def test_sixteen_at_once_replace_one_and_each_has_its_own(dana: User) -> None:
    token = remembered(dana)
    memories = at_once(
        16,
        lambda _place: remember_browser(
            user=dana, option="phone", host="testserver", replaces=token, at=START
        ),
    )
    assert len({memory.token for memory in memories if memory}) == 16
    assert AuditEvent.objects.filter(event_type="browser.forgotten").count() == 1


def test_remembering_and_locking_at_once_do_not_wait_for_each_other_for_ever(dana: User) -> None:
    rules = LockRules(failures=100, window_minutes=None, hold_minutes=None)

    def replace_or_lock(place: int) -> bool:
        for _ in range(6):
            if place % 2:
                record_failure(user_id=dana.id, rules=rules, final=True, at=START)
                unlock_account(user_id=dana.id, reason="test", by=None, at=START)
            else:
                token = tokens[place]
                memory = remember_browser(
                    user=dana, option="phone", host="testserver", replaces=token, at=START
                )
                assert memory is not None
                tokens[place] = memory.token
        return True

    tokens = {place: remembered_at_start(dana) for place in range(0, 8, 2)}
    assert all(at_once(8, replace_or_lock))


def remembered_at_start(user: User) -> str:
    memory = remember_browser(user=user, option="phone", host="testserver", replaces="", at=START)
    assert memory is not None
    return memory.token
