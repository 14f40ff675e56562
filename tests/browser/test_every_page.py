"""Every page that links lead to, signed out and signed in, on a desktop and on a phone.

A page has one h1 and a title of its own, no violation that axe finds, no error in the console, no
request to another host, and does not scroll sideways at 390 px.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request

from tests.browser.support import Portal, Registrant, check_accessibility
from tests.browser.walks import follow_link, register, verify_email

pytestmark = pytest.mark.browser
WHO = Registrant("kim.sato", "kim.sato@clinic.example", "Kim", "Sato")
# What a link alone cannot reach, or leaves the portal's pages: mails, the links
# in them (the outbox shows those of other tests), files to keep, the brand's own.
LEFT_OUT = re.compile(r"^/(outbox/.+|static/.*|ui/.*|.*/[\w-]{43}/|.*\.(csv|json))$")
PROGRAMS = ("/wv-bh/", "/ms-um/", "/acentra-sample/", "/va-dmas/")
SIGNED_OUT = ("/", *PROGRAMS, "/outbox/", "/api/v1/docs/")
MORE = ("register/reset/", "register/link-ended/", "login/phone/", "login/email/", "nothing-here/")


class Crawler:
    """Visits pages, follows their links, and keeps what is wrong with them."""

    def __init__(
        self, page: Page, portal: Portal, *, host: str = "localhost", prefix: str = "/"
    ) -> None:
        self.page, self.portal, self.host, self.prefix = page, portal, host, prefix
        self.wrong: list[str] = []
        self.met: set[str] = set()
        self.titles: dict[str, str] = {}
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))
        page.on("request", self._watch)

    def crawl(self, *starts: str) -> None:
        """Look at the pages given and at every page of ours that they lead to."""
        waiting = list(starts)
        self.met |= {self.what_is_at(start) for start in starts}
        while waiting:
            path = waiting.pop(0)
            for found in self._look_at(path):
                page = self.what_is_at(found)
                if page not in self.met and not LEFT_OUT.match(found):
                    self.met.add(page)
                    waiting.append(found)

    def what_is_at(self, path: str) -> str:
        """Return what counts as one page: each address by itself."""
        return path

    def _look_at(self, path: str) -> Iterator[str]:
        self.page.set_viewport_size({"width": 1280, "height": 900})
        response = self.page.goto(self.portal.url(path, host=self.host))
        assert response is not None
        if response.status >= 400 and "nothing-here" not in path:
            self.wrong.append(f"{path}: answered {response.status}")
        landed = urlsplit(self.page.url).path
        if self.page.locator("h1").count() != 1:
            self.wrong.append(f"{path}: {self.page.locator('h1').count()} h1")
        twin = self.titles.setdefault(self.page.title(), landed)
        if twin != landed:
            self.wrong.append(f"{landed}: the title of {twin}, {self.page.title()!r}")
        try:
            check_accessibility(self.page)
        except AssertionError as violations:
            self.wrong.append(str(violations))
        self.page.set_viewport_size({"width": 390, "height": 844})
        width = self.page.evaluate("document.documentElement.scrollWidth")
        if width > 390:
            self.wrong.append(f"{path}: {width} px wide on a phone")
        links = self.page.eval_on_selector_all(
            "a[href]",
            "links => links.filter(l => l.origin === location.origin).map(l => l.pathname)",
        )
        yield from sorted({link for link in links if link.startswith(self.prefix)})

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "nothing-here" not in self.page.url:
            self.wrong.append(f"{self.page.url}: {message.text}")

    def _watch(self, request: Request) -> None:
        host = urlsplit(request.url).hostname or ""
        if host != "localhost" and not host.endswith(".localhost") and request.url[:5] != "data:":
            self.wrong.append(f"{self.page.url}: asks {host}")


def test_every_page_signed_out(page: Page, portal: Portal) -> None:
    crawler = Crawler(page, portal)
    crawler.crawl(*SIGNED_OUT, *(f"/ms-um/{path}" for path in MORE))
    assert crawler.wrong == []
    assert len(crawler.titles) > 35


def test_every_page_signed_in(page: Page, portal: Portal) -> None:
    register(page, portal.url("/wv-bh/"), "0090000012", "0090000012", WHO)
    follow_link(page, portal, WHO)
    verify_email(page, portal, WHO, "email")
    page.wait_for_url("**/home/")
    home = urlsplit(page.url)
    prefix = home.path.removesuffix("home/")
    crawler = Crawler(page, portal, host=home.hostname or "", prefix=prefix)
    crawler.crawl(home.path, f"{prefix}nothing-here/")
    assert crawler.wrong == []
    assert len(crawler.titles) >= 6
