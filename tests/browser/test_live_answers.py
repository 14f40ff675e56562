"""What changes on a page by itself: an old error gives way, and a wait goes away."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.support import Portal, check_accessibility

pytestmark = pytest.mark.browser


def test_a_live_answer_takes_the_place_of_the_error_at_its_field(
    page: Page, portal: Portal
) -> None:
    page.goto(portal.url("/wv-bh/register/"))
    page.get_by_label("NPI").fill("1000000384")
    page.get_by_label("Provider registration code").fill("0020000287")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("link", name="Yes, continue").click()
    page.get_by_role("button", name="Next").click()
    username = page.get_by_label("Username")
    expect(username).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#id_username_error")).to_have_text("Enter the username.")
    username.press_sequentially("somebody.new")
    expect(page.locator("#username-availability")).to_have_text("This username is free.")
    expect(page.locator("#id_username_error")).to_have_count(0)
    expect(username).not_to_have_attribute("aria-invalid", "true")
    assert "error" not in str(username.get_attribute("aria-describedby"))
    expect(page.locator("#id_first_name_error")).to_have_text("Enter the first name.")
    check_accessibility(page)


def test_what_was_typed_before_the_scripts_were_there_is_asked_about(
    page: Page, portal: Portal
) -> None:
    page.goto(portal.url("/wv-bh/register/"))
    page.get_by_label("NPI").fill("1000002026")
    page.get_by_label("Provider registration code").fill("0020001526")
    page.get_by_role("button", name="Next").click()
    held: list[Route] = []

    def hold(script: Route) -> None:
        held.append(script)

    page.route(re.compile(r"/htmx-2[.]min"), hold)
    page.get_by_role("link", name="Yes, continue").click(no_wait_after=True)
    page.get_by_label("Username").fill("somebody.new")
    expect(page.locator("#username-availability")).to_have_text("")
    assert held
    for script in held:
        script.continue_()
    expect(page.locator("#username-availability")).to_have_text("This username is free.")


def test_the_time_to_wait_counts_down_and_goes_away(page: Page, portal: Portal) -> None:
    page.clock.install()
    page.goto(portal.url("/ui/"))
    wait = page.locator("[data-wait]")
    expect(wait).to_contain_text("possible in")
    page.clock.run_for(61_000)
    expect(wait).to_have_count(0)
