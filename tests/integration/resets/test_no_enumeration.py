"""Nobody learns from Forgot password whether an address has an account, or in which state."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.accounts.locking import LockRules
from core.accounts.models import ContractAccess, User
from core.accounts.services.accounts import deactivate_account
from core.accounts.services.locks import record_failure
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.codes import Owner, OwnerKind
from core.mfa.models import Challenge, PasswordReset
from core.mfa.services.resets import begin_reset, verify_reset_code
from core.notifications.models import LocalMessage
from tenants.context import ActiveContract
from tests.integration.resets.walking import begin
from tests.support.naive import fails_with
from tests.support.people import PASSWORD, START, after, deliver_all, make_person

pytestmark = pytest.mark.django_db
LOCK = LockRules(failures=1, window_minutes=None, hold_minutes=None)


@pytest.fixture
def addresses(contract_a: ActiveContract) -> list[str]:
    """Return addresses of all kinds: nobody's, with a phone, without, locked, inactive, strict."""
    make_person("phone")
    make_person("plain", phone=None)
    locked = make_person("locked")
    record_failure(user_id=locked.id, rules=LOCK, at=START)
    gone = make_person("gone")
    deactivate_account(user_id=gone.id, reason="left", by=None, at=START)
    strict = make_person("strict")
    ContractAccess.objects.create(user=strict, contract_id=contract_a.id, since=START)
    return [
        f"{name}@clinic.example"
        for name in ("nobody", "phone", "plain", "locked", "gone", "strict")
    ]


def plain(response: Any, address: str) -> tuple[int, dict[str, str], str]:
    """Return what a response says, without what differs for every request."""
    body = response.content.decode().replace(address, "ADDRESS")
    body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", body)
    body = re.sub(r'(datetime|data-countdown|data-now|data-wait)="[^"]+"', "", body)
    body = re.sub(r"\d{1,2}:\d\d(:\d\d)? [AP]M", "TIME", body)
    headers = {
        name: value
        for name, value in response.headers.items()
        if name not in {"X-Request-ID", "Content-Length"}
    }
    return response.status_code, headers, body


def walk(address: str) -> list[tuple[int, dict[str, str], str]]:
    """Go as far as a stranger can."""
    client = Client()
    pages = [plain(begin(client, address), address)]
    pages.append(plain(client.get("/forgot-password/code/"), address))
    deliver_all()
    pages.append(plain(client.get("/forgot-password/code/"), address))
    again, wrong = {"action": "send"}, {"action": "verify", "code": "000000"}
    posted = (client.post("/forgot-password/code/", form) for form in (again, *[wrong] * 4, again))
    return pages + [plain(page, address) for page in posted]


def test_every_page_is_the_same(addresses: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.mfa.messages.new_numeric_code", lambda _digits: "123456")
    deliver_all()  # what lies in the outbox since long ago makes pages say that mail is late
    walks = [walk(address) for address in addresses]
    for one in walks[1:]:
        for page, first in zip(one, walks[0], strict=True):
            assert page[2].splitlines() == first[2].splitlines()
            assert page == first
    words = " ".join(page for _status, _headers, page in walks[0])
    assert "If <strong>ADDRESS</strong> belongs to an account" in words
    assert "2 more tries" in words
    assert "too many wrong codes" in words
    assert "This code is good until" in words


def test_mail_goes_to_those_alone_who_have_an_account(addresses: list[str]) -> None:
    for address in addresses:
        begin(Client(), address)
    deliver_all()
    mails = LocalMessage.objects.filter(subject__regex="code for a new password|not active")
    got = {mail.to.split("@")[0]: bool(mail.code) for mail in mails}
    assert got == {"phone": True, "plain": True, "locked": True, "strict": True, "gone": False}


def test_the_life_of_the_code_runs_for_nobodys_address_too() -> None:
    begin(Client(), "nobody@clinic.example")
    deliver_all()
    challenge = Challenge.objects.get()
    assert challenge.expires_at is not None
    assert challenge.code_digest is not None


def test_a_guessed_code_to_nobody_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.mfa.messages.new_numeric_code", lambda _digits: "123456")
    client = Client()
    begin(client, "nobody@clinic.example")
    deliver_all()
    answer = client.post("/forgot-password/code/", {"action": "verify", "code": "123456"})
    assert answer.status_code == 200
    assert client.get("/forgot-password/new/").headers["Location"] == "/forgot-password/code/"


def statements(email: str, *, code: str | None = None) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        reset = begin_reset(
            email=email, contract_id=None, address="192.0.2.1", replaces=None, at=clock.now()
        ).reset
    assert reset is not None
    if code is not None:
        deliver_all()
        with CaptureQueriesContext(connection) as captured:
            verify_reset_code(reset_id=reset.id, code=code, at=clock.now())
    return [query["sql"].split(" ")[0] for query in captured]


@pytest.mark.parametrize("code", [None, "000000"])
def test_the_same_statements_run(
    addresses: list[str], code: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.mfa.messages.new_numeric_code", lambda _digits: "123456")
    statements("warm@clinic.example", code=code)
    shapes = [statements(address, code=code) for address in addresses]
    for shape in shapes[1:]:
        assert shape == shapes[0]


def test_codes_of_a_sign_in_do_not_show_in_the_waits_of_a_stranger() -> None:
    user = make_person()
    owner = Client()
    owner.post("/login/email/", {"email": user.email, "password": PASSWORD})
    owner.post("/login/verify/", {"action": "send"})
    stranger = Client()
    begin(stranger, user.email)
    page = stranger.get("/forgot-password/code/").content.decode()
    assert "No new code yet" not in page
    assert Challenge.objects.filter(purpose="reset_address").exists()


def test_a_count_under_the_account_would_make_a_stranger_wait() -> None:
    """The naive way: what is sent to somebody counts under their account, whoever asked."""

    def naive(reset: PasswordReset) -> Owner:
        return Owner(OwnerKind.ACCOUNT, reset.account_id or reset.id)

    fails_with(
        "core.mfa.services.resets.beginning.asker_of",
        naive,
        test_codes_of_a_sign_in_do_not_show_in_the_waits_of_a_stranger,
        where='assert Challenge.objects.filter(purpose="reset_address").exists()',
    )


def test_a_stranger_uses_up_none_of_the_codes_that_the_owner_signs_in_with() -> None:
    user = make_person()
    for _ in range(3):
        begin(Client(), user.email)
    owner = Client()
    owner.post("/login/email/", {"email": user.email, "password": PASSWORD})
    sent = owner.post("/login/verify/", {"action": "send"})
    assert sent.status_code == 302


def test_the_audit_knows_whose_account_it_was() -> None:
    user = make_person()
    for email in (user.email, "nobody@clinic.example"):
        begin_reset(email=email, contract_id=None, address="", replaces=None, at=after(minutes=1))
    subjects = AuditEvent.objects.filter(event_type="password_reset.started").order_by("id")
    assert list(subjects.values_list("subject_id", flat=True)) == [user.id, None]
    assert User.objects.count() == 1
