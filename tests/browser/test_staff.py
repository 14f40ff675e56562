"""Staff in a real browser: by invitation, find and unlock; and through an identity provider."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.support import ROOT, Portal, Registrant, check_accessibility
from tests.browser.walks import follow_link, register, sign_out, text_number, verify_email
from tests.support import idp
from tests.support.idp import CLIENT_ID, SECRET_VARIABLE, IdentityProvider, running_provider

pytestmark = pytest.mark.browser
OLIVE = "olive@company.example"


@pytest.fixture
def staff_page(browser: Browser) -> Iterator[Page]:
    """Return a page of another person's browser."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def look_at(page: Page) -> None:
    """Check a page on a desktop, and on a phone its layout, which does not scroll sideways."""
    check_accessibility(page)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, page.url
    check_accessibility(page, layout_only=True)
    page.set_viewport_size({"width": 1280, "height": 900})


def become_staff(page: Page, portal: Portal, who: Registrant, role: str) -> None:
    """Follow an invitation to the pages of staff, with a phone as the second factor."""
    portal.manage("staff", "invite", who.email, "--role", role)
    page.goto(portal.wait_for_message(who.email, field="link")["link"])
    look_at(page)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("First name").fill(who.first_name)
    page.get_by_label("Last name").fill(who.last_name)
    page.get_by_label("Username").fill(who.username)
    look_at(page)
    page.get_by_role("button", name="Next").click()
    verify_email(page, portal, who, "phone")
    page.get_by_label("Phone Number").fill(who.phone)
    page.get_by_role("button", name="Send Code").click()
    code = portal.wait_for_message(text_number(who), field="code")["code"]
    page.get_by_label("Verification Code").fill(code)
    page.get_by_role("button", name="Verify Code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Staff")


def test_find_and_unlock(page: Page, portal: Portal, staff_page: Page) -> None:
    owner = Registrant("uma.field", "uma.field@clinic.example", "Uma", "Field")
    register(page, portal.url("/wv-bh/"), "1000000103", "0020000063", owner)
    follow_link(page, portal, owner)
    verify_email(page, portal, owner, "email")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Uma")
    sign_out(page)
    for _try in range(3):
        page.goto(portal.url("/wv-bh/login/email/"))
        page.get_by_label("Email Address").fill(owner.email)
        page.get_by_role("textbox", name="Password").fill("wrong")
        page.get_by_role("button", name="Sign in").click()

    desk = Registrant("hal.desk", "hal.desk@company.example", "Hal", "Desk")
    become_staff(staff_page, portal, desk, "help-desk")
    look_at(staff_page)
    staff_page.get_by_role("link", name="Find an account").first.click()
    look_at(staff_page)
    staff_page.get_by_role("button", name="Find").click()
    expect(staff_page.get_by_role("alert")).to_contain_text("Enter the reason.")
    staff_page.get_by_label("Identifier of a provider").check()
    staff_page.get_by_label("Exactly as it is").fill("1000000103")
    staff_page.get_by_label("Program").select_option(label="West Virginia Behavioral Health")
    staff_page.get_by_label("Reason").fill("ticket 4711")
    staff_page.get_by_role("button", name="Find").click()
    look_at(staff_page)
    staff_page.get_by_role("link", name=re.compile("Uma Field")).click()
    expect(staff_page.get_by_role("main")).to_contain_text("Locked since")
    look_at(staff_page)
    staff_page.get_by_role("link", name="Unlock").click()
    look_at(staff_page)
    staff_page.get_by_label("Reason").fill("called from the number on file")
    staff_page.get_by_role("button", name="Unlock").click()
    expect(staff_page.get_by_role("status").first).to_contain_text("is open again")
    expect(staff_page.get_by_role("main")).to_contain_text("Not locked")
    staff_page.get_by_role("link", name="Requests").first.click()
    look_at(staff_page)
    subjects = [message["subject"] for message in portal.messages(owner.email)]
    assert any(subject.startswith("Your account is open again") for subject in subjects)


@pytest.fixture
def company(portal: Portal, tmp_path: Path) -> Iterator[IdentityProvider]:
    """Connect an identity provider to the portal for one test."""
    with running_provider([f"http://localhost:{portal.port}"]) as provider:
        described = f"""
[[identity_providers]]
name = "Company sign-in"
issuer = "{provider.issuer}"
client_id = "{CLIENT_ID}"
secret_variable = "{SECRET_VARIABLE}"
allowed_domains = ["company.example"]

[[identity_providers.role_mappings]]
claim = "groups"
value = "portal-operators"
role = "operator"
"""
        original = ROOT / "config" / "deployment.toml"
        connected = tmp_path / "deployment.toml"
        connected.write_text(original.read_text() + described)
        portal.manage("deployment", "apply", str(connected))
        provider.claim(OLIVE, groups=["portal-operators"])
        yield provider
        portal.manage("deployment", "apply", str(original))


def test_through_the_companys_provider(
    page: Page, portal: Portal, company: IdentityProvider
) -> None:
    page.goto(portal.url("/"))
    employees = page.get_by_role("region", name="Acentra Health")
    employees.get_by_label("Remember Me").check()
    employees.get_by_role("button", name="Login").click()
    page.wait_for_url(f"{company.issuer}/**")
    page.locator("[name=login]").fill(OLIVE)
    page.locator("[name=password]").fill(idp.PASSWORD)
    page.locator("[type=submit]").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Staff")
    expect(page.get_by_role("main")).to_contain_text("Operator, whole deployment")
    look_at(page)
    sign_out(page)

    page.goto(portal.url("/login/employees/"))
    expect(page.get_by_role("main")).to_contain_text("Welcome back, Olive.")
    look_at(page)
    page.get_by_role("button", name="Company sign-in").click()
    # The provider still knows the person: back without a question.
    expect(page.get_by_role("heading", level=1)).to_have_text("Staff")
    page.goto(portal.url("/staff/sign-in/confirm/?next=/staff/accounts/"))
    look_at(page)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{company.issuer}/**")
    page.locator("[name=password]").fill(idp.PASSWORD)
    page.locator("[type=submit]").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Find an account")
    sign_out(page)

    company.claim(OLIVE, groups=[])
    page.goto(portal.url("/login/employees/"))
    page.get_by_role("button", name="Company sign-in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are not signed in")
    look_at(page)


def test_link_and_unlink_the_companys_sign_in(
    page: Page, portal: Portal, company: IdentityProvider
) -> None:
    sam = Registrant("sam.ames", "sam@company.example", "Sam", "Ames", phone="3045550197")
    company.claim(sam.email, groups=[])
    become_staff(page, portal, sam, "auditor")
    page.goto(portal.url("/staff/"))
    page.get_by_role("link", name="Company sign-in for your account").click()
    page.get_by_role("button", name="Link it").click()
    page.wait_for_url(f"{company.issuer}/**")
    page.locator("[name=login]").fill(sam.email)
    page.locator("[name=password]").fill(idp.PASSWORD)
    page.locator("[type=submit]").first.click()
    expect(page.get_by_role("main")).to_contain_text("opens your account from now on")
    look_at(page)
    page.get_by_role("link", name="Unlink it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Unlink Company sign-in")
    look_at(page)
    page.get_by_label("Reason").fill("The company changes its provider.")
    page.get_by_role("button", name="Unlink it").click()
    expect(page.get_by_role("main")).to_contain_text("no longer opens your account")
    expect(page.get_by_role("button", name="Link it")).to_be_visible()


def roll_back(page: Page, portal: Portal, folder: Path) -> None:
    """Publish another agency of a program from a file, and take it back in the console."""
    document = ROOT / "contracts" / "programs" / "acentra-sample.toml"
    file = folder / document.name
    text = document.read_text("utf-8")
    file.write_text(re.sub(r'(?m)^agency = ".*"$', 'agency = "Another agency"', text), "utf-8")
    portal.manage("contract", "apply", str(file))
    page.get_by_role("link", name="Contracts", exact=True).click()
    look_at(page)
    page.get_by_role("link", name="Buckeye Sample Care Program").click()
    expect(page.get_by_role("main")).to_contain_text("Another agency")
    look_at(page)
    page.get_by_role("link", name="History", exact=True).click()
    page.get_by_role("link", name="Revision 1", exact=True).click()
    look_at(page)
    page.get_by_role("link", name="Roll back to this revision").click()
    expect(page.get_by_role("main")).to_contain_text("What changes (1)")
    look_at(page)
    page.get_by_role("button", name="Roll back").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the reason.")
    page.get_by_label("Reason").fill("ticket 4714")
    page.get_by_role("button", name="Roll back").click()
    expect(page.get_by_role("status")).to_contain_text("Revision 1 is published again.")
    expect(page.get_by_role("main")).not_to_contain_text("Another agency")


def get_elevated_rights(page: Page) -> None:
    """Give a reason on the page that asks for it, and go on."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Elevated rights")
    look_at(page)
    page.get_by_role("button", name="Get elevated rights").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the reason.")
    page.get_by_label("Reason").fill("ticket 4712")
    page.get_by_role("button", name="Get elevated rights").click()
    expect(page.get_by_role("region", name="Elevated rights")).to_contain_text("Time left")


def look_at_operations(page: Page) -> None:
    """Open every page about the deployment at work, and give the elevated rights up there."""
    page.get_by_role("link", name="Operations", exact=True).click()
    look_at(page)
    for name in ("Outbox", "Channels", "Scheduled tasks", "Provisioning", "Migrations", "Hosts"):
        page.get_by_role("navigation", name="Operations").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        look_at(page)
    page.get_by_role("link", name="Outbox").first.click()
    page.get_by_role("link", name="All messages").click()
    look_at(page)
    page.get_by_role("main").get_by_role("heading", level=2).get_by_role("link").first.click()
    look_at(page)
    page.get_by_role("button", name="Give them up").click()
    expect(page.get_by_role("status")).to_contain_text("Your elevated rights have ended.")
    expect(page.get_by_role("region", name="Elevated rights")).to_have_count(0)


def test_appoint_withdraw_and_roll_back(portal: Portal, staff_page: Page, tmp_path: Path) -> None:
    boss = Registrant("opal.reed", "opal.reed@desk.example", "Opal", "Reed")
    become_staff(staff_page, portal, boss, "operator")
    staff_page.get_by_role("link", name="Staff members").click()
    look_at(staff_page)
    staff_page.get_by_role("link", name="Invite somebody").click()
    get_elevated_rights(staff_page)
    expect(staff_page.get_by_role("heading", level=1)).to_contain_text("Invite")
    staff_page.get_by_role("button", name="Send the invitation").click()
    expect(staff_page.get_by_role("alert")).to_contain_text("Enter the reason.")
    look_at(staff_page)
    staff_page.get_by_label("E-mail address").fill("nina.new@desk.example")
    staff_page.get_by_label("Role").select_option(label="Contract admin")
    staff_page.get_by_label("Program").select_option(label="West Virginia Behavioral Health")
    staff_page.get_by_label("Last day").fill("2099-06-30")
    staff_page.get_by_label("Reason").fill("ticket 4713")
    staff_page.get_by_role("button", name="Send the invitation").click()
    expect(staff_page.get_by_role("status")).to_contain_text("The invitation is on its way.")
    look_at(staff_page)
    assert portal.wait_for_message("nina.new@desk.example", field="link")
    staff_page.get_by_role("link", name="Withdraw").click()
    look_at(staff_page)
    staff_page.get_by_label("Reason").fill("wrong person")
    staff_page.get_by_role("button", name="Withdraw the invitation").click()
    expect(staff_page.get_by_role("status")).to_contain_text("The invitation is withdrawn.")
    expect(staff_page.get_by_role("main")).not_to_contain_text("nina.new@desk.example")
    staff_page.get_by_role("link", name="Staff", exact=True).click()
    expect(staff_page.get_by_role("main")).not_to_contain_text("Company sign-in")
    staff_page.goto(portal.url("/staff/sign-in/links/"))
    expect(staff_page.get_by_role("main")).to_contain_text("No company sign-in")
    look_at(staff_page)
    roll_back(staff_page, portal, tmp_path)
    look_at_operations(staff_page)
