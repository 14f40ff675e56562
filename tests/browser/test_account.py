"""My account in a real browser: address, password, other browsers, and a form that comes back."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.support import PASSWORD, Portal, Registrant, check_accessibility
from tests.browser.test_session_warning import age_sessions
from tests.browser.walks import begin_sign_in, follow_link, register, verify_email

pytestmark = pytest.mark.browser
NEW_PASSWORD = "Green-Harbor-Kettle-58"
WIDTHS = ((390, 844), (1280, 900))


def look(page: Page) -> None:
    """Check a page with axe on a phone and on a desktop; it does not scroll sideways."""
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        check_accessibility(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


def signed_in(page: Page, portal: Portal, who: Registrant, number: str, code: str) -> str:
    """Register in a program by e-mail; returns the address of My account there."""
    register(page, portal.url("/wv-bh/"), number, code, who)
    follow_link(page, portal, who)
    verify_email(page, portal, who, "email")
    page.wait_for_url("**/home/")
    page.get_by_role("link", name="Preferences").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My account")
    return page.url


def finish_by_email(page: Page, portal: Portal, who: Registrant) -> None:
    """Go on from the form of Login with Email to home."""
    page.get_by_label("Email Address").fill(who.email)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    seen = len([message for message in portal.messages(who.email) if message["code"]])
    page.get_by_role("button", name="Send verification code").click()
    code = portal.wait_for_message(who.email, field="code", after=seen)["code"]
    page.get_by_label("Verification Code").fill(code)
    page.get_by_role("button", name="Verify code").click()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/home/")


def elsewhere(portal: Portal, browser: Browser, who: Registrant) -> Page:
    """Sign in on another browser."""
    page = browser.new_context().new_page()
    page.goto(portal.url("/wv-bh/"))
    begin_sign_in(page, "Login with Email", who)
    seen = len([message for message in portal.messages(who.email) if message["code"]])
    page.get_by_role("button", name="Send verification code").click()
    code = portal.wait_for_message(who.email, field="code", after=seen)["code"]
    page.get_by_label("Verification Code").fill(code)
    page.get_by_role("button", name="Verify code").click()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/home/")
    return page


def test_address_password_and_another_browser(page: Page, portal: Portal, browser: Browser) -> None:
    who = Registrant("lee.park", "lee.park@clinic.example", "Lee", "Park")
    account = signed_in(page, portal, who, "1000000111", "0020000077")
    look(page)
    expect(page.get_by_role("main")).to_contain_text("lee.park")
    expect(page.get_by_role("main")).to_contain_text("It cannot be changed.")

    other = elsewhere(portal, browser, who)
    page.get_by_role("link", name="Browsers that are signed in now").click()
    look(page)
    expect(page.get_by_text("This browser", exact=True)).to_have_count(1)
    page.get_by_role("button", name="Sign out this browser").click()
    expect(page.get_by_role("status")).to_contain_text("That browser is signed out.")
    expect(page.get_by_role("button", name="Sign out this browser")).to_have_count(0)
    other.goto(account)
    expect(other.get_by_role("main")).to_contain_text("from another browser")
    other.context.close()

    page.get_by_role("link", name="My account").click()
    page.get_by_role("link", name="Change the e-mail address").click()
    look(page)
    page.get_by_label("New Email Address").fill("lee.park@elm.example")
    page.get_by_role("button", name="Send verification code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Verify the new e-mail address")
    look(page)
    code = portal.wait_for_message("lee.park@elm.example", field="code")["code"]
    page.get_by_label("Verification Code").fill(code)
    page.get_by_role("button", name="Verify code").click()
    expect(page.get_by_role("status")).to_contain_text("Your e-mail address was changed")
    expect(page.get_by_role("main")).to_contain_text("lee.park@elm.example")
    told = portal.wait_for_message(who.email, field="link", after=1)
    assert "new e-mail address" in told["subject"]
    assert told["link"].endswith("/mfa-help/request/taken_over/")

    page.get_by_role("link", name="Change the password").click()
    look(page)
    page.get_by_role("textbox", name="New Password", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("textbox", name="Confirm New Password").fill(NEW_PASSWORD)
    expect(page.locator("[data-rule^=length]")).to_have_attribute("data-met", "true")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("status")).to_contain_text("Your password was changed")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Login with Email").click()
    page.get_by_label("Email Address").fill("lee.park@elm.example")
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("could not sign you in")
    page.get_by_role("textbox", name="Password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Send verification code")).to_be_visible()


def test_every_other_page_of_the_account(page: Page, portal: Portal) -> None:
    who = Registrant("jo.lund", "jo.lund@clinic.example", "Jo", "Lund")
    account = signed_in(page, portal, who, "1000000129", "0020000084")
    for name in (
        "Change name, address, phone or fax",
        "Add a phone number",
        "See, add or remove ways to sign in",
        "Remembered browsers",
        "Sign-in history",
        "Rules that hold for you",
        "Download your data",
    ):
        page.goto(account)
        page.get_by_role("link", name=re.compile(name)).click()
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        look(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "portal-account.json"

    page.get_by_role("button", name="Sign out").click()
    begin_sign_in(page, "Login with Phone", who)
    expect(page.get_by_role("heading", level=1)).to_have_text("No phone on record")
    look(page)
    page.get_by_role("link", name="Login with Email").click()
    finish_by_email(page, portal, who)
    page.goto(account)
    page.get_by_role("link", name="Add a phone number").click()
    page.get_by_label("Phone Number").fill("3045550178")
    page.get_by_role("button", name="Call Me").click()
    look(page)
    call = portal.wait_for_call("+13045550178")
    assert portal.press(call["id"], "#")
    expect(page.get_by_role("status")).to_contain_text("Your phone number was added")
    expect(page.get_by_role("main")).to_contain_text("XXX-XXX-0178")

    page.get_by_role("button", name="Sign out").click()
    begin_sign_in(page, "Login with Phone", who)
    page.get_by_role("button", name="Send Code").click()
    code = portal.wait_for_message("+13045550178", field="code")["code"]
    page.get_by_label("Verification Code").fill(code)
    page.get_by_role("button", name="Verify Code").click()
    page.wait_for_url("**/home/")


def test_what_was_typed_comes_back_after_the_session_ran_out(page: Page, portal: Portal) -> None:
    who = Registrant("max.dorn", "max.dorn@clinic.example", "Max", "Dorn")
    account = signed_in(page, portal, who, "1000000137", "0020000091")
    page.clock.install()
    page.goto(account)
    page.get_by_role("link", name="Change name, address, phone or fax").click()
    page.get_by_label("City").fill("Huntington")
    # Nobody presses anything: the page itself sends what was typed when the session ends.
    age_sessions(portal, "seen_at", 16 * 60)
    page.clock.fast_forward(16 * 60 * 1000)
    expect(page.get_by_role("heading", level=1)).to_have_text("Login options")
    expect(page.get_by_role("main")).to_contain_text("because nothing happened for a while")
    begin_sign_in(page, "Login with Email", who)
    seen = len([message for message in portal.messages(who.email) if message["code"]])
    page.get_by_role("button", name="Send verification code").click()
    code = portal.wait_for_message(who.email, field="code", after=seen)["code"]
    page.get_by_label("Verification Code").fill(code)
    page.get_by_role("button", name="Verify code").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("main")).to_contain_text("What you had typed is back")
    expect(page.get_by_label("City")).to_have_value("Huntington")
    look(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Your details were saved.")


CLOSE = """
from datetime import timedelta
from core.accounts.models import User
from core.accounts.services.inactivity import watch_inactivity
from core.common import clock
User.objects.filter(email={email!r}).update(last_used_at=clock.now() - timedelta(days=100))
watch_inactivity(at=clock.now())
"""


def test_an_unused_account_is_opened_by_its_owner(page: Page, portal: Portal) -> None:
    who = Registrant("ira.holt", "ira.holt@clinic.example", "Ira", "Holt")
    signed_in(page, portal, who, "1000000145", "0020000098")
    portal.manage("shell", "-v", "0", "-c", CLOSE.format(email=who.email))
    mail = portal.wait_for_message(who.email, field="link", after=1)
    assert "closed because nobody used it" in mail["subject"]
    page.goto(mail["link"])
    begin_sign_in(page, "Login with Email", who)
    seen = len([message for message in portal.messages(who.email) if message["code"]])
    page.get_by_role("button", name="Send verification code").click()
    code = portal.wait_for_message(who.email, field="code", after=seen)["code"]
    page.get_by_label("Verification Code").fill(code)
    page.get_by_role("button", name="Verify code").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account is not active")
    look(page)
    page.get_by_role("button", name="Open my account").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ira")
