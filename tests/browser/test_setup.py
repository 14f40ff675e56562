"""Setup in a real browser, at a phone's width and by keyboard: users, providers, requests."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.keyboard import Keyboard
from tests.browser.support import Portal, Registrant, check_accessibility
from tests.browser.test_first_login import accept_terms, create_password, log_in_first, verify
from tests.browser.walks import verify_email

pytestmark = pytest.mark.browser
PAUL = Registrant("paul.elm", "paul.elm@users.example.org", "Paul", "Elm")
NADIA = Registrant("nadia.hale", "nadia.hale@clinic.example", "Nadia", "Hale")
OFFICE = "Pine Kettle Juniper Home Health"
ANOTHER = "Quail Springs Juniper Surgery Center"


def come_in(page: Page, portal: Portal) -> None:
    """Sign in as the Provider Group Admin of a sample provider."""
    log_in_first(page, portal.url("/ms-um/"), PAUL)
    page.get_by_role("button", name="Email").click()
    verify(page, portal, PAUL.email)
    create_password(page)
    for _program in ("ms-um", "wv-bh"):
        accept_terms(page)


def look(page: Page) -> None:
    """Check a page as it is now, on a phone."""
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, page.url


def expect_heading(page: Page, text: str) -> None:
    """Wait for the page that a key leads to."""
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def open_row(keys: Keyboard, name: str) -> None:
    """Open a row of a list, and wait for what it shows."""
    keys.tab_to(name, tag="summary", part=True)
    keys.page.keyboard.press("Enter")
    expect(keys.page.locator("details[open] .roles").first).to_be_visible()
    look(keys.page)


def change_context(page: Page) -> None:
    """Find a provider as one types, and choose it by keyboard."""
    page.get_by_role("link", name="Change Context").click()
    expect(page.locator("#context-count")).to_have_text("2 providers")
    field = page.get_by_role("searchbox")
    field.press_sequentially(OFFICE[:4].lower())
    expect(page.locator("#context-count")).to_have_text("1 provider")
    check_accessibility(page)
    field.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(OFFICE)
    expect(page.locator(".context__now")).to_contain_text(OFFICE)
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, page.url


def test_users_and_providers_by_keyboard_on_a_phone(
    page: Page, portal: Portal, browser: Browser
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    come_in(page, portal)
    change_context(page)
    keys = Keyboard(page)
    keys.press_on("Setup")
    expect_heading(page, "Manage Provider Groups")
    invite(keys)
    hers = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        accept(hers.new_page(), portal)
    finally:
        hers.close()
    keys.press_on("Manage Users", part=True)
    expect_heading(page, "Manage Users")
    change_role(keys)
    reset(keys, portal)
    remove(keys)
    register_another(keys)

    theirs = browser.new_context(viewport={"width": 390, "height": 844})
    try:
        ask_to_join(theirs.new_page(), portal)
    finally:
        theirs.close()
    decide(page, portal)
    review_access(page)


def invite(keys: Keyboard) -> None:
    """Add a new user, with a username that is taken at first."""
    page = keys.page
    open_row(keys, OFFICE)
    keys.press_on("Add New User", part=True)
    expect_heading(page, "Add New User")
    keys.type_into("Username", PAUL.username)
    expect(page.locator("#username-availability")).to_contain_text("taken")
    page.keyboard.press("Enter")
    expect(page.locator("[data-error-summary]")).to_be_focused()
    look(page)
    keys.tab_to("Username", tag="input")
    page.keyboard.press("Control+A")
    page.keyboard.type(NADIA.username)
    keys.type_into("First name", NADIA.first_name)
    keys.type_into("Last name", NADIA.last_name)
    keys.type_into("Email", NADIA.email)
    keys.type_into("Confirm email", NADIA.email)
    keys.press_on("Create")
    expect_heading(page, "Nadia Hale is invited")
    look(page)


def change_role(keys: Keyboard) -> None:
    """Make her Provider Group Admin, which is asked twice."""
    page = keys.page
    open_row(keys, "Nadia Hale")
    keys.tab_to("Select role of Nadia Hale", tag="select", part=True)
    page.keyboard.press("End")
    keys.press_on("Change")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Make Nadia Hale")
    look(page)
    keys.press_on("Change the role")
    expect(page.get_by_role("main")).to_contain_text("Nadia Hale is now Provider Group Admin.")


def reset(keys: Keyboard, portal: Portal) -> None:
    """Take her factors away, from the pencil; she gets a link."""
    page = keys.page
    open_row(keys, "Nadia Hale")
    keys.press_on("Edit contact information", part=True)
    expect_heading(page, "Contact information of Nadia Hale")
    look(page)
    keys.press_on("Reset Registration")
    expect_heading(page, "Reset Registration: Nadia Hale")
    expect(page.get_by_role("main")).to_contain_text("Phone, app, passkeys and recovery codes")
    look(page)
    keys.press_on("Reset Registration")
    expect(page.get_by_role("main")).to_contain_text("The registration is reset.")
    assert portal.wait_for_message(NADIA.email, field="link")["link"]


def remove(keys: Keyboard) -> None:
    """End her role, the only one that she has."""
    page = keys.page
    keys.press_on("Nadia Hale", back=True)
    expect_heading(page, "Nadia Hale (nadia.hale)")
    keys.press_on("Remove", part=True)
    expect_heading(page, "Remove Nadia Hale from the group?")
    look(page)
    keys.press_on("Remove")
    expect(page.get_by_role("main")).to_contain_text("Nadia Hale was removed from the group.")
    expect(page.locator("summary", has_text="Nadia Hale")).to_have_count(0)


def register_another(keys: Keyboard) -> None:
    """Add one more provider of the same program to the group."""
    page = keys.page
    keys.press_on("Register New Provider +", back=True)
    expect_heading(page, "Register new provider")
    keys.type_into("NPI", "1001000201")
    keys.type_into("Provider registration code", "000500231")
    page.keyboard.press("Enter")
    keys.expect_heading("Add this provider to your account?")
    look(page)
    keys.press_on("Add provider")
    expect_heading(page, ANOTHER)
    expect(page.get_by_role("main")).to_contain_text("You are its Provider Group Admin.")
    look(page)


def ask_to_join(page: Page, portal: Portal) -> None:
    """Enter the numbers of a registered provider from outside, and ask its admins."""
    page.goto(portal.url("/ms-um/register/"))
    page.get_by_label("NPI").fill("1001001886")
    page.get_by_label("code", exact=False).first.fill("000502233")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("link", name="ask to join").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ask to join")
    page.get_by_role("button", name="Ask to join").click()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    check_accessibility(page)
    page.get_by_label("First name").fill("Omar")
    page.get_by_label("Last name").fill("Vale")
    page.get_by_role("textbox", name="Email", exact=False).first.fill("omar@clinic.example")
    page.get_by_label("Confirm email").fill("omar@clinic.example")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("Your request was sent")
    expect(page.get_by_role("main")).not_to_contain_text(OFFICE)
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def review_access(page: Page) -> None:
    """Confirm two people by keyboard, and ask for the weekly mail."""
    page.get_by_role("link", name=re.compile("^Access review")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Access review")
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, page.url
    page.get_by_role("checkbox", name=re.compile("Theo Ivy")).focus()
    page.keyboard.press("Space")
    page.get_by_role("checkbox", name=re.compile("Nora Gale")).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("2 roles confirmed.")
    check_accessibility(page)
    page.get_by_role("link", name="Activity", exact=True).click()
    page.get_by_role("button", name="Send me a weekly mail").click()
    expect(page.get_by_role("main")).to_contain_text("The weekly mail is on.")
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, page.url


def to_decide(page: Page, portal: Portal) -> Locator:
    """Return the link on Home, once the request is there."""
    link = page.get_by_role("link", name="Decide")
    for _ in range(30):
        page.goto(portal.url("/home/"))
        if link.count():
            break
        page.wait_for_timeout(500)
    return link


def decide(page: Page, portal: Portal) -> None:
    """Refuse who asked, from what Home says needs doing."""
    # A worker passes the request on; the page is asked again until it has.
    expect(to_decide(page, portal)).to_be_visible()
    page.get_by_role("link", name="Decide").click()
    check_accessibility(page)
    page.get_by_role("link", name="Omar Vale").click()
    expect(page.get_by_role("link", name="Add as new user")).to_be_visible()
    check_accessibility(page)
    page.get_by_label("Reason").fill("Nobody here knows you.")
    page.get_by_role("button", name="Refuse").click()
    expect(page.get_by_role("main")).to_contain_text("The request of Omar Vale was refused.")
    check_accessibility(page)


def accept(page: Page, portal: Portal) -> None:
    """Come as the invited person, from the mail to home."""
    page.goto(portal.wait_for_message(NADIA.email, field="link")["link"])
    page.get_by_role("button", name="Continue").click()
    verify_email(page, portal, NADIA, "email")
    accept_terms(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Nadia Hale")
    expect(page.get_by_role("main")).to_contain_text(OFFICE)
    check_accessibility(page)
