"""A current portal user's first login, and a newer version of the terms at the next one."""

import tomllib
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from contracts.programs.sample_users import PASSWORD as OLD_PASSWORD
from tests.browser.support import PASSWORD, Portal, Registrant, check_accessibility
from tests.browser.walks import begin_sign_in, expect_home, prove_phone_by_text, sign_out
from tests.support.days import day_of

pytestmark = pytest.mark.browser
RUTH = Registrant("ruth.alder", "ruth.alder@users.example.org", "Ruth", "Alder", "3045550161")
JOAN = Registrant("joan.fern", "joan.fern@users.example.org", "Joan", "Fern", "8045550161")
MOVED = "ruth.alder@work.example.org"


def log_in_first(page: Page, base: str, who: Registrant) -> None:
    """Go from the login options to the choice of a method."""
    page.goto(base)
    page.get_by_role("link", name="click here", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Login")
    check_accessibility(page)
    page.get_by_label("Username").fill(who.username)
    page.get_by_role("textbox", name="Password").fill(OLD_PASSWORD)
    page.get_by_role("button", name="Login", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Login method")


def verify(page: Page, portal: Portal, address: str) -> None:
    """Have a code sent to the address in the field, and type it."""
    page.get_by_role("button", name="Send verification code").click()
    code = portal.wait_for_message(address, field="code")["code"]
    page.get_by_label("Verification Code").fill(code)
    page.get_by_role("button", name="Verify code").click()


def create_password(page: Page) -> None:
    page.get_by_role("textbox", name="New Password", exact=True).fill(PASSWORD)
    page.get_by_role("textbox", name="Confirm New Password").fill(PASSWORD)
    page.get_by_role("button", name="Create").click()


def accept_terms(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Terms of use agreement")
    check_accessibility(page)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert").first).to_contain_text("read the terms of use and tick")
    check_accessibility(page)
    page.get_by_label("I have read and agree to these terms of use").check()
    page.get_by_role("button", name="Continue").click()


def test_username_and_password_another_address_phone_terms_home(page: Page, portal: Portal) -> None:
    log_in_first(page, portal.url("/wv-bh/"), RUTH)
    page.get_by_role("button", name="Phone").click()
    expect(page.get_by_label("Email Address")).to_have_value(RUTH.email)
    verify(page, portal, RUTH.email)
    page.get_by_role("button", name="Change").click()
    page.get_by_label("Email Address").fill(MOVED)
    verify(page, portal, MOVED)
    create_password(page)
    prove_phone_by_text(page, portal, RUTH)
    accept_terms(page)
    expect_home(page, RUTH, "Amber Falls Meridian Family Services")
    told = portal.messages(RUTH.email)[0]
    assert "was changed" in told["subject"]

    sign_out(page)
    page.get_by_role("link", name="click here", exact=True).click()
    page.get_by_label("Username").fill(RUTH.username)
    page.get_by_role("textbox", name="Password").fill(OLD_PASSWORD)
    page.get_by_role("button", name="Login", exact=True).click()
    expect(page.get_by_role("alert").first).to_contain_text("We could not sign you in")
    check_accessibility(page)


def test_a_link_by_username_leads_on(page: Page, portal: Portal) -> None:
    address = "ines.cedar@users.example.org"
    page.goto(portal.url("/wv-bh/first-login/"))
    page.get_by_role("link", name="Forgot Password?").click()
    page.get_by_label("Username").fill("ines.cedar")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("main")).to_contain_text("Your request was received")
    check_accessibility(page)
    link = portal.wait_for_message(address, field="link")["link"]
    page.goto(link)
    check_accessibility(page)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Login method")
    page.goto(link)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("does not work any more")
    check_accessibility(page)


def test_a_newer_version_of_the_terms_is_asked_for_at_the_next_sign_in(
    page: Page, portal: Portal, tmp_path: Path
) -> None:
    log_in_first(page, portal.url("/va-dmas/"), JOAN)
    page.get_by_role("button", name="Email").click()
    verify(page, portal, JOAN.email)
    create_password(page)
    accept_terms(page)
    expect_home(page, JOAN, "Maple Ferry Juniper Nursing Services")
    sign_out(page)

    published = portal.manage("contract", "export", "va-dmas")
    portal.manage("contract", "apply", str(with_newer_terms(published, tmp_path)))
    sign_in_again(page, portal)
    expect(page.get_by_role("main")).to_contain_text("The second text of the test.")
    page.get_by_role("button", name="I do not agree").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You did not accept the terms of use")
    check_accessibility(page)
    page.get_by_role("link", name="Back to the login options").click()
    sign_in_again(page, portal)
    accept_terms(page)
    expect_home(page, JOAN, "Maple Ferry Juniper Nursing Services")


def sign_in_again(page: Page, portal: Portal) -> None:
    seen = len([message for message in portal.messages(JOAN.email) if message["code"]])
    begin_sign_in(page, "Login with Email", JOAN)
    page.get_by_role("button", name="Send verification code").click()
    code = portal.wait_for_message(JOAN.email, field="code", after=seen)["code"]
    page.get_by_label("Verification Code").fill(code)
    page.get_by_role("button", name="Verify code").click()
    page.get_by_role("button", name="Continue").click()


def with_newer_terms(source: str, folder: Path) -> Path:
    """Write a program's document with one more version of its terms, in effect since yesterday."""
    party = tomllib.loads(source)["terms"][0]["party"]
    yesterday = day_of(days=-1)
    path = folder / "with-newer-terms.toml"
    path.write_text(
        f"{source}\n[[terms]]\nversion = 'browser-2'\neffective_on = {yesterday}\n"
        "text = ['The second text of the test.']\nreaccept = true\n"
        f"[terms.party]\nlegal_name = {party['legal_name']!r}\naddress = {party['address']!r}\n"
    )
    return path
