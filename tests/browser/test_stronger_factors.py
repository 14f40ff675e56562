"""A passkey in a real browser's virtual authenticator, and an authenticator app beside it."""

import base64
import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.common import clock
from core.mfa.authenticators.totp import code_of, step_at
from tests.browser.support import (
    ROOT,
    Portal,
    Registrant,
    check_accessibility,
    virtual_authenticator,
)
from tests.browser.test_forgot_password import NEW_PASSWORD, ask_for_reset, choose_password
from tests.browser.walks import (
    begin_sign_in,
    follow_link,
    make_the_passkey,
    register,
    sign_out,
    verify_email,
)

pytestmark = pytest.mark.browser
WHO = Registrant("kit.moor", "kit.moor@clinic.example", "Kit", "Moor")
CODES = {"key-sample": "K3YS7MPL2Q", "strict-sample": "ST7R2CTW9X"}


# What every session has proven, an hour earlier: the server's clock is not ours.
AGE_PROOFS = """
from core.accounts.models import Session
for row in Session.objects.all():
    data = row.get_decoded()
    for proof in data.get("account_authentication_methods", []):
        proof["at"] -= 3600
    Session.objects.filter(pk=row.pk).update(session_data=Session.objects.encode(data))
"""


@pytest.fixture(scope="module")
def programs(portal: Portal, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Publish two programs like the sample: one accepts all methods, one a passkey alone."""
    folder = tmp_path_factory.mktemp("programs")
    for slug, code in CODES.items():
        document = folder / f"{slug}.toml"
        document.write_text(_like_the_sample(slug))
        portal.manage("contract", "apply", str(document))
        roster = folder / f"{slug}.csv"
        _write_roster(roster, code)
        portal.manage("roster", "import", slug, str(roster))


def _like_the_sample(slug: str) -> str:
    text = (ROOT / "contracts" / "programs" / "acentra-sample.toml").read_text()
    text = text.replace('slug = "acentra-sample"', f'slug = "{slug}"')
    text = re.sub(r'(?m)^name = ".*"$', f'name = "Program {slug}"', text, count=1)
    if slug == "strict-sample":
        text = re.sub(r"(?m)^methods = .*$", 'methods = ["passkey"]', text)
        blocks = text.split("[[waivers]]")
        text = "[[waivers]]".join(one for one in blocks if "mfa.methods.email" not in one)
    return text


def _write_roster(file: Path, code: str) -> None:
    sample = ROOT / "contracts" / "programs" / "rosters" / "acentra-sample.csv"
    with sample.open(newline="") as source:
        header, first, *_others = csv.reader(source)
    first[header.index("code")] = code
    with file.open("w", newline="") as target:
        csv.writer(target).writerows([header, first])


@pytest.fixture
def authenticator(page: Page) -> Iterator[None]:
    with virtual_authenticator(page):
        yield


@pytest.mark.usefixtures("programs", "authenticator")
def test_a_passkey_is_made_signs_in_and_steps_up_and_an_app_joins_it(
    page: Page, portal: Portal
) -> None:
    base = portal.url("/key-sample/")
    register(page, base, "1234567893", CODES["key-sample"], WHO)
    follow_link(page, portal, WHO)
    verify_email(page, portal, WHO, "passkey")
    make_the_passkey(page, WHO)

    sign_out(page)
    page.goto(base)
    begin_sign_in(page, "Login with Passkey", WHO)
    check_accessibility(page)
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Kit")

    _add_an_app(page, portal)
    _sign_in_by_email_and_step_up(page, portal)
    _forgot_password_by_passkey(page, portal)
    _confirm_by_passkey(page, portal)


def _add_an_app(page: Page, portal: Portal) -> None:
    page.goto(portal.url("/key-sample/account/factors/"))
    expect(page.get_by_role("main")).to_contain_text("You have 10 codes left")
    expect(page.get_by_role("main")).to_contain_text("Passkey from registration")
    check_accessibility(page)
    page.get_by_role("link", name="Add an authenticator app").click()
    check_accessibility(page)
    image = page.locator("img.qr-code")
    assert image.evaluate("image => image.complete && image.naturalWidth > 0")
    typed = page.locator(".secret code").inner_text().replace(" ", "")
    secret = base64.b32decode(typed)
    page.get_by_label("Verification Code").fill(code_of(secret, step_at(clock.now())))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status").first).to_contain_text("Your authenticator app was added")

    sign_out(page)
    page.goto(portal.url("/key-sample/"))
    begin_sign_in(page, "Login with Authenticator app", WHO)
    check_accessibility(page)
    # The code that confirmed the app is used up; the next step's is within the tolerance.
    page.get_by_label("Verification Code").fill(code_of(secret, step_at(clock.now()) + 1))
    page.get_by_role("button", name="Verify Code").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Kit")
    sign_out(page)


def _sign_in_by_email_and_step_up(page: Page, portal: Portal) -> None:
    page.goto(portal.url("/key-sample/"))
    seen = len([message for message in portal.messages(WHO.email) if message["code"]])
    begin_sign_in(page, "Login with Email", WHO)
    page.get_by_role("button", name="Send verification code").click()
    code = portal.wait_for_message(WHO.email, field="code", after=seen)["code"]
    page.get_by_label("Verification Code").fill(code)
    page.get_by_role("button", name="Verify code").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Kit")

    page.goto(portal.url("/strict-sample/providers/add/"))
    expect(page.get_by_role("main")).to_contain_text(
        "Program strict-sample asks for a passkey or security key."
    )
    check_accessibility(page)
    page.get_by_role("button", name="Use your passkey").click()
    expect(page).to_have_url(portal.url("/strict-sample/providers/add/"))
    expect(page.get_by_label("NPI")).to_be_visible()


def _forgot_password_by_passkey(page: Page, portal: Portal) -> None:
    sign_out(page)
    page.goto(portal.url("/key-sample/login/passkey/"))
    ask_for_reset(page, portal, WHO)
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm it is you")
    check_accessibility(page)
    # The account has an app, too: either will do, and neither text nor mail.
    page.get_by_role("button", name=re.compile("passkey", re.IGNORECASE)).first.click()
    expect(page.get_by_role("button", name="Send Code")).to_have_count(0)
    check_accessibility(page)
    page.get_by_role("button", name="Use your passkey").click()
    choose_password(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Kit")


def _confirm_by_passkey(page: Page, portal: Portal) -> None:
    portal.manage("shell", "-v", "0", "-c", AGE_PROOFS)
    page.goto(portal.url("/key-sample/account/password/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    check_accessibility(page)
    page.get_by_role("textbox", name="Password").fill("not the password")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert").first).to_contain_text("This is not your password")
    check_accessibility(page)
    page.get_by_role("textbox", name="Password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm it is you")
    check_accessibility(page)
    page.get_by_role("button", name=re.compile("passkey", re.IGNORECASE)).first.click()
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Change the password")
    check_accessibility(page)
