"""Two tabs, two browsers, two accounts at the same moment."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from django.http import HttpRequest
from django.test import Client

from core.accounts.models import User
from core.accounts.services.accounts import EmailTakenError
from core.accounts.sessions.guarding import RECORD_KEY
from core.accounts.sessions.lifecycle import carry_on
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.models import ChangeKind, Channel, ContactChange
from core.mfa.services.changes import Begun, ChangeOverError, begin_change, prove_change
from core.mfa.views.account import changes
from core.notifications.models import OutboxMessage
from tests.support.people import last_code, make_person
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db(transaction=True)


def all_at_once(*acts: Callable[[], object]) -> list[object]:
    """Run some acts at the same moment; returns what each returned or raised."""
    ready = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def run(number: int, act: Callable[[], object]) -> None:
        try:
            ready.wait(10)
            results[number] = act()
        except Exception as error:  # noqa: BLE001 - the outcome is what is looked at
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def begin(user: User, browser: Client, email: str) -> ContactChange:
    begun = ask(user, browser, email)
    assert begun.change is not None
    return begun.change


def ask(user: User, browser: Client, email: str) -> Begun:
    return begin_change(
        user_id=user.id,
        security_epoch=user.security_epoch,
        sign_in=browser.session[RECORD_KEY]["id"],
        kind=ChangeKind.EMAIL,
        destination=email,
        channel=Channel.EMAIL.value,
        contract_id=None,
        at=clock.now(),
    )


def test_two_tabs_begin_and_one_run_is_open() -> None:
    user, browser = make_person(), Client()
    sign_in_directly(browser, user)
    results = all_at_once(
        *(lambda n=number: ask(user, browser, f"tab-{n}@elm.example") for number in range(4))
    )
    assert all(isinstance(result, Begun) for result in results)
    still_open = ContactChange.objects.filter(closed_at__isnull=True, completed_at__isnull=True)
    assert still_open.count() == 1


def test_the_right_code_many_times_changes_once() -> None:
    user, browser = make_person(), Client()
    sign_in_directly(browser, user)
    change = begin(user, browser, "new@elm.example")
    code = last_code("new@elm.example")
    results = all_at_once(
        *(
            lambda: prove_change(change_id=change.id, code=code, at=clock.now()).user
            for _ in range(6)
        )
    )
    assert sum(isinstance(result, User) for result in results) == 1
    assert sum(isinstance(result, ChangeOverError) for result in results) == 5
    changed = User.objects.get(pk=user.pk)
    assert (changed.email, changed.security_epoch) == ("new@elm.example", user.security_epoch + 1)
    assert OutboxMessage.objects.filter(kind="account_email_changed").count() == 1
    assert AuditEvent.objects.filter(event_type="account.email_changed").count() == 1


def test_one_tab_begins_anew_while_another_proves() -> None:
    """Neither waits for the other for ever, and the account has one of the two addresses."""
    user, browser = make_person(), Client()
    sign_in_directly(browser, user)
    change = begin(user, browser, "first@elm.example")
    code = last_code("first@elm.example")
    results = all_at_once(
        lambda: prove_change(change_id=change.id, code=code, at=clock.now()),
        lambda: ask(user, browser, "second@elm.example"),
    )
    assert not [one for one in results if isinstance(one, Exception) and not _is_over(one)]
    assert User.objects.get(pk=user.pk).email in {user.email, "first@elm.example"}


def _is_over(error: Exception) -> bool:
    return isinstance(error, ChangeOverError)


def test_two_accounts_want_the_same_address() -> None:
    acts = []
    people = [make_person("robin"), make_person("sam")]
    for person in people:
        browser = Client()
        sign_in_directly(browser, person)
        change = begin(person, browser, "shared@elm.example")
        code = last_code("shared@elm.example")
        acts.append(
            lambda key=change.id, code=code: (
                prove_change(change_id=key, code=code, at=clock.now()).user
            )
        )
    results = all_at_once(*acts)
    assert sum(isinstance(result, User) for result in results) == 1
    assert sum(isinstance(result, EmailTakenError) for result in results) == 1
    assert User.objects.filter(email="shared@elm.example").count() == 1


def same_browser(browser: Client) -> Client:
    """Return another tab of a browser, with its cookies of now."""
    tab = Client()
    for name, cookie in browser.cookies.items():
        tab.cookies[name] = cookie.value
    return tab


def test_the_same_tab_pressed_twice_keeps_the_person_signed_in() -> None:
    user, browser = make_person(), Client()
    sign_in_directly(browser, user)
    page = browser.post("/account/email/", {"email": "new@elm.example"}).headers["Location"]
    code = last_code("new@elm.example")
    twin = same_browser(browser)
    answers = all_at_once(
        *(lambda b=b: b.post(page, {"action": "verify", "code": code}) for b in (browser, twin))
    )
    assert [getattr(answer, "status_code", answer) for answer in answers] == [302, 302]
    assert User.objects.get(pk=user.pk).email == "new@elm.example"
    assert any(one.get("/account/").status_code == 200 for one in (browser, twin))


def test_a_second_tab_that_asks_in_between_does_not_end_the_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The account has changed, and the session that goes on is not yet written."""
    user, browser = make_person(), Client()
    sign_in_directly(browser, user)
    page = browser.post("/account/email/", {"email": "new@elm.example"}).headers["Location"]
    code = last_code("new@elm.example")
    other_tab = same_browser(browser)
    asked: list[object] = []

    def ask_meanwhile(request: HttpRequest, changed: User) -> None:
        asked.extend(all_at_once(lambda: other_tab.get("/session/").status_code))
        carry_on(request, changed)

    monkeypatch.setattr(changes, "carry_on", ask_meanwhile)
    assert browser.post(page, {"action": "verify", "code": code}).status_code == 302
    assert asked == [200]
    assert browser.get("/account/").status_code == 200
