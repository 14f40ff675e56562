"""Every page of staff, in one session of an operator: those that links lead to, and the others.

The addresses are those of the matrix (tests/architecture/staff_addresses.py), so that a new one has
to be looked at, or to be named below. Each counts once: of the pages of five contracts and of all
messages the first is looked at.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import pytest
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.architecture.staff_addresses import STAFF_TABLE
from tests.browser.staff_objects import HELD, SLUG, UNFINISHED
from tests.browser.support import ROOT, Portal, Registrant, environment_of
from tests.browser.test_every_page import Crawler
from tests.browser.test_staff import become_staff, get_elevated_rights, look_at

pytestmark = pytest.mark.browser
WHO: Final = Registrant("vera.hill", "vera.hill@desk.example", "Vera", "Hill")
FILES: Final = {
    "console:revision_toml",
    "console:draft_download",
    "roster:empty_file",
    "roster:export",
    "roster:rejected",
    "roster:mailing_take",
    "figures:csv",
    "staff:request_letter",
}
"""Not pages but files to keep."""
PARTS: Final = {
    "console:data_export_progress",
    "console:publication_go_on",
    "console:publication_progress",
    "roster:mailing_progress",
    "roster:parts",
    "roster:upload_progress",
}
"""Not pages but what a page asks for while it waits, and a button that leads back to its page."""
ELSEWHERE: Final = {
    "approvals:approval": "test_requests",
    "console:publication": "test_new_contract",
    "console:rollback": "test_staff",
    "roster:upload": "test_roster",
    "roster:upload_confirm": "test_roster",
    "staff:account": "test_staff",
    "staff:act": "test_staff",
    "staff:invitation_withdraw": "test_staff",
    "staff:oidc_unlink": "test_staff",
    "staff:request_write": "test_requests",
}
"""What a journey has to make first, and which one looks at it."""
NOBODYS_PAGE: Final = (302, 403, 405)
"""Nor an operator's: what an auditor alone opens is looked at below."""


class StaffCrawler(Crawler):
    """Looks at one page of each name."""

    def what_is_at(self, path: str) -> str:
        try:
            return resolve(path).view_name
        except Resolver404:
            return ""

    def _hear(self, message: ConsoleMessage) -> None:
        if "sandboxed" not in message.text:  # what a preview shows runs no script, as it should
            super()._hear(message)


def without_a_link(page: Page, portal: Portal) -> Iterator[str]:
    """Yield the pages of the portal and of one contract that need no more than its name."""
    for name, row in STAFF_TABLE.items():
        if row.operator in NOBODYS_PAGE or name in FILES:
            continue
        for arguments in ([], [SLUG]):
            try:
                path = reverse(name, args=arguments)
            except NoReverseMatch:
                continue
            if page.request.get(portal.url(path), max_redirects=0).status == 200:
                yield path


def made_beside(portal: Portal) -> list[str]:
    """Have one of each thing made that waits for staff; returns the addresses of their pages."""
    answer = subprocess.run(
        [sys.executable, "-m", "tests.browser.staff_objects", WHO.username],
        cwd=ROOT,
        env={
            **environment_of(portal.log.parent, portal.port),
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    paths: list[str] = json.loads(answer.stdout)
    return paths


def find(page: Page, portal: Portal, address: str) -> None:
    """Look somebody up, whose pages are open for a while then, and open the page."""
    page.goto(portal.url(reverse("staff:find")))
    page.get_by_label("E-mail address").check()
    page.get_by_label("Exactly as it is").fill(address)
    page.get_by_label("Reason").fill("ticket 4711")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("main").get_by_role("link", name="Reed").click()


def test_every_page_of_staff(page: Page, portal: Portal) -> None:
    become_staff(page, portal, WHO, "operator")
    page.goto(portal.url("/staff/elevated-rights/"))
    get_elevated_rights(page)
    page.goto(portal.url(reverse("console:draft", args=[SLUG])))
    page.locator("main form").get_by_role("button").first.click()
    exports = reverse("console:data_exports", args=[SLUG])
    page.goto(portal.url(exports))
    page.get_by_label("Reason").fill("They move")
    page.get_by_role("button", name="Export the data").click()
    # The page looks for itself until the worker is done.
    expect(page.get_by_role("button", name="Download")).to_be_visible(timeout=60_000)
    crawler = StaffCrawler(page, portal, prefix="/staff/")
    crawler.met |= FILES
    crawler.crawl(exports, *made_beside(portal))
    for address in (UNFINISHED, HELD):
        find(page, portal, address)
        crawler.crawl(urlsplit(page.url).path)
    others = without_a_link(page, portal)
    crawler.crawl(*(path for path in others if crawler.what_is_at(path) not in crawler.met))
    assert crawler.wrong == []
    pages = {name for name, row in STAFF_TABLE.items() if row.operator not in NOBODYS_PAGE}
    assert pages - crawler.met - PARTS == set(ELSEWHERE) - crawler.met


def test_the_audit_trail_of_an_auditor(page: Page, portal: Portal) -> None:
    become_staff(page, portal, Registrant("aud.itor", "aud.itor@state.example"), "auditor")
    page.get_by_role("link", name="Audit trail").first.click()
    page.get_by_text("Everything").first.click()
    look_at(page)
    page.get_by_label("What").fill("sign_in")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("main")).to_contain_text("Sign in completed")
    page.get_by_role("link", name="Download what fits").click()
    look_at(page)
    page.get_by_label("Reason").fill("The yearly review")
    with page.expect_download() as file:
        page.get_by_role("button", name="Download").click()
    assert "sign_in.completed" in file.value.path().read_text()
