"""Setup in a real browser, at a phone's width: invite somebody, change what they may do, remove."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.support import Portal, Registrant, check_accessibility
from tests.browser.test_first_login import accept_terms, create_password, log_in_first, verify
from tests.browser.walks import verify_email

pytestmark = pytest.mark.browser
PAUL = Registrant("paul.elm", "paul.elm@users.example.org", "Paul", "Elm")
NADIA = Registrant("nadia.hale", "nadia.hale@clinic.example", "Nadia", "Hale")
OFFICE = "Pine Kettle Juniper Home Health"


def come_in(page: Page, portal: Portal) -> None:
    """Sign in as the Provider Group Admin of a sample provider."""
    log_in_first(page, portal.url("/ms-um/"), PAUL)
    page.get_by_role("button", name="Email").click()
    verify(page, portal, PAUL.email)
    create_password(page)
    for _program in ("ms-um", "wv-bh"):
        accept_terms(page)


def open_row(page: Page, name: str) -> None:
    """Open a row of a list, and wait for what it shows."""
    page.locator("summary", has_text=name).click()
    expect(page.locator("details[open] .roles").first).to_be_visible()
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, page.url


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


def test_invite_change_and_remove(page: Page, portal: Portal, browser: Browser) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    come_in(page, portal)
    change_context(page)
    page.get_by_role("link", name="Setup", exact=True).click()
    expect(page.get_by_role("link", name=re.compile("Manage Provider Groups"))).to_be_visible()
    open_row(page, OFFICE)
    page.get_by_role("link", name=re.compile("Add New User")).click()
    page.get_by_label("Username").fill(PAUL.username)
    expect(page.locator("#username-availability")).to_contain_text("taken")
    page.get_by_role("button", name="Create").click()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    check_accessibility(page)
    page.get_by_label("Username").fill(NADIA.username)
    page.get_by_label("First name").fill(NADIA.first_name)
    page.get_by_label("Last name").fill(NADIA.last_name)
    page.get_by_role("textbox", name="Email", exact=False).first.fill(NADIA.email)
    page.get_by_label("Confirm email").fill(NADIA.email)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nadia Hale is invited")
    check_accessibility(page)

    hers = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        accept(hers.new_page(), portal)
    finally:
        hers.close()

    page.get_by_role("link", name=re.compile("Manage Users")).last.click()
    open_row(page, "Nadia Hale")
    page.get_by_label("Select role of Nadia Hale").select_option("group_admin")
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Make Nadia Hale")
    check_accessibility(page)
    page.get_by_role("button", name="Change the role").click()
    expect(page.get_by_role("main")).to_contain_text("Nadia Hale is now Provider Group Admin.")
    open_row(page, "Nadia Hale")
    page.get_by_role("link", name=re.compile("^Remove")).click()
    check_accessibility(page)
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("main")).to_contain_text("Nadia Hale was removed from the group.")
    expect(page.locator("summary", has_text="Nadia Hale")).to_have_count(0)

    theirs = browser.new_context(viewport={"width": 390, "height": 844})
    try:
        ask_to_join(theirs.new_page(), portal)
    finally:
        theirs.close()
    decide(page, portal)
    review_access(page)


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
