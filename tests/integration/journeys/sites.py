"""A program's pages at one of its two kinds of addresses, and a browser that stays on them."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from core.notifications.models import LocalMessage
from tenants.registry import get_contract
from tests.unit.configuration.documents import PROGRAMS

SLUGS = [path.stem for path in PROGRAMS]
SITES = [(slug, on_own_host) for slug in SLUGS for on_own_host in (False, True)]
"""Every sample program at both of its kinds of addresses."""
_OWN_ADDRESS = re.compile(r'(?:href|action|hx-get|hx-post)="(/[^"]*)"')


def name_of(site: tuple[str, bool]) -> str:
    """Return what a test at a site is called."""
    return f"{site[0]}-{'own' if site[1] else 'portal'}-host"


@dataclass
class Site:
    """A program on the portal host under `/<slug>/`, or on a host of its own."""

    slug: str
    on_own_host: bool
    client: Client = field(default_factory=Client)

    @property
    def host(self) -> str:
        return f"{self.slug}.localhost" if self.on_own_host else "localhost"

    @property
    def prefix(self) -> str:
        return "" if self.on_own_host else f"/{self.slug}"

    def get(self, path: str) -> Any:
        return self.client.get(f"{self.prefix}{path}", headers={"host": self.host})

    def post(self, path: str, **data: str) -> Any:
        return self.client.post(f"{self.prefix}{path}", data, headers={"host": self.host})

    def led_to(self, response: Any) -> str:
        """Return where an answer leads, without the prefix; it must stay on this site."""
        target = urlsplit(str(response.headers["Location"]))
        assert target.netloc in {"", self.host}, target
        assert target.path.startswith(f"{self.prefix}/"), target
        return str(target.path).removeprefix(self.prefix)

    def wrong_with(self, response: Any) -> list[str]:
        """Return what a page lacks of its program's brand, and what is another's."""
        html = response.content.decode()
        text, document = unescape(html), get_contract(self.slug).document
        brand, contact = document.brand, document.support[0]
        wanted = [
            f"– {document.contract.name}</title>",
            f'<span class="site-header__mark">{brand.logo_text}</span>',
            f'<span class="site-header__name">{document.contract.name}</span>',
            *[way for way in (contact.phone, contact.email) if way],
        ]
        wrong = [f"lacks {words}" for words in wanted if words not in text]
        others = [get_contract(slug).document.contract.name for slug in SLUGS if slug != self.slug]
        wrong += [f"names {name}" for name in others if name in text]
        wrong += [f"leads to {path}" for path in own_addresses(html) if not self._is_ours(path)]
        return wrong

    def _is_ours(self, path: str) -> bool:
        """Tell whether an address stays in the program; files lie beside all programs.

        On a portal host Change Context is the one way out: its page is that of all programs.
        """
        if path.startswith(("/static/", "/brand/")):
            return True
        if self.on_own_host:
            return path.split("/")[1] not in SLUGS
        return path.startswith(f"{self.prefix}/") or path == "/context/"


def own_addresses(html: str) -> set[str]:
    """Return the paths of this host that a page leads to."""
    return set(_OWN_ADDRESS.findall(html))


def sheet_of(html: str) -> str:
    """Return the address of the brand's sheet that a page loads."""
    found = re.search(r'<link rel="stylesheet" href="([^"]*brand[^"]*)"', html)
    assert found, "the page loads no sheet of a brand"
    return found.group(1)


def look(site: Site, path: str, *, expect: str = "") -> Any:
    """Open a page, check whose it is, and return it."""
    return check(site, site.get(path), path, expect=expect)


def check(site: Site, page: Any, path: str, *, expect: str = "") -> Any:
    assert page.status_code == 200, (path, page.status_code, page.headers.get("Location"))
    assert site.wrong_with(page) == [], path
    assert expect in page.content.decode(), path
    return page


def mail_is_of(site: Site, address: str) -> None:
    """Check that the newest mail comes from the program and from nobody else."""
    mail = LocalMessage.objects.filter(to=address).latest("sent_at", "id")
    document = get_contract(site.slug).document
    assert document.brand.sender_name in mail.sender
    others = [get_contract(slug).document.contract.name for slug in SLUGS if slug != site.slug]
    assert document.brand.product in mail.text
    assert str(document.support[0].phone) in mail.text
    assert not [name for name in others if name in mail.text + mail.html]
