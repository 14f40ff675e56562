"""Before a signed-in session ends its pages say so, in every tab, and let the person stay."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.keyboard import Keyboard
from tests.browser.support import Portal, Registrant, check_accessibility
from tests.browser.walks import follow_link, register, verify_email

pytestmark = pytest.mark.browser
WHO = Registrant("sam.ives", "sam.ives@clinic.example", "Sam", "Ives")
# Move the moments that stored sessions remember into the past: the server's clock is not ours.
AGE = """
from core.accounts.models import Session
for row in Session.objects.all():
    data = row.get_decoded()
    if "portal_session" in data:
        data["portal_session"][{field!r}] -= {seconds}
        Session.objects.filter(pk=row.pk).update(session_data=Session.objects.encode(data))
"""


def age_sessions(portal: Portal, field: str, seconds: int) -> None:
    """Have every session been seen (`seen_at`) or begun (`began_at`) so much earlier."""
    portal.manage("shell", "-v", "0", "-c", AGE.format(field=field, seconds=seconds))


def pass_time(portal: Portal, field: str, seconds: int, *pages: Page) -> None:
    """Let time pass on the server and in the browser's tabs, with nothing done."""
    age_sessions(portal, field, seconds)
    for page in pages:
        page.clock.fast_forward(seconds * 1000)


def warning(page: Page) -> Locator:
    """Return the dialog."""
    return page.get_by_role("alertdialog", name="You will be signed out soon")


@pytest.fixture
def signed_in(page: Page, portal: Portal) -> Page:
    """Register in a program and be signed in on its host."""
    register(page, portal.url("/ms-um/"), "000477001", "000477001", WHO)
    follow_link(page, portal, WHO)
    verify_email(page, portal, WHO, "email")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sam")
    return page


def test_the_warning_in_two_tabs(signed_in: Page, portal: Portal) -> None:
    address = signed_in.url
    one, two = signed_in, signed_in.context.new_page()
    for tab in (one, two):
        tab.clock.install()
        tab.goto(address)
    expect(warning(one)).to_be_hidden()
    focused = one.get_by_role("main").get_by_role("link").first
    focused.focus()

    pass_time(portal, "seen_at", 13 * 60 + 10, one, two)
    expect(warning(one)).to_be_visible()
    expect(warning(two)).to_be_visible()
    expect(warning(one)).to_contain_text("Nothing has happened here for a while.")
    expect(warning(one)).to_contain_text(re.compile(r"1:\d\d minutes left"))
    expect(one).to_have_title(re.compile("^Signing out soon"))
    stay = warning(one).get_by_role("button", name="Stay signed in")
    expect(stay).to_be_focused()
    check_accessibility(one)
    keys = Keyboard(one)
    for _ in range(4):
        one.keyboard.press("Tab")
        # Past the last button come the browser's own bars, never the page behind.
        assert one.evaluate("!document.activeElement.closest('main, header, footer, nav')")

    keys.tab_to("Stay signed in")
    one.keyboard.press("Enter")
    expect(warning(one)).to_be_hidden()
    expect(focused).to_be_focused()
    expect(one).to_have_title(re.compile("^Home"))
    expect(warning(two)).to_be_hidden()

    pass_time(portal, "began_at", 12 * 3600 - 100, one)
    one.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(warning(one)).to_contain_text("The longest time for one sign-in is nearly over.")
    expect(warning(one).get_by_role("button", name="Stay signed in")).to_be_hidden()
    expect(warning(one).get_by_role("button", name="Sign out")).to_be_visible()
    check_accessibility(one)
    one.keyboard.press("Escape")
    expect(warning(one)).to_be_hidden()

    # Each tab comes to the end by itself, and says why.
    pass_time(portal, "began_at", 110, one)
    expect(one.get_by_role("heading", level=1)).to_have_text("Login options")
    expect(one.get_by_text("the longest time for one sign-in was over")).to_be_visible()
    two.clock.fast_forward(20 * 60 * 1000)
    expect(two.get_by_role("heading", level=1)).to_have_text("Login options")
