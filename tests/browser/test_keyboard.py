"""The whole way from a program's page to a second sign-in, by the keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.keyboard import Keyboard
from tests.browser.support import PASSWORD, Portal, Registrant, check_accessibility
from tests.browser.walks import text_number

pytestmark = pytest.mark.browser
WHO = Registrant("noor.haddad", "noor.haddad@clinic.example", "Noor", "Haddad", "6015550142")
PROVIDER = "Copper Ridge Hospital"


def test_register_and_sign_in_by_keyboard_alone(page: Page, portal: Portal) -> None:
    keys = Keyboard(page)
    page.goto(portal.url("/ms-um/"))
    register(keys, number="1234567893", code="000412345")
    follow_link(keys, portal)
    verify_email(keys, portal)
    prove_phone_by_call(keys, portal)
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Noor Haddad")
    expect(page.get_by_role("main")).to_contain_text(PROVIDER)
    keys.press_on("Sign out", back=True)
    sign_in_by_text(keys, portal)
    keys.expect_heading("Welcome, Noor Haddad")
    check_accessibility(page)


def test_the_skip_link_comes_first_and_leads_past_the_header(page: Page, portal: Portal) -> None:
    page.goto(portal.url("/ms-um/register/"))
    keys = Keyboard(page)
    page.keyboard.press("Tab")
    assert keys.focus()["words"] == "Skip to main content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert keys.focus()["in_main"]


def test_a_page_that_nothing_led_to_begins_at_its_top(page: Page, portal: Portal) -> None:
    page.goto(portal.url("/ms-um/"))
    Keyboard(page).press_on("register here")
    Keyboard(page).expect_heading("Specify your organization")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_timeout(200)
    assert page.evaluate("document.activeElement === document.body")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Login options")


def test_back_leads_to_a_page_that_had_shown_errors(page: Page, portal: Portal) -> None:
    page.goto(portal.url("/ms-um/register/"))
    page.get_by_role("button", name="Next").click()
    expect(page).to_have_title(re.compile("^Error:"))
    # Not the one that the test above registers: nobody could look it up again.
    page.get_by_label("NPI").fill("1001000052")
    page.get_by_label("Provider registration code").fill("000500044")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is this your provider?")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Specify your organization")
    expect(page.locator("[data-error-summary]")).to_have_count(0)
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is this your provider?")


def register(keys: Keyboard, *, number: str, code: str) -> None:
    """Come from the program's page to the confirmation, with one mistake on the way."""
    page = keys.page
    keys.press_on("register here")
    keys.expect_heading("Specify your organization")
    keys.type_into("NPI", number)
    keys.type_into("Provider registration code", code)
    page.keyboard.press("Enter")
    keys.expect_heading("Is this your provider?")
    keys.press_on("Yes, continue")
    keys.expect_heading("Enter user information")
    keys.press_on("Next")
    expect(page.locator("[data-error-summary]")).to_be_focused()
    keys.press_on("Enter the username.")
    assert keys.focus()["words"] == "Username"
    page.keyboard.type(WHO.username)
    keys.type_into("First name", WHO.first_name)
    keys.type_into("Last name", WHO.last_name)
    keys.type_into("Address 1", "4 Ridge Road")
    keys.tab_to("State", tag="select")
    page.keyboard.press("ArrowDown")
    assert page.locator("#id_us_state").input_value() != ""
    keys.type_into("Email", WHO.email)
    keys.type_into("Confirm email", WHO.email)
    keys.type_into("Fax", WHO.fax)
    keys.press_on("Next")
    keys.expect_heading("Terms of use agreement")
    keys.tab_to("Terms of use", tag="div")
    page.keyboard.press("End")
    last = page.locator(".scroll-box > :last-child")
    expect(last).to_be_in_viewport()
    keys.press_on("I have read and agree to these terms of use", "Space")
    keys.press_on("Continue")
    keys.expect_heading("Check your e-mail")


def follow_link(keys: Keyboard, portal: Portal) -> None:
    """Find the mail in the outbox, open its link and choose the phone."""
    portal.wait_for_message(WHO.email, field="link")
    keys.page.goto(portal.url(f"/outbox/?to={WHO.email}"))
    keys.press_on("Open the link")
    heading = keys.page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Continue your registration")  # from a mail: begins at its top
    keys.press_on("Continue")
    keys.expect_heading("Login method")
    keys.press_on("Phone", "Space")


def verify_email(keys: Keyboard, portal: Portal) -> None:
    """Send for the code, type it, and set a password."""
    keys.expect_heading("Your e-mail address")
    keys.press_on("Send verification code")
    keys.expect_heading("Verification code")
    code = portal.wait_for_message(WHO.email, field="code")["code"]
    keys.type_into("Verification Code", code)
    keys.page.keyboard.press("Enter")
    keys.expect_heading("Create your password")
    keys.type_into("New Password", PASSWORD)
    keys.type_into("Confirm New Password", PASSWORD)
    keys.press_on("Create")


def prove_phone_by_call(keys: Keyboard, portal: Portal) -> None:
    """Give the number, have it called, and answer in the outbox in another tab."""
    keys.expect_heading("Your phone number")
    keys.type_into("Phone Number", WHO.phone)
    keys.press_on("Call Me")
    keys.expect_heading("Verify your phone")
    portal.wait_for_call(text_number(WHO))
    phone = Keyboard(keys.page.context.new_page())
    phone.page.goto(portal.url(f"/outbox/?to={text_number(WHO).replace('+', '%2B')}"))
    phone.press_on("Answer")
    pound = phone.page.get_by_role("button", name="#")
    expect(pound).to_be_focused()
    phone.page.keyboard.press("Enter")
    expect(phone.page.get_by_role("main")).to_contain_text("Answered and confirmed.")
    phone.page.close()


def sign_in_by_text(keys: Keyboard, portal: Portal) -> None:
    """Sign in with the phone, by a code that comes as a text."""
    keys.expect_heading("Login options")
    keys.press_on("Login with Phone")
    keys.expect_heading("Sign in with your email address")
    keys.type_into("Email Address", WHO.email)
    keys.type_into("Password", PASSWORD)
    keys.page.keyboard.press("Enter")
    keys.expect_heading("Confirm it is you")
    keys.press_on("Send Code", "Space")
    keys.expect_heading("Confirm it is you")
    code = portal.wait_for_message(text_number(WHO), field="code")["code"]
    keys.type_into("Verification Code", code)
    keys.page.keyboard.press("Enter")
