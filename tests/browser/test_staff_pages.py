"""Every page of staff, in one session of an operator: those that links lead to, and the others.

The addresses are those of the matrix (tests/architecture/staff_addresses.py), so that a new one has
to be looked at, or to be named below. Each counts once: of the pages of five contracts and of all
messages the first is looked at.
"""

from collections.abc import Iterator
from typing import Final

import pytest
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.architecture.staff_addresses import STAFF_TABLE
from tests.browser.support import Portal, Registrant
from tests.browser.test_every_page import Crawler
from tests.browser.test_staff import become_staff, get_elevated_rights

pytestmark = pytest.mark.browser
WHO: Final = Registrant("vera.hill", "vera.hill@desk.example", "Vera", "Hill")
CONTRACT: Final = "acentra-sample"
"""Its codes are issued: there is more to do with its roster than with others'."""
FILES: Final = {
    "console:revision_toml",
    "console:draft_download",
    "roster:empty_file",
    "roster:export",
    "roster:rejected",
    "roster:mailing_take",
    "figures:csv",
}
"""Not pages but files to keep."""
PARTS: Final = {
    "console:data_export_progress",
    "console:publication_progress",
    "roster:mailing_progress",
    "roster:parts",
    "roster:upload_progress",
}
"""Not pages but what a page asks for while it waits."""
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
TO_BE_MADE: Final = {
    "console:deletion",
    "console:draft_carry_over",
    "console:publication_decide",
    "console:publication_go_on",
    "disputes:decide",
    "notices:edit",
    "operations:resume",
    "operations:retry",
    "roster:entry_revoke",
    "roster:identifier_move",
    "roster:identifier_release",
    "roster:mailing",
    "roster:upload_changes",
    "staff:account_history",
    "staff:member_end",
    "staff:registration",
    "staff:request",
    "staff:request_letter",
    "staff_recovery",
}
"""What no journey in a browser comes by yet; their templates are made of the same parts."""
NOBODYS_PAGE: Final = (302, 405)


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
        for arguments in ([], [CONTRACT]):
            try:
                path = reverse(name, args=arguments)
            except NoReverseMatch:
                continue
            if page.request.get(portal.url(path), max_redirects=0).status == 200:
                yield path


def test_every_page_of_staff(page: Page, portal: Portal) -> None:
    become_staff(page, portal, WHO, "operator")
    page.goto(portal.url("/staff/elevated-rights/"))
    get_elevated_rights(page)
    page.goto(portal.url(reverse("console:draft", args=[CONTRACT])))
    page.locator("main form").get_by_role("button").first.click()
    page.goto(portal.url(reverse("console:data_exports", args=[CONTRACT])))
    page.get_by_label("Reason").fill("They move")
    page.get_by_role("button", name="Export the data").click()
    # The page looks for itself until the worker is done.
    expect(page.get_by_role("button", name="Download")).to_be_visible(timeout=60_000)
    crawler = StaffCrawler(page, portal, prefix="/staff/")
    crawler.met |= FILES
    crawler.crawl(*without_a_link(page, portal))
    assert crawler.wrong == []
    pages = {name for name, row in STAFF_TABLE.items() if row.operator not in NOBODYS_PAGE}
    assert pages - crawler.met - PARTS - TO_BE_MADE == set(ELSEWHERE) - crawler.met
