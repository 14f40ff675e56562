"""A roster file in the console: rejected rows, mended, compared, swapped in, gone back from."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.support import ROOT, Portal, Registrant
from tests.browser.test_staff import become_staff, look_at

pytestmark = pytest.mark.browser
SAMPLE = ROOT / "contracts/programs/rosters/wv-bh.csv"


@pytest.fixture
def staff_page(browser: Browser) -> Iterator[Page]:
    """Return a page of somebody's browser."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def send(page: Page, path: Path, told: str) -> None:
    """Choose a file, and wait for what its check says."""
    page.get_by_label("Roster file").set_input_files(path)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("heading", name=re.compile(told))).to_be_visible(timeout=60_000)


def test_a_roster_file_is_mended_and_swapped_in(
    staff_page: Page, portal: Portal, tmp_path: Path
) -> None:
    page = staff_page
    olga = Registrant("olga.list", "olga.list@company.example", "Olga", "List")
    become_staff(page, portal, olga, "operator")
    header, *rows, last = SAMPLE.read_text().splitlines()
    name = last.split(",")[header.split(",").index("name")]
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text("\n".join([header, *rows, last.replace(",WV,", ",ZZ,")]))
    good.write_text("\n".join([header, *rows, last.replace(name, "Renamed Services")]))

    page.goto(portal.url("/staff/contracts/wv-bh/roster/"))
    look_at(page)
    page.get_by_role("link", name="Upload a roster file").click()
    look_at(page)
    send(page, bad, "1 of .* rows rejected")
    expect(page.get_by_role("cell", name="state", exact=True)).to_be_visible()
    look_at(page)
    page.get_by_role("link", name="Upload another file").click()
    send(page, good, "What it would change")
    expect(page.get_by_text("Renamed Services").first).to_be_visible()
    look_at(page)
    page.get_by_role("link", name="Swap it in").click()
    page.get_by_label("Reason").fill("A new name")
    look_at(page)
    page.get_by_role("button", name="Swap it in").click()
    done = page.get_by_role("heading", name="This file is the roster now")
    expect(done).to_be_visible(timeout=60_000)
    look_at(page)
    page.goto(portal.url("/staff/contracts/wv-bh/roster/history/"))
    look_at(page)
    page.get_by_role("link", name="good.csv").click()
    look_at(page)
    page.get_by_role("button", name="Go back to before it").click()
    expect(page.get_by_role("heading", name="What it would change")).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="Swap it in").click()
    page.get_by_label("Reason").fill("The old name was right")
    page.get_by_role("button", name="Swap it in").click()
    back = page.get_by_role("heading", name="The roster is as it was before")
    expect(back).to_be_visible(timeout=60_000)
