"""A registration waits for approval, is written about and approved, and the person then works."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.support import ROOT, Portal, Registrant
from tests.browser.test_staff import become_staff, look_at
from tests.browser.walks import expect_home, follow_link, register, verify_email

pytestmark = pytest.mark.browser
PROVIDER = "Juniper Flats Bluebird Family Services"


@pytest.fixture
def staff_page(browser: Browser) -> Iterator[Page]:
    """Return a page of another person's browser."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def asks(portal: Portal, tmp_path: Path) -> Iterator[str]:
    """Have staff approve the registrations of a program for one test."""
    original = ROOT / "contracts" / "programs" / "wv-bh.toml"
    asking = tmp_path / "asking.toml"
    text = original.read_text()
    asking.write_text(text.replace('approval = "automatic"', 'approval = "operator"'))
    portal.manage("contract", "apply", str(asking))
    yield "/wv-bh/"
    portal.manage("contract", "apply", str(original))


def test_a_registration_is_approved_and_the_person_works(
    page: Page, portal: Portal, staff_page: Page, asks: str
) -> None:
    who = Registrant("wanda.wait", "wanda.wait@clinic.example", "Wanda", "Wait")
    register(page, portal.url(asks), "1000000293", "0020000217", who)
    follow_link(page, portal, who)
    verify_email(page, portal, who, "email")
    expect(page.get_by_role("main")).to_contain_text("Waiting for approval")
    expect(page.get_by_role("main")).to_contain_text(PROVIDER)
    look_at(page)

    olga = Registrant("olga.ops", "olga.ops@company.example", "Olga", "Ops")
    become_staff(staff_page, portal, olga, "operator")
    staff_page.get_by_role("link", name="Requests").first.click()
    look_at(staff_page)
    staff_page.get_by_role("link", name=re.compile(PROVIDER)).click()
    look_at(staff_page)
    staff_page.get_by_role("button", name="Take it in hand").click()
    expect(staff_page.get_by_role("main")).to_contain_text("You have this request in hand")
    staff_page.get_by_role("link", name="Write to the address on file").click()
    look_at(staff_page)
    staff_page.get_by_label("What you write").fill("Does Wanda Wait work for you?")
    staff_page.get_by_role("button", name="Send").click()
    expect(staff_page.get_by_role("main")).to_contain_text("Does Wanda Wait work for you?")
    look_at(staff_page)
    staff_page.get_by_role("button", name="Approve").click()
    expect(staff_page.get_by_role("alert")).to_contain_text("Enter the reason")
    staff_page.get_by_label("Reason").fill("called the number on file")
    staff_page.get_by_role("button", name="Approve").click()
    expect(staff_page.get_by_role("main")).to_contain_text("Approved on")
    look_at(staff_page)

    page.reload()
    expect_home(page, who, PROVIDER)
