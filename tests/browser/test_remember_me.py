"""Remember Me in a real browser that is closed and opened again."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.support import Portal, Registrant, check_accessibility
from tests.browser.walks import (
    begin_sign_in,
    expect_home,
    follow_link,
    register,
    sign_out,
    verify_email,
)

pytestmark = pytest.mark.browser


def customers(page: Page) -> Locator:
    """Return the column of providers; the employees' has a Remember Me of its own."""
    return page.get_by_role("region", name="Customer/Provider")


def test_the_browser_is_remembered_past_its_closing_until_the_box_is_unticked(
    page: Page, portal: Portal, browser: Browser
) -> None:
    who = Registrant("robin.vale", "robin.vale@clinic.example", first_name="Robin")
    base = portal.url("/acentra-sample/")
    register(page, base, "1234567893", "W4HD8NPC3Z", who)
    follow_link(page, portal, who)
    verify_email(page, portal, who, "email")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Robin")
    sign_out(page)

    page.goto(base)
    box = customers(page).get_by_label("Remember Me")
    expect(box).not_to_be_checked()
    expect(box).to_have_accessible_description(re.compile("4 hours.*shared device"))
    box.check()
    seen = len([message for message in portal.messages(who.email) if message["code"]])
    begin_sign_in(page, "Login with Email", who)
    page.get_by_role("button", name="Send verification code").click()
    code = portal.wait_for_message(who.email, field="code", after=seen)["code"]
    page.get_by_label("Verification Code").fill(code)
    page.get_by_role("button", name="Verify code").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Robin")

    kept = page.context.storage_state()
    kept["cookies"] = [cookie for cookie in kept["cookies"] if cookie["name"] == "remembered"]
    assert [cookie["expires"] > 0 and cookie["httpOnly"] for cookie in kept["cookies"]] == [True]
    reopened = browser.new_context(storage_state=kept).new_page()
    reopened.goto(base)
    expect(customers(reopened).get_by_label("Remember Me")).to_be_checked()
    check_accessibility(reopened)
    reopened.get_by_role("button", name="Login with Email").click()
    expect_home(reopened, who, "Harbor")
    sign_out(reopened)

    reopened.goto(base)
    customers(reopened).get_by_label("Remember Me").uncheck()
    reopened.get_by_role("button", name="Login with Email").click()
    expect(reopened.get_by_role("textbox", name="Password")).to_be_visible()
    reopened.goto(base)
    expect(customers(reopened).get_by_label("Remember Me")).not_to_be_checked()
    assert "remembered" not in {cookie["name"] for cookie in reopened.context.cookies()}
    reopened.context.close()
