"""What a remembered browser must not buy."""

import pytest
from django.test import Client

from core.accounts.locking import LockRules
from core.accounts.models import User
from core.accounts.services.accounts import end_sessions
from core.accounts.services.locks import record_failure
from core.accounts.services.sign_in import check_password_of
from core.common import clock
from core.mfa.models import RememberedBrowser
from tests.integration.mfa.remembering import COOKIE, choose, events
from tests.support.people import session_account

pytestmark = pytest.mark.django_db


def test_it_gives_no_fresh_tries_at_the_password(browser: Client, dana: User) -> None:
    for _ in range(2):
        check_password_of(email=dana.email, password="wrong", address="192.0.2.1", at=clock.now())
    choose(browser, "phone")
    dana.refresh_from_db()
    assert len(dana.failed_at) == 2
    assert dana.last_used_at is not None


def test_a_link_neither_signs_in_nor_forgets(browser: Client) -> None:
    for address in ("/?option=phone&remember=on", "/login/phone/?remember=on", "/login/email/"):
        browser.get(address)
    assert session_account(browser) is None
    assert RememberedBrowser.objects.get().revoked_at is None


def test_a_form_of_another_site_is_refused(browser: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies[COOKIE] = browser.cookies[COOKIE].value
    assert choose(strict, "phone").status_code == 403
    assert session_account(strict) is None


def test_odd_choices_lead_back(client: Client) -> None:
    for option in ("", "fax", "phone\x00", "x" * 5000):
        assert choose(client, option).headers["Location"] == "/"


def test_a_session_by_a_remembered_browser_ends_like_any_other(browser: Client, dana: User) -> None:
    choose(browser, "phone")
    end_sessions(user_id=dana.id, reason="test", by=None, at=clock.now())
    assert browser.get("/home/").status_code == 302


def test_a_lock_without_a_remembered_browser_is_a_lock_all_the_same(dana: User) -> None:
    rules = LockRules(failures=1, window_minutes=None, hold_minutes=None)
    state = record_failure(user_id=dana.id, rules=rules, at=clock.now())
    assert state is not None
    assert state.is_locked(clock.now())
    assert not events("browser.forgotten")
