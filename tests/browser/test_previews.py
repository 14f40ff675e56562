"""A preview in a real browser: a change is seen in it, by staff and by a link, and nowhere else."""

import re

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser.support import Portal, Registrant
from tests.browser.test_staff import become_staff, get_elevated_rights, look_at

pytestmark = pytest.mark.browser
DRAFT = "/staff/contracts/ms-um/draft/"
LABEL, COLOR = "Number on the purple card", "#7a1fa2"
PURPLE = "rgb(122, 31, 162)"


def change_draft(page: Page, portal: Portal) -> None:
    """Begin a draft, and change its colour and what its code is called."""
    page.goto(portal.url(DRAFT))
    page.locator("main form").get_by_role("button").first.click()
    page.get_by_role("link", name="Edit as TOML").click()
    text = page.get_by_label("The document")
    changed = re.sub(r'(?m)^color = ".*"', f'color = "{COLOR}"', text.input_value())
    text.fill(re.sub(r'(?m)^#? ?code_label = ".*"', f'code_label = "{LABEL}"', changed))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your draft")


def colour_of_next(page: Page) -> str:
    button = page.get_by_role("button", name="Next").last
    return str(button.evaluate("button => getComputedStyle(button).backgroundColor"))


def look_through(page: Page, address: str) -> None:
    """Look at each page that a link lists, and follow the registration to its end."""
    page.goto(address)
    look_at(page)
    paths = page.locator("main a").evaluate_all("links => links.map(link => link.href)")
    assert len(paths) > 10
    for path in paths:
        page.goto(path)
        expect(page.get_by_role("region", name="Preview")).to_contain_text("PREVIEW")
        look_at(page)
    page.goto(f"{address}pages/register/")
    assert colour_of_next(page) == PURPLE
    expect(page.get_by_label(LABEL)).to_be_visible()
    page.get_by_role("button", name="Next").last.click()
    page.get_by_role("link", name="Yes, continue").click()
    page.get_by_role("button", name="Next").last.click()
    page.get_by_label("I have read and agree").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your e-mail")


def test_a_change_is_previewed_published_and_rolled_back(
    page: Page, portal: Portal, browser: Browser
) -> None:
    operator = Registrant("petra.view", "petra.view@company.example", "Petra", "View")
    become_staff(page, portal, operator, "operator")
    heard: list[str] = []
    page.on("console", lambda message: hear(message, heard))
    change_draft(page, portal)
    page.get_by_role("link", name="Preview").click()
    look_at(page)
    page.get_by_role("link", name="Before you start, number and code").click()
    page.get_by_role("link", name="Phone", exact=True).click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_label(LABEL)).to_be_visible()
    frame.get_by_role("button", name="Next").last.click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Is this your provider?")
    look_at(page)
    page.get_by_role("button", name="Make a link").click()
    look_at(page)
    address = page.locator("code.preview-link").inner_text()

    with browser.new_context(java_script_enabled=True) as context:
        visitor = context.new_page()
        visitor.on("console", lambda message: hear(message, heard))
        look_through(visitor, address)
        assert context.cookies() == []
        visitor.goto(portal.url("/ms-um/register/"))
        assert colour_of_next(visitor) != PURPLE
        expect(visitor.get_by_label(LABEL)).to_have_count(0)
        page.get_by_role("button", name="Take back").click()
        visitor.goto(address)
        expect(visitor.get_by_role("heading", level=1)).to_have_text(
            "This preview cannot be opened"
        )
        look_at(visitor)
        number = publish_draft(page, portal)
        visitor.goto(portal.url("/ms-um/register/"))
        assert colour_of_next(visitor) == PURPLE
        expect(visitor.get_by_label(LABEL)).to_be_visible()
        roll_back_to(page, portal, number - 1)
        visitor.reload()
        assert colour_of_next(visitor) != PURPLE
        expect(visitor.get_by_label(LABEL)).to_have_count(0)
    assert heard == []


def publish_draft(page: Page, portal: Portal) -> int:
    """Publish the draft from its review, and return the number of the revision."""
    page.goto(portal.url(f"{DRAFT}review/"))
    get_elevated_rights(page)
    look_at(page)
    page.get_by_label("Reason").fill("The agency has seen it")
    page.get_by_role("button", name="Publish").click()
    published = page.get_by_text(re.compile(r"Published as revision \d+"))
    expect(published).to_be_visible()
    return int(re.findall(r"revision (\d+)", published.inner_text())[0])


def roll_back_to(page: Page, portal: Portal, number: int) -> None:
    """Publish an earlier revision again, from its page."""
    page.goto(portal.url(f"/staff/contracts/ms-um/revisions/{number}/"))
    page.get_by_role("link", name="Roll back to this revision").click()
    page.get_by_label("Reason").fill("The agency wants it as it was")
    page.get_by_role("button", name="Roll back").click()
    expect(page.get_by_role("status")).to_contain_text(f"Revision {number} is published again.")


def hear(message: ConsoleMessage, heard: list[str]) -> None:
    """Note what the browser complains of, but for the page of a link that is over."""
    if message.type == "error" and not any(one in message.text for one in ("404", "sandboxed")):
        heard.append(f"{message.location}: {message.text}")
