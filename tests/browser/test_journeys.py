"""Whole journeys in a real browser, by phone and by e-mail, in several programs."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.support import Portal, Registrant, check_accessibility
from tests.browser.walks import (
    begin_sign_in,
    expect_home,
    follow_link,
    prove_phone_by_text,
    register,
    sign_out,
    text_number,
    verify_email,
)

pytestmark = pytest.mark.browser


def test_by_phone_with_text_then_call(page: Page, portal: Portal) -> None:
    who = Registrant("dana.reed", "dana.reed@clinic.example")
    register(page, portal.url("/wv-bh/"), "1234567893", "0012345678", who)
    follow_link(page, portal, who)
    verify_email(page, portal, who, "phone")
    prove_phone_by_text(page, portal, who)
    expect_home(page, who, "Cedar Hollow Counseling")
    expect(page.get_by_role("banner")).to_contain_text("West Virginia Behavioral Health")

    sign_out(page)
    begin_sign_in(page, "Login with Phone", who)
    expect(page.get_by_role("main")).to_contain_text(f"XXX-XXX-{who.phone[-4:]}")
    check_accessibility(page)
    page.get_by_role("button", name="Call Me").click()
    call = portal.wait_for_call(text_number(who))
    assert portal.press(call["id"], "#")
    expect_home(page, who, "Cedar Hollow Counseling")


def test_by_email_on_the_contracts_own_host(page: Page, portal: Portal) -> None:
    who = Registrant("lee.ortiz", "lee.ortiz@clinic.example", first_name="Lee", last_name="Ortiz")
    base = portal.url("/", host="acentra-sample.localhost")
    register(page, base, "R6TJ2VYG5M", "R6TJ2VYG5M", who)
    follow_link(page, portal, who)
    verify_email(page, portal, who, "email")
    expect_home(page, who, "Lantern Therapy Associates")

    sign_out(page)
    seen = len([message for message in portal.messages(who.email) if message["code"]])
    begin_sign_in(page, "Login with Email", who)
    check_accessibility(page)
    page.get_by_role("button", name="Send verification code").click()
    code = portal.wait_for_message(who.email, field="code", after=seen)["code"]
    page.get_by_label("Verification Code").fill(code)
    page.get_by_role("button", name="Verify code").click()
    expect(page.get_by_role("main")).to_contain_text(
        "E-mail address verified. You can now continue."
    )
    check_accessibility(page)
    page.get_by_role("button", name="Continue").click()
    expect_home(page, who, "Lantern Therapy Associates")

    page.get_by_role("main").get_by_role("link", name=re.compile("Register New Provider")).click()
    check_accessibility(page)
    page.get_by_label("NPI").fill("1234567893")
    page.get_by_label("code", exact=False).first.fill("K7QM2XRT9B")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("main")).to_contain_text("Harbor Medical Group")
    check_accessibility(page)
    page.get_by_role("button", name=re.compile("add|yes|continue", re.I)).first.click()
    page.get_by_role("link", name="Home").first.click()
    expect(page.get_by_role("main")).to_contain_text("Harbor Medical Group")
    expect(page.get_by_role("main")).to_contain_text("Lantern Therapy Associates")


def test_a_refusal_says_one_thing_and_carries_reset(page: Page, portal: Portal) -> None:
    page.goto(portal.url("/ms-um/register/"))
    page.get_by_label("NPI").fill("1234567893")
    page.get_by_label("code", exact=False).first.fill("000999999")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("main")).to_contain_text("We could not register with these numbers")
    expect(page.get_by_role("link", name=re.compile("Reset", re.I)).first).to_be_visible()
    expect(page.get_by_text("888-801-1910").first).to_be_visible()
    check_accessibility(page)
