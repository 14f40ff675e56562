"""A program gets its logo and color: uploaded, seen while it is typed, saved, published."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.support import Portal, Registrant
from tests.browser.test_staff import become_staff, look_at
from tests.support.logos import logo_file

pytestmark = pytest.mark.browser
DRAFT = "/staff/contracts/ms-um/draft/"
COLOR = "#7a1f5c"


def test_from_an_upload_to_the_page_that_shows_it(
    page: Page, portal: Portal, browser: Browser, tmp_path: Path
) -> None:
    operator = Registrant("bran.draft", "bran.draft@company.example", "Bran", "Draft")
    become_staff(page, portal, operator, "operator")
    page.goto(portal.url(DRAFT))
    page.locator("main form").get_by_role("button").first.click()
    page.goto(portal.url(f"{DRAFT}brand/"))
    look_at(page)

    # As one types and chooses, before anything is saved.
    preview = page.get_by_role("region", name="Preview")
    page.get_by_label("Color").fill(COLOR)
    expect(page.locator("#brand-contrasts")).to_contain_text(COLOR)
    expect(preview.locator(".ds-c-button--solid")).to_have_css(
        "background-color", "rgb(122, 31, 92)"
    )
    file = page.get_by_label("Picture")
    page.set_input_files("input[type=file]", _file(tmp_path / "logo.svg", b"<svg/>"))
    expect(page.locator("#id_brand-logo_error")).to_contain_text("no picture")
    page.set_input_files("input[type=file]", _file(tmp_path / "logo.gif", logo_file("#7a1f5c")))
    word_mark = page.get_by_label("Word-mark").input_value()
    logo = preview.get_by_role("img", name=word_mark).first
    expect(logo).to_be_visible()
    expect(page.locator("#id_brand-logo_error")).to_be_hidden()
    expect(file).to_have_value("")
    assert logo.evaluate("image => image.complete && image.naturalWidth") == 320
    page.get_by_label("What the logo says").fill("Mississippi logo")
    expect(preview.get_by_role("img", name="Mississippi logo").first).to_be_visible()
    look_at(page)

    page.get_by_role("button", name="Save and continue").click()
    page.goto(portal.url(f"{DRAFT}review/"))
    page.get_by_label("Reason").fill("The agency's new logo")
    page.get_by_role("button", name="Get elevated rights").click()
    page.get_by_label("Reason").fill("The agency's new logo")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("main")).to_contain_text("Published as revision")

    page.goto(portal.url("/ms-um/"))
    shown = page.get_by_role("banner").get_by_role("img", name="Mississippi logo")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.naturalWidth") == 320
    look_at(page)
    without_script(page, portal, browser)


def without_script(page: Page, portal: Portal, browser: Browser) -> None:
    """Show paints what is typed."""
    context = browser.new_context(
        java_script_enabled=False, storage_state=page.context.storage_state()
    )
    plain = context.new_page()
    plain.goto(portal.url(DRAFT))
    plain.locator("main form").get_by_role("button").first.click()
    plain.goto(portal.url(f"{DRAFT}brand/"))
    plain.get_by_label("Color").fill("#1e6b4f")
    plain.get_by_role("button", name="Show").click()
    expect(plain.locator("#brand-contrasts")).to_contain_text("#1e6b4f")
    context.close()


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
