"""A sign-in while text messages are down, and the notice that mail came back, in a real browser."""

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
WIDTHS = (1280, 390)
TEXTS_DOWN = """
from django.db import transaction
from core.common import clock
from core.notifications.services import breaker
with transaction.atomic():
    for _ in range(breaker.FAILURES):
        breaker.note_failure(channel="sms", at=clock.now())
"""
# The next code to a number is possible after 30 seconds; nobody waits for them here.
HALF_A_MINUTE_LATER = """
from datetime import timedelta
from django.db.models import F
from core.mfa.models import Challenge
Challenge.objects.update(requested_at=F("requested_at") - timedelta(minutes=1))
"""
TEXTS_UP = """
from core.notifications.models import ChannelHealth
ChannelHealth.objects.all().delete()
"""
MAIL_CAME_BACK = """
from core.common import clock
from core.notifications.services.suppression import suppress
from core.notifications.states import SuppressionReason
suppress(address="{address}", reason=SuppressionReason.BOUNCE, at=clock.now())
"""


def check_at_both_widths(page: Page) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        check_accessibility(page)
        overflow = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not page.evaluate(overflow), f"scrolls sideways at {width}"
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_call_gets_the_person_in_and_home_tells_that_mail_came_back(
    page: Page, portal: Portal
) -> None:
    who = Registrant("alex.moor", "alex.moor@clinic.example", first_name="Alex")
    base = portal.url("/wv-bh/")
    register(page, base, "1000001028", "0020000763", who)
    follow_link(page, portal, who)
    verify_email(page, portal, who, "phone")
    prove_phone_by_text(page, portal, who)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Alex")
    sign_out(page)

    portal.manage("shell", "-c", TEXTS_DOWN)
    portal.manage("shell", "-c", MAIL_CAME_BACK.format(address=who.email))
    page.goto(base)
    begin_sign_in(page, "Login with Phone", who)
    page.get_by_role("button", name="Send Code").click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("Text messages are not going out at the moment")
    check_at_both_widths(page)
    portal.manage("shell", "-c", HALF_A_MINUTE_LATER)
    page.get_by_role("button", name="Call me instead").click()
    portal.manage("shell", "-c", TEXTS_UP)
    call = portal.wait_for_call(text_number(who))
    assert portal.press(call["id"], "#")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Alex")
    expect(main).to_contain_text("Mail to your address came back")
    check_at_both_widths(page)
    page.get_by_role("button", name="The address works").click()
    expect(page.get_by_role("main")).to_contain_text("Notices are sent to your address again")
    expect(page.get_by_role("main")).not_to_contain_text("came back")
    expect_home(page, who, "Rowan Hill Northgate Recovery House")
