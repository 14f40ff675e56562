"""The ways back into a registration: from a registration error, and one that was left."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.support import (
    PASSWORD,
    Portal,
    Registrant,
    check_accessibility,
)
from tests.browser.walks import (
    follow_link,
    register,
    verify_email,
)

pytestmark = pytest.mark.browser


def test_a_registration_error_leads_by_reset_to_a_link(page: Page, portal: Portal) -> None:
    address = "omar.birch@users.example.org"
    page.goto(portal.url("/wv-bh/register/"))
    page.get_by_label("NPI").fill("1000001887")
    page.get_by_label("code", exact=False).first.fill("0000000001")
    page.get_by_role("button", name="Next").click()
    check_accessibility(page)
    page.get_by_role("link", name="Reset").first.click()
    check_accessibility(page)
    page.get_by_label("Username").fill("omar.birch")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("main")).to_contain_text("Your request was received")
    check_accessibility(page)
    page.goto(portal.wait_for_message(address, field="link")["link"])
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Login method")


def test_a_registration_that_was_left_is_taken_up_by_a_new_link(page: Page, portal: Portal) -> None:
    who = Registrant("ada.holt", "ada.holt@clinic.example", "Ada", "Holt", "3045550133")
    register(page, portal.url("/wv-bh/"), "1000000319", "0020000231", who)
    follow_link(page, portal, who)
    verify_email(page, portal, who, "phone")
    expect(page.get_by_label("Phone Number")).to_be_visible()
    page.context.clear_cookies()

    page.goto(portal.url("/wv-bh/mfa-help/"))
    page.get_by_role("link", name="Finish your registration").or_(
        page.locator("main a[href$='/mfa-help/unfinished/']")
    ).first.click()
    check_accessibility(page)
    page.get_by_label("Email Address").fill(who.email)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Send a link").click()
    expect(page.get_by_role("main")).to_contain_text("Your request was received")
    check_accessibility(page)
    page.goto(portal.wait_for_message(who.email, field="link", after=1)["link"])
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Login method")
    check_accessibility(page)
