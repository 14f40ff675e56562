"""Forgot password, the way out of a lock, and the help pages, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.support import Portal, Registrant, check_accessibility
from tests.browser.walks import (
    begin_sign_in,
    follow_link,
    prove_phone_by_text,
    register,
    sign_out,
    text_number,
    verify_email,
)

pytestmark = pytest.mark.browser
NEW_PASSWORD = "Copper-harbor 93 maples"


def codes_to(portal: Portal, to: str) -> int:
    """Return how many codes went to an address or number so far."""
    return len([message for message in portal.messages(to) if message["code"]])


def ask_for_reset(page: Page, portal: Portal, who: Registrant) -> None:
    """Follow the link of the sign-in page up to the verified address."""
    page.get_by_role("link", name="Forgot your password?").click()
    check_accessibility(page)
    seen = codes_to(portal, who.email)
    page.get_by_label("Email Address").fill(who.email)
    page.get_by_role("button", name="Send verification code").click()
    code = portal.wait_for_message(who.email, field="code", after=seen)["code"]
    expect(page.get_by_text("Time left:")).to_be_visible()
    check_accessibility(page)
    page.get_by_label("Verification Code").fill(code)
    page.get_by_role("button", name="Verify code").click()
    expect(page.get_by_role("main")).to_contain_text(
        "E-mail address verified. You can now continue."
    )
    check_accessibility(page)
    page.get_by_role("link", name="Continue").click()


def choose_password(page: Page) -> None:
    """Fill in the last page."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a new password")
    check_accessibility(page)
    page.get_by_role("textbox", name="New Password", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("textbox", name="Confirm New Password").fill(NEW_PASSWORD)
    expect(page.locator("[data-rule^=length]")).to_have_attribute("data-met", "true")
    page.get_by_role("button", name="Continue").click()


def test_phone_account_by_text_and_the_locked_owner_by_call(page: Page, portal: Portal) -> None:
    who = Registrant("pat.lane", "pat.lane@clinic.example", first_name="Pat")
    base = portal.url("/wv-bh/")
    register(page, base, "1000000079", "0020000042", who)
    follow_link(page, portal, who)
    verify_email(page, portal, who, "phone")
    prove_phone_by_text(page, portal, who)
    sign_out(page)

    page.get_by_role("button", name="Login with Phone").click()
    ask_for_reset(page, portal, who)
    expect(page.get_by_role("main")).to_contain_text(f"XXX-XXX-{who.phone[-4:]}")
    check_accessibility(page)
    seen = codes_to(portal, text_number(who))
    page.get_by_role("button", name="Send Code").click()
    code = portal.wait_for_message(text_number(who), field="code", after=seen)["code"]
    page.get_by_label("Verification Code").fill(code)
    page.get_by_role("button", name="Verify Code").click()
    # Going back in the midst of going on, a browser may have no page in hand.
    page.wait_for_url("**/forgot-password/new/")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto(portal.url("/wv-bh/forgot-password/verify/"))
    choose_password(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Pat")
    sign_out(page)

    # The old password three times: the account is locked, and its owner opens it.
    begin_sign_in(page, "Login with Phone", who)
    for _ in range(2):
        page.get_by_role("textbox", name="Password").fill("not the password")
        page.get_by_role("button", name="Sign in").click()
    ask_for_reset(page, portal, who)
    page.get_by_role("button", name="Call Me").click()
    call = portal.wait_for_call(text_number(who))
    assert portal.press(call["id"], "#")
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a new password")


def test_email_account_goes_straight_on(page: Page, portal: Portal) -> None:
    who = Registrant("kim.east", "kim.east@clinic.example", first_name="Kim")
    base = portal.url("/wv-bh/")
    register(page, base, "1000000087", "0020000049", who)
    follow_link(page, portal, who)
    verify_email(page, portal, who, "email")
    sign_out(page)
    page.get_by_role("button", name="Login with Email").click()
    ask_for_reset(page, portal, who)
    choose_password(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Kim")


def test_an_address_that_is_nobodys_looks_the_same(page: Page, portal: Portal) -> None:
    page.goto(portal.url("/ms-um/forgot-password/"))
    page.get_by_label("Email Address").fill("nobody@clinic.example")
    page.get_by_role("button", name="Send verification code").click()
    expect(page.get_by_text("Time left:")).to_be_visible()
    page.get_by_label("Verification Code").fill("123456")
    page.get_by_role("button", name="Verify code").click()
    expect(page.get_by_role("main")).to_contain_text("This code is not right")
    check_accessibility(page)
    assert portal.messages("nobody@clinic.example") == []


def test_help_ends_in_a_request_with_a_number(page: Page, portal: Portal) -> None:
    page.goto(portal.url("/wv-bh/"))
    page.get_by_role("listitem").filter(has_text="Having trouble").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Having trouble logging in?")
    check_accessibility(page)
    page.get_by_role("link", name="Ask to have my registration reset").click()
    check_accessibility(page)
    page.get_by_role("button", name="Send the request").click()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    check_accessibility(page)
    page.get_by_label("Your name").fill("Dana Reed")
    page.get_by_label("E-mail address or username").fill("dana")
    page.get_by_label("Phone number or e-mail").fill("304-555-0142")
    page.get_by_label("Your provider").fill("Cedar Hollow, NPI 1234567893")
    page.get_by_role("button", name="Send the request").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(re.compile("Request [2-9A-Z]{4}-[2-9A-Z]{4}"))
    check_accessibility(page)


@pytest.mark.parametrize("slug", ["wv-bh", "ms-um", "acentra-sample", "va-dmas"])
@pytest.mark.parametrize(
    "path",
    [
        "forgot-password/",
        "forgot-password/new/",
        "mfa-help/",
        "mfa-help/unfinished/",
        "mfa-help/address/",
        "mfa-help/request/lost_phone/",
    ],
)
def test_each_page_in_each_brand(page: Page, portal: Portal, slug: str, path: str) -> None:
    page.goto(portal.url(f"/{slug}/{path}"))
    check_accessibility(page)
    page.set_viewport_size({"width": 390, "height": 844})
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, f"{page.url} is {width} px wide on a phone"
