"""Reset Registration: factors, spares, browsers and sessions go; a link comes."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from core.accounts.models import User
from core.accounts.services.accounts import deactivate_account
from core.audit.models import AuditEvent
from core.common import clock
from core.common.ids import uuid7
from core.mfa.models import Factor, RecoveryCode, RegistrationLink, RememberedBrowser
from core.mfa.services.browsers import remember_browser
from core.mfa.services.recovery import issue_recovery_codes
from core.mfa.services.registration_resets import AccountClosedError, reset_registration
from tests.integration.first_login.walking import Walk, link_to, mails_to, now_is
from tests.support.naive import fails_with
from tests.support.people import (
    PASSWORD,
    START,
    make_person,
    make_provider,
    session_account,
)
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db


def reset(user: User, *, at: datetime = START) -> None:
    reset_registration(user_id=user.id, by=None, reason="lost the phone", at=at)


def test_everything_that_confirmed_the_person_is_gone(
    client: Client, contract_a: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_person("dana")
    sign_in_directly(client, user)
    assert client.get("/home/").status_code == 200
    issue_recovery_codes(user_id=user.id, by=user.id, at=START)
    reset(user, at=clock.now())
    assert not Factor.objects.filter(user=user).exists()
    usable = RecoveryCode.objects.filter(user=user, replaced_at=None, used_at=None)
    assert not usable.exists()
    assert client.get("/home/").status_code == 302
    assert session_account(client) is None
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_remembered_browsers_are_forgotten(contract_a: object) -> None:
    user = make_person("dana")
    make_provider(user, contract_a)  # type: ignore[arg-type]
    remember_browser(user=user, option="email", host="testserver", replaces="", at=START)
    reset(user)
    assert not RememberedBrowser.objects.filter(revoked_at=None).exists()


def test_the_reason_and_who_acted_are_in_the_audit() -> None:
    user = make_person("dana")
    admin = uuid7()
    reset_registration(user_id=user.id, by=admin, reason="new phone", at=START)
    event = AuditEvent.objects.get(event_type="account.registration_reset")
    assert (event.actor_id, event.data) == (admin, {"reason": "new phone"})
    assert event.subject_id == user.id


def test_the_mail_has_a_link_for_the_hours_of_the_policy(
    contract_a: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_person("dana")
    make_provider(user, contract_a)  # type: ignore[arg-type]
    now_is(monkeypatch, START)
    reset(user)
    mail = mails_to(user.email)[0]
    assert "an administrator reset the registration" in mail.text
    link = RegistrationLink.objects.get()
    assert link.expires_at == START + timedelta(hours=48)
    walk = Walk()
    path = link_to(user.email)
    now_is(monkeypatch, START + timedelta(hours=48))
    assert walk.at(walk.post(path)) == "/mfa/link-ended/"
    now_is(monkeypatch, START + timedelta(hours=48) - timedelta(seconds=1))
    assert walk.at(walk.post(path)) == "/mfa/method/"


def test_by_the_link_the_person_registers_again_without_the_password() -> None:
    user = make_person("dana", phone=None)
    reset(user, at=clock.now())
    walk = Walk()
    walk.post(link_to(user.email))
    assert walk.at(walk.register(user.email, method="phone")) == "/home/"
    kinds = set(Factor.objects.filter(user=user).values_list("kind", flat=True))
    assert kinds == {"email", "phone"}


def test_a_registration_under_way_ends_with_the_reset() -> None:
    user = make_person("dana", factors=False)
    walk = Walk()
    walk.log_in("dana", PASSWORD)
    walk.choose("phone")
    reset(user, at=clock.now())
    assert walk.get("/mfa/email/").status_code == 410


def test_a_deactivated_account_is_refused() -> None:
    user = make_person("dana")
    deactivate_account(user_id=user.id, reason="left", by=None, at=START)
    with pytest.raises(AccountClosedError):
        reset(user)
    assert Factor.objects.filter(user=user).exists()


def test_factors_that_are_gone_would_leave_their_sessions(
    client: Client, contract_a: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The naive way: take the factors away, and the next sign-in asks for new ones."""
    fails_with(
        "core.mfa.services.registration_resets.end_sessions",
        lambda **_whose: None,
        lambda: test_everything_that_confirmed_the_person_is_gone(client, contract_a, monkeypatch),
        where='assert client.get("/home/").status_code == 302',
    )
