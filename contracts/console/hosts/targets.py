"""Which hosts there are to ask, and what each should answer."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from contracts.console.models import HostRole
from tenants import registry
from tenants.context import ActiveContract
from tenants.routing import redirect_of
from tenants.snapshot import LOCAL_SUFFIX, HostMatch
from tenants.snapshot import HostRole as Serves


@dataclass(frozen=True)
class HostTarget:
    """One configured host. `redirects` says that it shows no page."""

    host: str
    role: HostRole
    contract_id: UUID | None
    match: HostMatch

    @property
    def redirects(self) -> bool:
        """Tell whether every address on it should lead to another host."""
        return self.match.redirects_to is not None

    @property
    def name(self) -> str:
        """The name under which it is asked for: locally another one than in the documents."""
        return self.host + LOCAL_SUFFIX if settings.PORTAL_LOCAL_HOSTS else self.host

    def redirect_to(self, path: str) -> str:
        """Return the address to which an old host should send a path."""
        return redirect_of(self.match, path)[0]


def list_targets(slug: str | None = None) -> list[HostTarget]:
    """Return the hosts of a contract, or all with the portal's own (no query)."""
    found = [_target(match) for match in registry.list_matches()]
    return [one for one in found if one is not None and (slug is None or one.match.slug == slug)]


def portal_target() -> HostTarget | None:
    """Return the portal host under which contracts without a host of their own stand."""
    primary = registry.get_deployment().primary_host().host
    return next((one for one in list_targets() if one.host == primary), None)


def _target(match: HostMatch) -> HostTarget | None:
    local = settings.PORTAL_LOCAL_HOSTS
    found = registry.find_by_host(match.host + LOCAL_SUFFIX) if local else match
    if found is None or match.slug is None:
        return HostTarget(match.host, HostRole.PORTAL, None, found or match)
    contract = _contract_of(match)
    if contract is None:
        return None
    role = HostRole.ALIAS
    if match.role is Serves.REDIRECT:
        role = HostRole.REDIRECT
    elif contract.document.hosts.primary == match.host:
        role = HostRole.PRIMARY
    return HostTarget(match.host, role, contract.id, found)


def _contract_of(match: HostMatch) -> ActiveContract | None:
    """Return the contract; one that rests has its hosts, one that cannot be read is left alone."""
    if match.contract is not None:
        return match.contract
    resting = registry.find_resting(str(match.slug))
    return resting.contract if resting else None
