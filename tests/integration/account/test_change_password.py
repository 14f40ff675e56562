"""Change the password of one's own account."""

from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client

from core.accounts.models import User
from core.accounts.sessions.guarding import Ended, SessionRecord, why_ended
from core.audit.models import AuditEvent
from core.notifications.models import LocalMessage
from tenants.context import ActiveContract
from tests.support.naive import fails_with
from tests.support.people import (
    PASSWORD,
    deliver_all,
    make_person,
    make_provider,
    session_account,
)
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
NEW = "Green-harbor 58 kettles"


def change(client: Client, password: str = NEW, again: str | None = None) -> Any:
    typed = {"password": password, "confirmation": password if again is None else again}
    return client.post("/account/password/", typed)


def test_it_changes_and_this_session_alone_goes_on(client: Client, user: User) -> None:
    elsewhere = Client()
    sign_in_directly(elsewhere, user)
    before = client.session.session_key
    assert change(client).headers["Location"] == "/account/"
    changed = User.objects.get(pk=user.pk)
    assert changed.check_password(NEW)
    assert changed.security_epoch == user.security_epoch + 1
    assert session_account(client) == user.id
    assert client.session.session_key != before
    assert "Your password was changed" in client.get("/account/").content.decode()
    assert elsewhere.get("/account/").status_code == 302
    event = AuditEvent.objects.get(event_type="account.password_changed")
    assert event.data == {"reason": "changed_by_owner"}
    deliver_all()
    mail = LocalMessage.objects.filter(to=user.email).order_by("-sent_at", "-id")[0]
    assert "password was changed" in mail.subject


def test_the_rules_of_all_programs_stand_beside_the_field(
    client: Client, user: User, contract_c: ActiveContract
) -> None:
    make_provider(user, contract_c, identifier="1245319599")
    page = client.get("/account/password/").content.decode()
    # Fourteen characters of four kinds in one program, fifteen in the other.
    assert 'data-rule="length:15"' in page
    assert 'data-rule="special"' in page


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("Short-1a", "Use at least 14 characters"),
        ("blue lanterns and rivers", "Add an upper-case letter"),
        ("Dana-of-the-2-rivers", "contains your name"),
        ("Password-Password-1", "common"),
    ],
)
def test_weak_ones_are_refused(client: Client, user: User, typed: str, sentence: str) -> None:
    assert sentence in change(client, typed).content.decode()
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_words_of_every_program_of_the_person_are_blocked(
    client: Client, contract_b: ActiveContract
) -> None:
    person = make_person("robin")
    make_provider(person, contract_b)
    sign_in_directly(client, person)
    word = contract_b.document.brand.organization.split()[0]
    assert "name of the portal" in change(client, f"{word}-Lantern 58 rivers").content.decode()


def test_the_two_must_be_the_same(client: Client, user: User) -> None:
    assert "not the same" in change(client, NEW, "another").content.decode()


def test_what_was_typed_is_not_shown_again(client: Client, user: User) -> None:
    assert "Short-1a" not in change(client, "Short-1a").content.decode()


def test_an_account_that_changed_meanwhile_is_not_changed_again(
    client: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the moment between the look at the session and the change itself."""

    def meanwhile(password: str) -> str:
        User.objects.filter(pk=user.pk).update(security_epoch=user.security_epoch + 1)
        return make_password(password)

    monkeypatch.setattr("core.mfa.services.own_password.make_password", meanwhile)
    assert "This change has ended" in change(client).content.decode()
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_it_needs_a_fresh_sign_in(client: Client, user: User) -> None:
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    assert change(client).headers["Location"].startswith("/confirm/")
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_sessions_that_know_nothing_of_the_password_would_go_on(client: Client, user: User) -> None:
    """The naive way: a password is for signing in, and who is in is in."""

    def naive(session: SessionRecord, **now: Any) -> Ended | None:
        return why_ended(session, **now | {"security_epoch": session.security_epoch})

    # Django compares, too: what the session has kept of the password's hash.
    with mock.patch("django.contrib.auth.constant_time_compare", return_value=True):
        fails_with(
            "core.accounts.sessions.lifecycle.why_ended",
            naive,
            lambda: test_it_changes_and_this_session_alone_goes_on(client, user),
            where='assert elsewhere.get("/account/").status_code == 302',
        )
