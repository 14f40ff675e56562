"""An operator publishes a notice, reads figures, and works through the go-live list."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.support import Portal, Registrant
from tests.browser.test_staff import become_staff, look_at

pytestmark = pytest.mark.browser
WORDS = "On Sunday the portal rests from 8 in the evening until midnight."


def test_a_notice_the_figures_and_the_go_live_list(
    browser: Browser, page: Page, portal: Portal
) -> None:
    ann = Registrant("ann.watch", "ann.watch@company.example", "Ann", "Watch")
    become_staff(page, portal, ann, "operator")
    page.goto(portal.url("/staff/contracts/va-dmas/"))
    page.get_by_role("link", name="Notices").click()
    look_at(page)
    page.get_by_role("link", name="New notice").click()
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the text.")
    look_at(page)
    page.get_by_label(re.compile("^Text")).fill(WORDS)
    page.get_by_label(re.compile(r"^Until( \*)?$")).fill("2091-03-02")
    page.get_by_label("Until, time").fill("18:00")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("region", name="Notice of the preview")).to_contain_text(WORDS)
    look_at(page)
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_role("region", name="On the pages now")).to_contain_text(WORDS)
    look_at(page)
    stranger = browser.new_page()
    stranger.goto(portal.url("/va-dmas/"))
    expect(stranger.get_by_role("region", name="Notice", exact=True)).to_have_text(WORDS)
    look_at(stranger)
    page.get_by_role("button", name="End now").click()
    page.get_by_role("dialog").get_by_role("button", name="Take it off").click()
    expect(page.get_by_role("region", name="Past")).to_contain_text(WORDS)
    page.get_by_role("link", name="Figures").click()
    look_at(page)
    page.get_by_role("link", name="Go live").click()
    look_at(page)
    page.get_by_role("button", name="Send me a trial mail").click()
    expect(page.get_by_role("status").first).to_contain_text("on its way")
    assert portal.wait_for_message(ann.email, field="subject")["subject"]
    page.get_by_role("button", name=re.compile("^Tick.*terms of use")).click()
    expect(page.get_by_role("region", name="Checked by a person")).to_contain_text("by Ann Watch")
    look_at(page)
