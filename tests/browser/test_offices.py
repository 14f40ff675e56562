"""A billing office at a phone's width: it registers, gets access, and assigns its admin."""

import re

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.support import Portal, Registrant, check_accessibility
from tests.browser.test_first_login import accept_terms, create_password, log_in_first, verify
from tests.browser.walks import prove_phone_by_text, verify_email
from tests.support.days import day_of

pytestmark = pytest.mark.browser
OLIVE = Registrant("olive.marsh", "olive.marsh@billing.example", "Olive", "Marsh")
NORA = Registrant("nora.gale", "nora.gale@users.example.org", "Nora", "Gale")
PHONE: ViewportSize = {"width": 390, "height": 844}
PROVIDER = "Pine Kettle Juniper Home Health"


def look(page: Page) -> None:
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, page.url


def register_office(page: Page, portal: Portal) -> str:
    """Register the office from the login options, and return its code."""
    page.goto(portal.url("/"))
    page.get_by_role("link", name="Register the office").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Register an office")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    look(page)
    page.get_by_label("Name of the office").fill("River Billing")
    page.get_by_label("Address 1").fill("4 Quay Street")
    page.get_by_label("City").fill("Jackson")
    page.get_by_label("State").select_option("MS")
    page.get_by_label("ZIP code").fill("39201")
    page.get_by_label("First name").fill(OLIVE.first_name)
    page.get_by_label("Last name").fill(OLIVE.last_name)
    page.get_by_role("textbox", name="Email", exact=False).first.fill(OLIVE.email)
    page.get_by_label("Confirm email").fill(OLIVE.email)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")
    look(page)
    page.goto(portal.wait_for_message(OLIVE.email, field="link")["link"])
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose your username")
    look(page)
    page.get_by_label("Username").fill(OLIVE.username)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Login method")
    verify_email(page, portal, OLIVE, "phone")
    prove_phone_by_text(page, portal, OLIVE)
    expect(page.get_by_role("heading", level=1)).to_have_text("River Billing")
    look(page)
    code = page.locator("#office-code").text_content()
    assert code
    return code


def give_access(page: Page, portal: Portal, code: str) -> None:
    """Enter the code as an admin of a provider, and give the office access."""
    log_in_first(page, portal.url("/ms-um/"), NORA)
    page.get_by_role("button", name="Email").click()
    verify(page, portal, NORA.email)
    create_password(page)
    accept_terms(page)
    page.get_by_role("link", name="Setup", exact=True).click()
    page.get_by_role("link", name="Third parties").click()
    look(page)
    page.get_by_label("Office code").fill(code[:-1])
    page.keyboard.press("Enter")
    expect(page.locator("[data-error-summary]")).to_be_focused()
    look(page)
    page.get_by_label("Office code").fill(code.lower())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Give River Billing access?")
    expect(page.get_by_label(re.compile(PROVIDER))).to_be_checked()
    last_day = day_of(days=60).isoformat()
    page.get_by_label("Last day of access").fill(last_day)
    look(page)
    page.get_by_role("button", name="Give access").click()
    expect(page.get_by_role("main")).to_contain_text("River Billing has access now.")
    page.get_by_role("link", name="River Billing").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("River Billing at")
    look(page)


def assign(page: Page, portal: Portal) -> None:
    """Choose oneself for the provider, and enter its program."""
    page.goto(portal.url("/offices/"))
    page.get_by_role("link", name=PROVIDER).click()
    look(page)
    page.get_by_label(re.compile("Olive Marsh")).check()
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_role("main")).to_contain_text("1 of your people can work for")
    look(page)
    page.get_by_role("link", name="Home", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text(PROVIDER)
    page.get_by_role("link", name="Office", exact=True).click()
    page.get_by_role("link", name=PROVIDER).click()
    page.get_by_role("link", name="End this access").click()
    look(page)
    page.get_by_role("button", name="End the access").click()
    expect(page.get_by_role("main")).to_contain_text("has ended")


def test_an_office_registers_gets_access_and_ends_it(
    page: Page, portal: Portal, browser: Browser
) -> None:
    page.set_viewport_size(PHONE)
    code = register_office(page, portal)
    theirs = browser.new_context(viewport=PHONE)
    try:
        give_access(theirs.new_page(), portal, code)
    finally:
        theirs.close()
    assign(page, portal)
