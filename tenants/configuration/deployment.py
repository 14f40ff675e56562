"""The deployment's own document: portal hosts, and the rules where no contract decides."""

from datetime import datetime
from typing import Self

from pydantic import Field, model_validator

from tenants.configuration.channels import ChannelsSection
from tenants.configuration.document import (
    BrandSection,
    Notice,
    SupportContact,
    VocabularySection,
    Waiver,
)
from tenants.configuration.policy import PolicySections
from tenants.configuration.staff import ElevationSection, IdentityProvider, StaffRolesSection
from tenants.configuration.values import HostName, Line, Section, Slug, TimeZone, YesNo


class DeploymentSection(Section):
    """What this deployment is called."""

    name: Line
    time_zone: TimeZone = "America/New_York"


class PortalHost(Section):
    """A host that serves every contract under /<slug>/."""

    host: HostName
    primary: YesNo = False
    redirects_to: HostName | None = None
    """An old host: every address on it redirects to the same address there."""
    brand: BrandSection | None = None
    """Its own brand; without one the deployment's default brand."""


class DeploymentDocument(Section):
    """The whole configuration of the deployment."""

    deployment: DeploymentSection
    portal_hosts: tuple[PortalHost, ...] = Field(min_length=1)
    brand: BrandSection
    """The default brand: portal hosts, and mails that belong to no contract."""
    support: tuple[SupportContact, ...] = Field(min_length=1)
    vocabulary: VocabularySection = VocabularySection()
    programs: tuple[Slug, ...] = ()
    """The order of the programs on the portal host; those not named follow by name."""
    defaults: PolicySections = PolicySections()
    """Policy before the account is known, and for accounts without a contract."""
    staff: PolicySections = PolicySections()
    """Policy for the people who run the deployment."""
    staff_roles: StaffRolesSection = StaffRolesSection()
    elevation: ElevationSection = ElevationSection()
    identity_providers: tuple[IdentityProvider, ...] = ()
    """Through which staff sign in; without one there is no staff sign-in."""
    channels: ChannelsSection = ChannelsSection()
    notices: tuple[Notice, ...] = ()
    waivers: tuple[Waiver, ...] = ()

    @model_validator(mode="after")
    def _portal_hosts_fit_together(self) -> Self:
        names = [host.host for host in self.portal_hosts]
        if len(names) != len(set(names)):
            raise ValueError("A portal host is listed twice.")
        if sum(host.primary for host in self.portal_hosts) != 1:
            raise ValueError("Exactly one portal host is primary.")
        answering = {host.host for host in self.portal_hosts if host.redirects_to is None}
        if self.primary_host().redirects_to is not None:
            raise ValueError("The primary portal host cannot redirect.")
        if any(
            host.redirects_to and host.redirects_to not in answering for host in self.portal_hosts
        ):
            raise ValueError("redirects_to must name a portal host that does not redirect itself.")
        return self

    @model_validator(mode="after")
    def _identity_providers_are_told_apart(self) -> Self:
        issuers = [provider.issuer for provider in self.identity_providers]
        if len(issuers) != len(set(issuers)):
            raise ValueError("Two identity providers have the same issuer.")
        return self

    def primary_host(self) -> PortalHost:
        """Return the host that links without a contract host of their own are made for."""
        return next(host for host in self.portal_hosts if host.primary)

    def brand_of(self, host: str) -> BrandSection:
        """Return the brand that a portal host shows: its own or the default one."""
        own = (entry.brand for entry in self.portal_hosts if entry.host == host)
        return next((brand for brand in own if brand is not None), self.brand)

    def brands(self) -> tuple[BrandSection, ...]:
        """Return every brand that it describes."""
        return (self.brand, *(one.brand for one in self.portal_hosts if one.brand))

    def notices_at(self, at: datetime) -> tuple[Notice, ...]:
        """Return the banners that are on the pages of the portal hosts at this moment."""
        return tuple(notice for notice in self.notices if notice.is_shown(at))
