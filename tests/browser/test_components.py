"""The component gallery in a real browser: what script adds, and what axe finds."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.support import Portal, check_accessibility


@pytest.mark.parametrize("width", [1280, 390])
def test_components_fit_and_are_accessible(portal: Portal, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(portal.url("/ui/"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.locator(".notice--old-browser")).to_be_hidden()
    check_accessibility(page)


def test_the_error_summary_takes_focus_and_leads_to_the_fields(portal: Portal, page: Page) -> None:
    page.goto(portal.url("/ui/"))
    summary = page.locator("[data-error-summary]")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Choose one: How shall we reach you?").click()
    expect(page.locator("#id_failing-kind_0")).to_be_focused()


def test_a_code_counts_down_by_the_servers_clock(portal: Portal, page: Page) -> None:
    page.clock.install(time="2001-01-01T00:00:00Z")  # a machine whose clock is wrong
    page.goto(portal.url("/ui/"))
    life = page.locator("form .countdown").first
    expect(life).to_have_text("Time left: 45 seconds")
    page.clock.run_for(46_000)
    expect(life).to_have_text("This code has run out. Send a new one.")


def test_password_rules_tick_off_as_they_are_met(portal: Portal, page: Page) -> None:
    page.goto(portal.url("/ui/"))
    rule = page.locator("[data-rule='length:14']")
    expect(rule).to_have_attribute("data-met", "false")
    page.fill("#id_secret-password", "fourteen signs")
    expect(rule).to_have_attribute("data-met", "true")
    expect(page.locator("[data-rule='upper']")).to_have_attribute("data-met", "false")
    expect(page.locator("[data-rule='match']")).to_have_attribute("data-met", "false")
    page.fill("#id_secret-again", "fourteen signs")
    expect(page.locator("[data-rule='match']")).to_have_attribute("data-met", "true")


def test_a_password_can_be_looked_at(portal: Portal, page: Page) -> None:
    page.goto(portal.url("/ui/"))
    field = page.locator("#id_secret-password")
    expect(field).to_have_attribute("type", "password")
    page.get_by_role("button", name="Show New Password", exact=True).click()
    expect(field).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide New Password", exact=True).click()
    expect(field).to_have_attribute("type", "password")


def test_a_form_that_asks_first_is_sent_only_after_yes(portal: Portal, page: Page) -> None:
    page.goto(portal.url("/ui/"))
    page.get_by_role("button", name="A form that asks first").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("End this registration?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    assert "?" not in page.url
    page.get_by_role("button", name="A form that asks first").click()
    page.get_by_role("dialog").get_by_role("button", name="End it").click()
    page.wait_for_url("**/ui/?*")


def test_fields_work_without_script(portal: Portal, page: Page) -> None:
    browser = page.context.browser
    assert browser
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(portal.url("/ui/"))
    expect(plain.locator("form .countdown").first).to_contain_text("This code is good until")
    expect(plain.locator("#id_secret-password")).to_be_visible()
    plain.context.close()
