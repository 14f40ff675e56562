"""MFA registration by authenticator app and by passkey."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.codes import Purpose
from core.mfa.models import Factor, Passkey, PasskeyCeremony, Totp, TotpEnrolment
from core.mfa.registering import sources
from core.mfa.services.challenges import Verdict
from core.mfa.services.totp import verify_app_code
from core.mfa.services.tries import Asked
from tenants.context import ActiveContract
from tests.integration.mfa.registering.waiting import Browser, Waiting
from tests.support.authenticators import App, SecurityKey

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(contract_a: ActiveContract, monkeypatch: pytest.MonkeyPatch) -> Browser:
    waiting = Waiting(contract_a, methods=("phone", "totp", "passkey"))
    monkeypatch.setitem(sources._sources, "waiting", waiting)
    return Browser(waiting)


def up_to_the_last_step(browser: Browser, method: str) -> Any:
    browser.post("method", method=method)
    browser.verify_email()
    return browser.set_password()


def shown_app(page: str) -> App:
    import base64

    found = re.search(r'class="secret"><code>([A-Z2-7 ]+)</code>', page)
    assert found is not None
    return App(base64.b32decode(found.group(1).replace(" ", "")))


def test_the_choice_names_what_the_program_offers(browser: Browser) -> None:
    page = browser.get("method").content.decode()
    for value in ("phone", "totp", "passkey"):
        assert f'name="method" value="{value}"' in page
    assert 'value="email"' not in page
    assert "cannot be taken over like that" in page  # the alternative to the phone
    browser.post("method", method="phone")
    browser.verify_email()
    browser.set_password()
    assert "An authenticator app or a passkey cannot be taken over like that" in (
        browser.get("phone").content.decode()
    )


def test_by_authenticator_app(browser: Browser) -> None:
    assert browser.at(up_to_the_last_step(browser, "totp")) == "/mfa/app/"
    page = browser.get("app").content.decode()
    app = shown_app(page)
    assert shown_app(browser.get("app").content.decode()).secret == app.secret
    image = browser.client.get(f"{browser.prefix}/mfa/app/code.svg")
    assert image.headers["Content-Type"] == "image/svg+xml"
    assert image.headers["Cache-Control"] == "no-store"
    assert b"<svg" in image.content
    wrong = browser.client.post(f"{browser.prefix}/mfa/app/", {"code": app.wrong_code(clock.now())})
    assert "This code does not fit" in wrong.content.decode()
    assert browser.account() is None
    at = clock.now()
    done = browser.client.post(f"{browser.prefix}/mfa/app/", {"code": app.code(at)})
    assert browser.at(done).startswith("/account/factors/recovery-codes/?next=")
    user = User.objects.get(username="noor.h")
    assert browser.account() == str(user.id)
    assert {factor.kind for factor in Factor.objects.filter(user=user)} == {"email", "totp"}
    assert not TotpEnrolment.objects.exists()
    event = AuditEvent.objects.get(event_type="sign_in.completed")
    assert event.data == {"methods": ["password", "email", "totp"]}
    again = Asked(user.id, Purpose.SIGN_IN, "totp", None)
    assert verify_app_code(asked=again, code=app.code(at), at=at).verdict is Verdict.WRONG
    later = at + timedelta(seconds=60)
    assert verify_app_code(asked=again, code=app.code(later), at=later).is_ok
    assert app.secret not in bytes(Totp.objects.get().sealed_secret)


def test_by_passkey(browser: Browser) -> None:
    assert browser.at(up_to_the_last_step(browser, "passkey")) == "/mfa/passkey/"
    url = f"{browser.prefix}/mfa/passkey/"
    assert 'data-passkey="create"' in browser.client.get(url).content.decode()
    options = browser.client.post(url, {"action": "passkey_options"}).json()
    assert options["publicKey"]["authenticatorSelection"]["userVerification"] == "required"
    assert options["publicKey"]["rp"]["id"] == "testserver"
    key = SecurityKey()
    made = json.dumps(key.make(options))
    done = browser.client.post(url, {"action": "passkey", "credential": made})
    assert browser.at(done).startswith("/account/factors/recovery-codes/?next=")
    user = User.objects.get(username="noor.h")
    passkey = Passkey.objects.get(factor__user=user)
    assert bytes(passkey.credential_id) == key.credential_id
    assert passkey.transports == ["usb"]
    assert PasskeyCeremony.objects.get().answer is None
    event = AuditEvent.objects.get(event_type="sign_in.completed")
    assert event.data == {"methods": ["password", "email", "passkey"]}


@pytest.mark.parametrize("answer", ["", "{}", "[]", "nonsense", "[" * 5000, "x" * 30_000])
def test_odd_answers_make_no_passkey(browser: Browser, answer: str) -> None:
    up_to_the_last_step(browser, "passkey")
    url = f"{browser.prefix}/mfa/passkey/"
    browser.client.post(url, {"action": "passkey_options"})
    refused = browser.client.post(url, {"action": "passkey", "credential": answer})
    assert "No passkey was made" in refused.content.decode()
    assert browser.account() is None
    assert not Passkey.objects.exists()


def test_no_step_is_skipped(browser: Browser) -> None:
    browser.post("method", method="totp")
    assert browser.at(browser.get("app")) == "/mfa/email/"
    assert browser.client.get(f"{browser.prefix}/mfa/app/code.svg").status_code == 404
    up_to_the_last_step(browser, "totp")
    assert browser.at(browser.get("passkey")) == "/mfa/app/"
    assert browser.get("method").status_code == 200
    browser.post("method", method="passkey")
    assert browser.at(browser.get("app")) == "/mfa/passkey/"
