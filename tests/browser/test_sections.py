"""The sections of a draft in a real browser: every one of them, by keyboard, and without script."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from contracts.console.drafts.content import sections
from contracts.console.sections.words import section_label
from tests.browser.keyboard import Keyboard
from tests.browser.support import Portal, Registrant
from tests.browser.test_staff import become_staff, look_at

pytestmark = pytest.mark.browser
DRAFT = "/staff/contracts/va-dmas/draft/"


def heading(page: Page, section: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(section_label(section))


def test_through_every_section(page: Page, portal: Portal, browser: Browser) -> None:
    operator = Registrant("dora.draft", "dora.draft@company.example", "Dora", "Draft")
    become_staff(page, portal, operator, "operator")
    page.goto(portal.url(DRAFT))
    page.locator("main form").get_by_role("button").first.click()
    page.goto(portal.url(f"{DRAFT}{sections()[0]}/"))
    for section in sections():
        heading(page, section)
        look_at(page)
        page.get_by_role("button", name=re.compile("Save and (continue|finish)")).click()
    expect(page).to_have_url(portal.url(DRAFT))

    by_keyboard(page, portal)
    without_script(page, portal, browser)


def by_keyboard(page: Page, portal: Portal) -> None:
    """Enter in an input saves; what is wrong takes the focus and leads to its field."""
    page.goto(portal.url(f"{DRAFT}sessions/"))
    keyboard = Keyboard(page)
    idle = "Sign out when idle for (minutes)"
    keyboard.tab_to(idle, tag="input", part=True)
    page.keyboard.press("Control+A")
    page.keyboard.type("soon")
    page.keyboard.press("Enter")
    expect(page.locator("[data-error-summary]")).to_be_focused()
    look_at(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label(idle)).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("60")
    page.keyboard.press("Enter")
    heading(page, "links")
    page.goto(portal.url(f"{DRAFT}sessions/"))
    keyboard.press_on("Save and add a waiver", part=True)
    heading(page, "waivers")
    last = page.get_by_label("What is waived").last
    expect(last).to_have_value("sessions.idle_minutes")


def without_script(page: Page, portal: Portal, browser: Browser) -> None:
    """Rows come, move and go by buttons, and a rule family shows its fields when it is chosen."""
    state = page.context.storage_state()
    context = browser.new_context(java_script_enabled=False, storage_state=state)
    plain = context.new_page()
    plain.goto(portal.url(f"{DRAFT}support/"))
    plain.get_by_label("Phone").first.fill("half a number")
    plain.get_by_role("button", name="Add one more").click()
    plain.get_by_label("For what").last.fill("Billing")
    plain.get_by_role("button", name="Move up").last.click()
    expect(plain.get_by_label("For what").nth(1)).to_have_value("Billing")
    expect(plain.get_by_label("Phone").first).to_have_value("half a number")
    plain.goto(portal.url(f"{DRAFT}registration/"))
    expect(plain.get_by_label("Pattern of the code")).to_be_hidden()
    plain.get_by_label("By a number that the program already gave the provider").check()
    expect(plain.get_by_label("Pattern of the code")).to_be_visible()
    context.close()
