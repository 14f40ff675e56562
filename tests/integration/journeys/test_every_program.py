"""Every journey of an account, in each sample program, on the portal host and on its own host.

Each page carries the brand, contacts and words of its program, names no other program, and leads
nowhere but within it; so do the mails.
"""

import pytest

from core.accounts.models import User
from core.mfa.models import HelpKind
from tenants.brand_sheet import sheet_digest
from tenants.registry import get_contract
from tests.integration.journeys.sites import SITES, Site, check, look, mail_is_of, name_of, sheet_of
from tests.support.people import (
    PASSWORD,
    PHONE,
    last_code,
    make_person,
    make_provider,
    session_account,
)

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "Copper-harbor 93 maples"
ACCOUNT_PAGES = (
    "/account/",
    "/account/details/",
    "/account/sessions/",
    "/account/history/",
    "/account/rules/",
    "/account/factors/",
    "/account/browsers/",
    "/account/email/",
    "/account/phone/",
    "/account/password/",
)


@pytest.fixture(params=SITES, ids=name_of)
def site(request: pytest.FixtureRequest) -> Site:
    slug, on_own_host = request.param
    return Site(slug, on_own_host=on_own_host)


@pytest.fixture
def dana(site: Site) -> User:
    user = make_person()
    make_provider(user, get_contract(site.slug))
    return user


def sign_in(site: Site, user: User) -> None:
    """Go through Login with Phone, looking at each page."""
    look(site, "/", expect="Login with Phone")
    look(site, "/login/phone/", expect="Email Address")
    answer = site.post("/login/phone/", email=user.email, password=PASSWORD)
    assert site.led_to(answer) == "/login/verify/"
    look(site, "/login/verify/", expect="XXX-XXX-0142")
    site.post("/login/verify/", action="send", channel="sms")
    look(site, "/login/verify/", expect="Verification Code")
    answer = site.post("/login/verify/", action="verify", code=last_code(PHONE))
    assert site.led_to(answer) == "/home/"


def test_sign_in_and_my_account(site: Site, dana: User) -> None:
    sign_in(site, dana)
    words = get_contract(site.slug).document.vocabulary
    look(site, "/home/", expect="Elm Clinic")
    for path in ACCOUNT_PAGES:
        look(site, path, expect=f">{words.preferences}</a>")
    look(site, "/mfa-help/", expect=f'aria-current="page">{words.help}</a>')
    document = get_contract(site.slug).document
    rules = look(site, "/account/rules/", expect=document.contract.name).content.decode()
    assert f"{document.accounts.password_min_length} characters" in rules
    answer = site.post("/logout/")
    assert site.led_to(answer) == "/"


def test_forgot_password(site: Site, dana: User) -> None:
    look(site, "/login/phone/", expect="Forgot your password?")
    look(site, "/forgot-password/", expect="Email Address")
    answer = site.post("/forgot-password/", email=dana.email)
    assert site.led_to(answer) == "/forgot-password/code/"
    look(site, "/forgot-password/code/", expect="Verification Code")
    site.post("/forgot-password/code/", action="verify", code=last_code(dana.email))
    mail_is_of(site, dana.email)
    look(site, "/forgot-password/code/", expect="You can now continue")
    look(site, "/forgot-password/verify/", expect="XXX-XXX-0142")
    site.post("/forgot-password/verify/", action="send", channel="sms")
    look(site, "/forgot-password/verify/", expect="Verification Code")
    answer = site.post("/forgot-password/verify/", action="verify", code=last_code(PHONE))
    assert site.led_to(answer) == "/forgot-password/new/"
    look(site, "/forgot-password/new/", expect="Confirm New Password")
    answer = site.post("/forgot-password/new/", password=NEW_PASSWORD, confirmation=NEW_PASSWORD)
    assert site.led_to(answer) == "/home/"
    assert session_account(site.client) == dana.id


def test_having_trouble_logging_in(site: Site, dana: User) -> None:
    look(site, "/", expect="Having trouble logging in?")
    page = look(site, "/mfa-help/").content.decode()
    steps = ["/mfa-help/unfinished/", "/mfa-help/address/", "/forgot-password/", "/register/reset/"]
    steps += [f"/mfa-help/request/{kind}/" for kind in HelpKind.values]
    # Who has forgotten the username, too, is led there by the page that asks for it.
    page += site.get("/mfa-help/address/").content.decode()
    for path in steps:
        look(site, path)
        is_in_mails = path.endswith(f"/{HelpKind.TAKEN_OVER}/")
        assert is_in_mails or f'href="{site.prefix}{path}"' in page, path
    unfinished = site.post("/mfa-help/unfinished/", email=dana.email, password=PASSWORD)
    check(site, unfinished, "unfinished")
    check(site, site.post("/mfa-help/address/", username=dana.username), "address")
    answer = site.post(
        "/mfa-help/request/lost_phone/",
        name="Dana Reed",
        account=dana.email,
        reach="304-555-0199",
        organization="Elm Clinic, 1234567893",
    )
    assert site.led_to(answer) == "/mfa-help/requested/"
    look(site, "/mfa-help/requested/")


def test_the_page_wears_the_colours_of_its_program(site: Site) -> None:
    page = look(site, "/").content.decode()
    sheet = sheet_of(page)
    assert sheet_digest(get_contract(site.slug).document.brand) in sheet
    served = site.client.get(sheet, headers={"host": site.host})
    assert (served.status_code, served.headers["Content-Type"]) == (200, "text/css")
