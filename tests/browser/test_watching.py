"""An operator publishes a notice, reads figures, and works through the go-live list."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.support import Portal, Registrant
from tests.browser.test_staff import become_staff, look_at
from tests.support.processes import wait_for

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
    work_through_the_go_live_list(page, portal, ann)


def work_through_the_go_live_list(page: Page, portal: Portal, who: Registrant) -> None:
    """From hosts that the worker asks over the wire to the last tick."""
    page.goto(portal.url("/staff/contracts/ms-um/hosts/"))
    look_at(page)
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_role("status").first).to_contain_text("They are being asked.")
    own = page.get_by_role("region", name="ms-um.providers.example")

    def leads_here() -> bool:
        page.reload()
        return "It leads here." in own.inner_text()

    wait_for(leads_here, seconds=30, what="the worker to ask the host")
    look_at(page)
    page.get_by_role("link", name="Go live").click()
    expect(page.get_by_role("region", name="In place")).to_contain_text(
        "In order ms-um.providers.example leads here"
    )
    look_at(page)
    for way in ("mail", "text", "call"):
        page.get_by_role("button", name=f"Send me a trial {way}").click()
        expect(page.get_by_role("status").first).to_contain_text("on its way")
    assert portal.wait_for_message(who.email, field="subject")["subject"]
    ticks = page.get_by_role("button", name=re.compile("^Tick"))
    for left in range(ticks.count(), 0, -1):
        expect(ticks).to_have_count(left)
        ticks.first.click()
    by_hand = page.get_by_role("region", name="Checked by a person")
    expect(by_hand).to_contain_text(f"by {who.first_name} {who.last_name}")
    expect(by_hand).not_to_contain_text("Not checked")
    look_at(page)
