"""An operator makes a new program: begun with a preset, filled in, published, registered in."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.support import Portal, Registrant
from tests.browser.test_staff import become_staff, look_at
from tests.browser.walks import follow_link, register, sign_out

pytestmark = pytest.mark.browser
NPI = "1000000905"
SLUG, NAME = "ohio-dd", "Ohio Developmental Disabilities"


@pytest.fixture
def operator(browser: Browser, portal: Portal) -> Iterator[Page]:
    """Return the page of somebody who has just become an operator."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    page = context.new_page()
    who = Registrant("nina.build", "nina.build@company.example", "Nina", "Build")
    become_staff(page, portal, who, "operator")
    yield page
    context.close()


def test_from_a_preset_to_a_provider_that_registers(
    operator: Page, portal: Portal, tmp_path: Path
) -> None:
    page = operator
    page.get_by_role("link", name="Contracts").click()
    page.get_by_role("link", name="New contract").click()
    page.get_by_label("Reason").fill("A new program")
    page.get_by_role("button", name="Get elevated rights").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New contract")
    look_at(page)
    page.get_by_role("button", name="Begin the draft").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the slug of the new contract.")
    look_at(page)
    page.get_by_label("Slug").fill(SLUG)
    page.get_by_label("Name", exact=True).fill(NAME)
    page.get_by_role("button", name="Begin the draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Draft of a new contract")
    look_at(page)

    # What cannot be published is kept, and said where it stands.
    page.get_by_role("link", name="Edit as TOML").click()
    look_at(page)
    text = page.get_by_label("The document")
    filled = text.input_value().replace(
        "Full title of the sample program", "Ohio Waiver Programs for Developmental Disabilities"
    )
    text.fill(filled.replace('color = "#0b5c8f"', 'color = "blue"'))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main")).to_contain_text("brand.color")
    look_at(page)
    page.get_by_role("link", name="Back", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("1 to mend")
    look_at(page)
    page.get_by_role("link", name="Edit as TOML").click()
    page.get_by_label("The document").fill(filled)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main")).not_to_contain_text("1 to mend")

    page.get_by_role("link", name="Review and publish").click()
    look_at(page)
    page.get_by_label("Reason").fill("Agreed with the agency")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("main")).to_contain_text("Published as revision 1")
    look_at(page)
    page.get_by_role("link", name="The contract", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("Ohio Waiver Programs")

    sign_out(page)
    code = give_code(portal, tmp_path)
    owner = Registrant("otis.first", "otis.first@clinic.example", "Otis", "First")
    register(page, portal.url(f"/{SLUG}/"), NPI, code, owner)
    expect(page.get_by_role("banner")).to_contain_text("Sample Organization")
    look_at(page)
    follow_link(page, portal, owner)


def give_code(portal: Portal, folder: Path) -> str:
    """Load a roster of one location, and return the code that is issued for it."""
    roster, codes = folder / "roster.csv", folder / "codes.csv"
    roster.write_text(
        "identifier,identifier_type,name,address_1,city,state,zip,notice_email\n"
        f"{NPI},npi,First Clinic,1 Example Plaza,Columbus,OH,43085,office@clinic.example\n"
    )
    portal.manage("roster", "import", SLUG, str(roster))
    portal.manage("roster", "issue-codes", SLUG, "--missing", "--out", str(codes))
    with codes.open(newline="") as file:
        [row] = csv.DictReader(file)
    return row["code"]
