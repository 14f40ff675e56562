"""A call that is confirmed by keying in the digits on the screen, on the outbox's phone."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.support import Portal, Registrant, check_accessibility
from tests.browser.walks import (
    begin_sign_in,
    follow_link,
    register,
    sign_out,
    text_number,
    verify_email,
)

pytestmark = pytest.mark.browser
SLUG = "va-dmas"
WHO = Registrant("ida.lund", "ida.lund@clinic.example", "Ida", "Lund", phone="8045550162")


@pytest.fixture
def digits_program(portal: Portal, tmp_path: Path) -> str:
    """Publish the sample program with digits on the screen in place of #; returns its page."""
    # As it is published now: other tests publish, too.
    document = portal.manage("contract", "export", SLUG)
    changed = document.replace('"press_pound"', '"digits_on_screen"')
    # What is no longer weaker than the default needs no waiver, and may have none.
    blocks = changed.split("[[waivers]]")
    kept = [block for block in blocks if 'rule = "mfa.voice_confirmation"' not in block]
    assert len(kept) == len(blocks) - 1
    file = tmp_path / f"{SLUG}.toml"
    file.write_text("[[waivers]]".join(kept))
    portal.manage("contract", "apply", str(file))
    return portal.url(f"/{SLUG}/")


def test_the_digits_on_the_screen_are_keyed_in(
    page: Page, portal: Portal, digits_program: str
) -> None:
    register(page, digits_program, "1000900013", "T5CZ9WGA3H", WHO)
    follow_link(page, portal, WHO)
    verify_email(page, portal, WHO, "phone")
    page.get_by_label("Phone Number").fill(WHO.phone)
    page.get_by_role("button", name="Call Me").click()
    phone = open_phone(page, portal)
    digits = digits_on(page)

    phone.get_by_role("button", name="Answer").click()
    expect(phone.locator(".outbox-speech")).not_to_contain_text(digits)
    key_in_at_once(phone, wrong(digits))
    expect(phone.get_by_role("alert")).to_have_text("That was not it. Please try once more.")
    expect(page.locator(".screen-digits")).to_have_text(digits)
    check_accessibility(phone)

    for count, digit in enumerate(digits, start=1):
        phone.get_by_role("group", name="Keypad").get_by_text(digit, exact=False).first.click()
        expect(phone.locator(".outbox-entered strong")).to_have_text(digits[:count])
    phone.get_by_role("group", name="Keypad").get_by_role("button", name="#").click()
    expect(phone.get_by_role("main")).to_contain_text("Answered and confirmed.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Ida Lund")

    sign_out(page)
    begin_sign_in(page, "Login with Phone", WHO)
    page.get_by_role("button", name="Call Me").click()
    digits = digits_on(page)
    expect(phone.get_by_role("button", name="Answer")).to_be_visible()
    hang_up(phone)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("Not confirmed yet")
    expect(page.get_by_role("button", name="Call me again")).to_be_visible()
    expect(page.get_by_role("button", name="Send a code by text instead")).to_be_visible()
    check_accessibility(page)


def open_phone(page: Page, portal: Portal) -> Page:
    """Open the outbox of the person's number in another tab, once the phone rings."""
    portal.wait_for_call(text_number(WHO))
    phone = page.context.new_page()
    phone.goto(portal.url(f"/outbox/?to=%2B1{WHO.phone}"))
    expect(phone.locator(".outbox-phone")).to_be_visible()
    return phone


def digits_on(page: Page) -> str:
    """Return the digits that the page shows once the call is placed."""
    shown = page.locator(".screen-digits")
    expect(shown).to_be_visible(timeout=15_000)
    check_accessibility(page)
    return shown.inner_text().strip()


def key_in_at_once(phone: Page, digits: str) -> None:
    """Type digits into the simulator's field."""
    phone.get_by_label("Digits, all at once").fill(digits)
    phone.get_by_role("button", name="Enter", exact=True).click()


def hang_up(phone: Page) -> None:
    """Take the call up, then end it without a key."""
    phone.get_by_role("button", name="Answer").click()
    phone.get_by_role("button", name="Hang up").click()
    expect(phone.get_by_role("main")).to_contain_text("Ended without a confirmation.")


def wrong(digits: str) -> str:
    """Return other digits of the same length."""
    return "".join(str((int(digit) + 1) % 10) for digit in digits)
