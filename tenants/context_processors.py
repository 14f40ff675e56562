"""What every template knows about the site it is on: `{{ site.… }}`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest

from core.common.addresses import find_address
from core.common.clock import now
from tenants import registry
from tenants.banners import Banner, banners_of
from tenants.brand_sheet import sheet_digest
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import (
    BrandSection,
    ContractDocument,
    SupportContact,
    VocabularySection,
)
from tenants.context import ActiveContract
from tenants.errors import NotConfiguredError
from tenants.in_hand import contract_of, is_portal_host, site_host_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SiteLogo:
    """The image in place of the word-mark."""

    url: str
    width: int
    height: int
    alt: str


class Site:
    """The contract or portal host that a page belongs to.

    Everything comes from memory. An error page that is shown because the database is away may
    find nothing in memory: then brand, contacts and programs are empty, and the page stays plain.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.contract = contract_of(request)
        self.is_portal_host = is_portal_host(request)

    @cached_property
    def document(self) -> ContractDocument | DeploymentDocument | None:
        """The contract's document; on a portal host without a contract, the deployment's."""
        if self.contract is not None:
            return self.contract.document
        try:
            return registry.get_deployment()
        except (DatabaseError, InterfaceError, NotConfiguredError):
            logger.warning("a page is shown without the deployment's document")
            return None

    @cached_property
    def brand(self) -> BrandSection | None:
        """The brand of the contract, or of the portal host."""
        document = self.document
        if isinstance(document, DeploymentDocument):
            return document.brand_of(site_host_of(self._request))
        return document.brand if document else None

    @property
    def organization(self) -> str:
        """Who runs the site."""
        return self.brand.organization if self.brand else ""

    @property
    def product(self) -> str:
        """What the site is called."""
        return self.brand.product if self.brand else ""

    @property
    def logo_text(self) -> str:
        """The word-mark in the header."""
        return self.brand.logo_text if self.brand else ""

    @cached_property
    def logo(self) -> SiteLogo | None:
        """The image in place of the word-mark, below the address of the page; None without one."""
        brand = self.brand
        if brand is None or brand.logo is None:
            return None
        return SiteLogo(
            url=find_address("tenants:logo", digest=brand.logo),
            width=brand.logo_width or 0,
            height=brand.logo_height or 0,
            alt=brand.logo_alt or brand.logo_text,
        )

    @property
    def contacts(self) -> Sequence[SupportContact]:
        """Whom to ask, the first one foremost."""
        return self.document.support if self.document else ()

    @property
    def words(self) -> VocabularySection:
        """The program's own words."""
        return self.document.vocabulary if self.document else VocabularySection()

    @property
    def notices(self) -> Sequence[Banner]:
        """The banners to show now."""
        if self.contract is not None:
            return registry.banners_at(self.contract, now())
        return banners_of(self.document.notices_at(now())) if self.document else ()

    @property
    def programs(self) -> Sequence[ActiveContract]:
        """On a portal host: the contracts, in the deployment's order."""
        if not self.is_portal_host or self.document is None:
            return ()
        return registry.list_contracts()

    @cached_property
    def brand_css_url(self) -> str:
        """The address of the brand's sheet, another one for another brand; empty without one."""
        if self.brand is None:
            return ""
        return find_address("tenants:brand_css", digest=sheet_digest(self.brand))


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the template variable `site`."""
    return {"site": Site(request)}
