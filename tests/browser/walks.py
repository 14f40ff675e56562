"""The journeys of a person, page by page. Each page is checked with axe on the way."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.support import PASSWORD, Portal, Registrant, check_accessibility


def register(page: Page, base: str, number: str, code: str, who: Registrant) -> None:
    """Register a provider from a program's page up to the confirmation."""
    page.goto(base)
    check_accessibility(page)
    page.get_by_role("link", name="register here").click()
    check_accessibility(page)
    page.get_by_label("NPI").fill(number)
    page.get_by_label("code", exact=False).first.fill(code)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is this your provider?")
    check_accessibility(page)
    page.get_by_role("link", name="Yes, continue").click()
    check_accessibility(page)
    fill_information(page, who)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Terms of use agreement")
    check_accessibility(page)
    page.get_by_label("I have read and agree to these terms of use").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("main")).to_contain_text("20 minutes")
    expect(page.get_by_role("main")).not_to_contain_text(who.email)
    check_accessibility(page)


def fill_information(page: Page, who: Registrant) -> None:
    """Fill in the person's information."""
    page.get_by_label("Username").fill(who.username)
    expect(page.get_by_role("status").first).to_contain_text(re.compile("available|free", re.I))
    page.get_by_label("First name").fill(who.first_name)
    page.get_by_label("Last name").fill(who.last_name)
    page.get_by_label("Email", exact=False).first.fill(who.email)
    page.get_by_label("Confirm email").fill(who.email)
    page.get_by_label("Phone").fill(who.phone)
    page.get_by_label("Fax").fill(who.fax)


def follow_link(page: Page, portal: Portal, who: Registrant) -> None:
    """Open the mailed link and press its button."""
    page.goto(portal.wait_for_message(who.email, field="link")["link"])
    check_accessibility(page)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Login method")
    check_accessibility(page)


def verify_email(page: Page, portal: Portal, who: Registrant, method: str) -> None:
    """Choose a method, verify the e-mail address and set the password."""
    page.get_by_role("button", name=re.compile(method, re.I)).click()
    check_accessibility(page)
    page.get_by_role("button", name="Send verification code").click()
    code = portal.wait_for_message(who.email, field="code")["code"]
    check_accessibility(page)
    page.get_by_label("Verification Code").fill(code)
    page.get_by_role("button", name="Verify code").click()
    page.get_by_role("textbox", name="New Password", exact=True).fill(PASSWORD)
    page.get_by_role("textbox", name="Confirm New Password").fill(PASSWORD)
    expect(page.locator("[data-rule^=length]")).to_have_attribute("data-met", "true")
    check_accessibility(page)
    page.get_by_role("button", name="Create").click()


def text_number(who: Registrant) -> str:
    """Return the person's phone as texts and calls go to it."""
    return f"+1{who.phone}"


def prove_phone_by_text(page: Page, portal: Portal, who: Registrant) -> None:
    """Give the number and enter the code of the text."""
    check_accessibility(page)
    page.get_by_label("Phone Number").fill(who.phone)
    page.get_by_role("button", name="Send Code").click()
    code = portal.wait_for_message(text_number(who), field="code")["code"]
    check_accessibility(page)
    page.get_by_label("Verification Code").fill(code)
    page.get_by_role("button", name="Verify Code").click()


def make_the_passkey(page: Page, who: Registrant) -> None:
    """Make a passkey as the last step of a registration, and keep the recovery codes."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Make your passkey")
    check_accessibility(page)
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Make recovery codes")
    check_accessibility(page)
    page.get_by_role("button", name="Make ten codes").click()
    expect(page.locator("[data-codes] code")).to_have_count(10)
    for label in ("Copy", "Print", "Download"):
        expect(page.get_by_role("button", name=label, exact=True)).to_be_visible()
    check_accessibility(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    kept = Path(download.value.path()).read_text().split()
    assert len(kept) == 10
    page.get_by_role("link", name="I have kept them, continue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(who.first_name)


def sign_out(page: Page) -> None:
    """Sign out and land on the login options."""
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Login options")


def begin_sign_in(page: Page, option: str, who: Registrant) -> None:
    """Choose an option and give address and password."""
    page.get_by_role("link", name=option).or_(page.get_by_role("button", name=option)).click()
    check_accessibility(page)
    page.get_by_label("Email Address").fill(who.email)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def expect_home(page: Page, who: Registrant, provider: str) -> None:
    """Check that home names the person, the role and the provider."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(who.first_name)
    expect(page.get_by_role("main")).to_contain_text("Provider Group Admin")
    expect(page.get_by_role("main")).to_contain_text(provider)
    check_accessibility(page)
