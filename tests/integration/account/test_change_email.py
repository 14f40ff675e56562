"""Change the e-mail address of one's own account."""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from core.accounts.models import User
from core.accounts.sessions.guarding import Ended, SessionRecord, why_ended
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.models import ContactChange, RememberedBrowser
from core.mfa.services.browsers import remember_browser
from core.mfa.services.challenges.asking import KIND_OF_CHANNEL
from core.notifications.models import LocalMessage, OutboxMessage
from core.notifications.services.outbox import enqueue
from tenants.context import ActiveContract
from tests.support.naive import fails_with
from tests.support.people import (
    PASSWORD,
    deliver_all,
    last_code,
    make_person,
    make_provider,
    session_account,
    sign_in_by_email,
)
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
NEW = "dana.reed@elm.example"


def begin(client: Client, email: str = NEW) -> Any:
    return client.post("/account/email/", {"email": email})


def answer(client: Client, page: str, code: str) -> Any:
    return client.post(page, {"action": "verify", "code": code})


def mails_to(address: str) -> list[LocalMessage]:
    deliver_all()
    return list(LocalMessage.objects.filter(to=address).order_by("-sent_at", "-id"))


def test_a_code_to_the_new_address_changes_it(client: Client, user: User) -> None:
    page = begin(client).headers["Location"]
    shown = client.get(page).content.decode()
    assert NEW in shown
    assert User.objects.get(pk=user.pk).email == user.email
    done = answer(client, page, last_code(NEW))
    assert done.headers["Location"] == "/account/"
    home = client.get("/account/").content.decode()
    assert "Your e-mail address was changed" in home
    assert NEW in home
    changed = User.objects.get(pk=user.pk)
    assert (changed.email, changed.security_epoch) == (NEW, user.security_epoch + 1)
    event = AuditEvent.objects.get(event_type="account.email_changed")
    assert (event.actor_id, event.subject_id, event.data) == (user.id, user.id, {})
    assert ContactChange.objects.get().destination == ""


def test_the_former_address_is_told_with_how_to_object(client: Client, user: User) -> None:
    page = begin(client).headers["Location"]
    answer(client, page, last_code(NEW))
    mails = mails_to(user.email)
    assert mails, "the former address is told"
    told = mails[0]
    assert "new e-mail address" in told.subject
    assert "d•••••d@elm.example" in told.text
    assert "/mfa-help/request/taken_over/" in told.text
    assert client.get("/mfa-help/request/taken_over/").status_code == 200


def test_other_sessions_end_and_this_one_goes_on(
    client: Client, contract_b: ActiveContract
) -> None:
    person = make_person("robin")
    make_provider(person, contract_b)
    sign_in_directly(client, person)
    elsewhere = Client()
    sign_in_directly(elsewhere, person)
    remember_browser(user=person, option="email", host="testserver", replaces="", at=clock.now())
    before = client.session.session_key
    page = begin(client).headers["Location"]
    answer(client, page, last_code(NEW))
    assert client.session.session_key != before
    assert session_account(client) == person.id
    assert client.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert not RememberedBrowser.objects.filter(revoked_at__isnull=True).exists()


def test_the_new_address_signs_in_and_the_former_one_does_not(client: Client, user: User) -> None:
    page = begin(client).headers["Location"]
    answer(client, page, last_code(NEW))
    again = Client()
    refused = again.post("/login/email/", {"email": user.email, "password": PASSWORD})
    assert "could not sign you in" in refused.content.decode()
    sign_in_by_email(again, User.objects.get(pk=user.pk))
    assert session_account(again) == user.id


def test_an_address_of_somebody_else_shows_the_same_and_its_owner_is_told(
    client: Client, user: User
) -> None:
    other = make_person("robin")
    free = client.get(begin(client).headers["Location"]).content.decode()
    page = begin(client, other.email).headers["Location"]
    taken = client.get(page).content.decode()
    assert _neutral(free, NEW) == _neutral(taken, other.email)
    told = mails_to(other.email)[0]
    assert "wanted to use this e-mail address" in told.text
    assert told.code == ""
    waiting = client.get(page).content.decode()
    assert "This code is good until" in waiting
    guess = answer(client, page, "123456").content.decode()
    assert "This code is not right. You have 2 more tries." in guess
    assert User.objects.get(pk=user.pk).email == user.email
    assert User.objects.get(pk=other.pk).email == other.email


def _neutral(page: str, address: str) -> str:
    """Return what a page says, without what differs from one request to the next."""
    main = page.split("<main")[1].split("</main>", maxsplit=1)[0].replace(address, "ADDRESS")
    lines = [line for line in main.splitlines() if "csrf" not in line and "hx-get" not in line]
    return "\n".join(line for line in lines if "<time" not in line)


def test_who_takes_the_address_first_has_it(client: Client, user: User) -> None:
    page = begin(client).headers["Location"]
    code = last_code(NEW)
    other = make_person("robin")
    User.objects.filter(pk=other.pk).update(email=NEW)
    late = answer(client, page, code)
    assert late.headers["Location"] == "/account/email/"
    assert "already uses this e-mail address" in client.get("/account/email/").content.decode()
    assert User.objects.get(pk=user.pk).email == user.email


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter the new e-mail address"),
        ("no address", "Enter an e-mail address"),
        ("dána@elm.example", "without accented"),
        ("x" * 300 + "@elm.example", "254 characters"),
        ("dana\x00@elm.example", "cannot be seen"),
        ("DANA@clinic.example", "This is your present e-mail address"),
    ],
)
def test_odd_addresses_get_a_sentence(
    client: Client, user: User, typed: str, sentence: str
) -> None:
    page = begin(client, typed)
    assert page.status_code == 200
    assert sentence in page.content.decode()
    assert not OutboxMessage.objects.filter(kind="email_change_code").exists()


def test_a_wrong_code_changes_nothing_and_counts(client: Client, user: User) -> None:
    page = begin(client).headers["Location"]
    wrong = f"{(int(last_code(NEW)) + 1) % 1_000_000:06d}"
    assert "This code is not right" in answer(client, page, wrong).content.decode()
    account = User.objects.get(pk=user.pk)
    assert (account.email, len(account.failed_at)) == (user.email, 1)


def test_two_tabs_the_later_one_holds(client: Client, user: User) -> None:
    first = begin(client, "one@elm.example").headers["Location"]
    code = last_code("one@elm.example")
    second = begin(client, "two@elm.example").headers["Location"]
    over = answer(client, first, code)
    assert over.headers["Location"] == "/account/email/"
    assert "This change has ended" in client.get("/account/email/").content.decode()
    answer(client, second, last_code("two@elm.example"))
    assert User.objects.get(pk=user.pk).email == "two@elm.example"


def test_another_session_cannot_finish_it(client: Client, user: User) -> None:
    page = begin(client).headers["Location"]
    other = Client()
    sign_in_directly(other, user)
    assert other.get(page).headers["Location"] == "/account/email/"
    assert answer(other, page, last_code(NEW)).status_code == 302
    stranger = Client()
    sign_in_directly(stranger, make_person("robin"))
    assert answer(stranger, page, last_code(NEW)).status_code == 302
    assert User.objects.get(pk=user.pk).email == user.email


def test_the_last_button_pressed_twice(client: Client, user: User) -> None:
    page = begin(client).headers["Location"]
    code = last_code(NEW)
    answer(client, page, code)
    again = answer(client, page, code)
    assert again.status_code == 302
    assert client.get("/account/").status_code == 200
    assert AuditEvent.objects.filter(event_type="account.email_changed").count() == 1


def test_it_needs_a_fresh_sign_in(client: Client, user: User) -> None:
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    assert client.get("/account/email/").headers["Location"].startswith("/confirm/")
    assert begin(client).headers["Location"].startswith("/confirm/")
    assert not ContactChange.objects.exists()


def test_a_code_to_whoever_has_the_address_would_tell_its_owner_nothing(
    client: Client, user: User
) -> None:
    """The naive way: the code goes out, and who has the address is found at the end."""
    fails_with(
        "core.mfa.services.challenges.asking._kind_of",
        lambda challenge: KIND_OF_CHANNEL[challenge.channel],
        lambda: test_an_address_of_somebody_else_shows_the_same_and_its_owner_is_told(client, user),
        where='assert "wanted to use this e-mail address" in told.text',
    )


def test_sessions_that_know_nothing_of_the_account_would_go_on(
    client: Client, contract_b: ActiveContract
) -> None:
    """The naive way: the address is one of the account's fields."""

    def naive(session: SessionRecord, **now: Any) -> Ended | None:
        return why_ended(session, **now | {"security_epoch": session.security_epoch})

    fails_with(
        "core.accounts.sessions.lifecycle.why_ended",
        naive,
        lambda: test_other_sessions_end_and_this_one_goes_on(client, contract_b),
        where='assert elsewhere.get("/account/").status_code == 302',
    )


def test_a_mail_to_the_new_address_would_tell_whoever_took_the_account(
    client: Client, user: User
) -> None:
    """The naive way: an account is written to where its mail goes."""

    def naive(*, to: str, subject_id: UUID, **more: Any) -> OutboxMessage:
        address = User.objects.get(pk=subject_id).email
        return enqueue(to=address, subject_id=subject_id, **more)

    fails_with(
        "core.accounts.services.email.enqueue",
        naive,
        lambda: test_the_former_address_is_told_with_how_to_object(client, user),
        where='assert mails, "the former address is told"',
    )
