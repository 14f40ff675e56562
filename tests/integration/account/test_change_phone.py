"""Change the phone number that confirms who one is."""

from typing import Any

import pytest
from django.test import Client

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.models import Challenge, Factor, FactorKind
from core.mfa.services.challenges import answer_call
from core.notifications.models import LocalMessage
from tests.support.people import (
    PASSWORD,
    PHONE,
    deliver_all,
    last_code,
    make_person,
    session_account,
    sign_in_by_email,
)
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
TYPED, NEW = "(304) 555-0177", "+13045550177"


def begin(client: Client, channel: str = "sms", phone: str = TYPED) -> Any:
    return client.post("/account/phone/", {"country": "1", "phone": phone, "channel": channel})


def number_of(user: User) -> str:
    return Factor.objects.get(user=user, kind=FactorKind.PHONE).phone


def test_by_a_text(client: Client, user: User) -> None:
    assert "XXX-XXX-0142" in client.get("/account/phone/").content.decode()
    elsewhere = Client()
    sign_in_directly(elsewhere, user)
    page = begin(client).headers["Location"]
    assert "XXX-XXX-0177" in client.get(page).content.decode()
    assert number_of(user) == PHONE
    done = client.post(page, {"action": "verify", "code": last_code(NEW)})
    assert done.headers["Location"] == "/account/"
    assert number_of(user) == NEW
    assert "XXX-XXX-0177" in client.get("/account/").content.decode()
    assert elsewhere.get("/account/").status_code == 302
    assert User.objects.get(pk=user.pk).security_epoch == user.security_epoch + 1
    assert AuditEvent.objects.get(event_type="account.phone_changed").actor_id == user.id
    deliver_all()
    mail = LocalMessage.objects.filter(to=user.email).order_by("-sent_at", "-id")[0]
    assert "phone number for sign-in was changed" in mail.subject


def test_by_a_call(client: Client, user: User) -> None:
    page = begin(client, "voice").headers["Location"]
    deliver_all()
    call = Challenge.objects.get(channel="voice")
    assert "has not been confirmed" in client.post(page, {"action": "continue"}).content.decode()
    state = client.get(f"{page}call/")
    assert answer_call(
        challenge_id=call.id, digits=state.context["challenge"].digits or "#", at=clock.now()
    )
    answered = client.get(f"{page}call/").content.decode()
    assert f'action="{page}"' in answered
    done = client.post(page, {"action": "continue"})
    assert done.headers["Location"] == "/account/"
    assert number_of(user) == NEW


def test_a_first_number_is_added(client: Client) -> None:
    person = make_person("robin", phone=None)
    sign_in_directly(client, person)
    assert "Add a phone number" in client.get("/account/").content.decode()
    page = begin(client).headers["Location"]
    client.post(page, {"action": "verify", "code": last_code(NEW)})
    assert "Your phone number was added" in client.get("/account/").content.decode()
    assert number_of(person) == NEW
    assert AuditEvent.objects.get(event_type="account.phone_changed").result == "added"


def test_who_chose_phone_without_one_adds_it_and_signs_in_by_it(client: Client) -> None:
    person = make_person("robin", phone=None)
    typed = {"email": person.email, "password": PASSWORD}
    page = client.post("/login/phone/", typed, follow=True).content.decode()
    assert "No phone on record" in page
    assert "Add a phone number" in page
    assert 'href="/login/email/"' in page
    sign_in_by_email(client, person)
    assert 'href="/account/phone/"' in client.get("/account/factors/").content.decode()
    client.post(begin(client).headers["Location"], {"action": "verify", "code": last_code(NEW)})
    client.post("/logout/")
    client.post("/login/phone/", typed)
    client.post("/login/verify/", {"action": "send", "channel": "sms"})
    client.post("/login/verify/", {"action": "verify", "code": last_code(NEW)})
    assert session_account(client) == person.id


@pytest.mark.parametrize("phone", ["", "911", "900-555-0123", "304 555 0177 ext 5", "555-0177"])
def test_odd_numbers_get_a_sentence(client: Client, user: User, phone: str) -> None:
    page = begin(client, phone=phone)
    assert page.status_code == 200
    assert 'id="id_phone_error"' in page.content.decode()
    assert not Challenge.objects.filter(purpose="change_phone").exists()


def test_a_wrong_code_changes_nothing(client: Client, user: User) -> None:
    page = begin(client).headers["Location"]
    wrong = f"{(int(last_code(NEW)) + 1) % 1_000_000:06d}"
    answer = client.post(page, {"action": "verify", "code": wrong})
    assert "This code is not right" in answer.content.decode()
    assert number_of(user) == PHONE


def test_the_last_wrong_code_locks_the_account(client: Client, user: User) -> None:
    page = begin(client).headers["Location"]
    wrong = f"{(int(last_code(NEW)) + 1) % 1_000_000:06d}"
    for _ in range(3):
        answer = client.post(page, {"action": "verify", "code": wrong})
    assert "Your account is locked" in answer.content.decode()
    assert User.objects.get(pk=user.pk).is_locked(clock.now())
    assert number_of(user) == PHONE


def test_it_needs_a_fresh_sign_in(client: Client, user: User) -> None:
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    assert begin(client).headers["Location"].startswith("/confirm/")
