"""Addresses: which host and prefix a contract's pages have. From the configuration alone.

Links never take a host from a request: whoever sends a request chooses its Host header. What may be
kept of a request is which of the configured hosts it came to (`request.site_host`); a link goes
there only while that host is configured and shows the contract's pages (adr/0016). A contract's own
host is in no link before a check has found that it leads here (adr/0038).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import get_script_prefix, reverse, set_script_prefix

from tenants import registry
from tenants.configuration.values import RESERVED_SLUGS
from tenants.context import ActiveContract
from tenants.snapshot import LOCAL_SUFFIX, HostMatch

__all__ = [
    "RESERVED_SLUGS",
    "absolute_reverse",
    "absolute_url",
    "host_origin",
    "prefix_of",
    "redirect_of",
]


def absolute_url(path: str, *, contract: ActiveContract | None) -> str:
    """Return the full address of a path (`/register/`) in a contract, or on the portal host.

    A contract with a host of its own that is ready is there; another one is under /<slug>/ on the
    primary portal host. A path that `reverse` made inside a request carries that request's prefix,
    which is taken off first. Raises ValueError for anything but a path of ours.
    """
    parts = urlsplit(path)
    if parts.scheme or parts.netloc or not path.startswith("/") or "\\" in path:
        raise ValueError(f"Not a path of the portal: {path!r}")
    prefix = get_script_prefix()
    if prefix != "/" and path.startswith(prefix):
        path = "/" + path.removeprefix(prefix)
    return _origin(contract) + prefix_of(contract).rstrip("/") + path


def absolute_reverse(
    name: str,
    *,
    contract: ActiveContract | None,
    kwargs: Mapping[str, object] | None = None,
    host: str = "",
) -> str:
    """Return the full address of a named page in a contract, or on the portal host.

    `host` is the configured host on which the person is: the link stays there when it is a portal
    host or the contract's own and ready. Any other name, and one that is configured no more,
    changes nothing.
    """
    former = get_script_prefix()
    set_script_prefix("/")
    try:
        path = reverse(name, kwargs=dict(kwargs or {}))
    finally:
        set_script_prefix(former)
    return _base(contract, host) + path


def prefix_of(contract: ActiveContract | None) -> str:
    """Return the path under which a contract's pages stand on the host that links name."""
    if contract is None or _own_host(contract) is not None:
        return "/"
    return f"/{contract.slug}/"


def host_origin(host: str, *, local: bool) -> str:
    """Return scheme, name and port of a configured host, under its local name when `local`."""
    name = host + LOCAL_SUFFIX if local else host
    port = settings.PORTAL_PUBLIC_PORT
    return f"{settings.PORTAL_PUBLIC_SCHEME}://{name}" + (f":{port}" if port else "")


def redirect_of(match: HostMatch, path: str) -> tuple[str, bool]:
    """Return where an old host sends a path (with its query) to, and whether for good.

    While the contract's new host is not ready it is the same page under /<slug>/ on the portal
    host, and browsers are not told to remember that.
    """
    # A path that begins with two slashes would name a host.
    clean = "/" + path.lstrip("/")
    if match.contract is not None and _own_host(match.contract) is None:
        return _base(match.contract, "") + clean, False
    return host_origin(str(match.redirects_to), local=match.local) + clean, True


def _base(contract: ActiveContract | None, host: str) -> str:
    """Return what stands before a path, on the host that the person is on or the usual one."""
    local = settings.PORTAL_LOCAL_HOSTS
    match = registry.find_by_host(host + LOCAL_SUFFIX if local else host) if host else None
    if match is not None and match.is_portal:
        return _portal_origin(match.host) + (f"/{contract.slug}" if contract else "")
    own = match is not None and contract is not None and match.contract == contract
    if match is not None and own and registry.host_is_ready(match.host):
        return host_origin(match.host, local=local)
    return _origin(contract) + prefix_of(contract).rstrip("/")


def _portal_origin(host: str) -> str:
    local = settings.PORTAL_LOCAL_HOSTS
    if local and host == registry.get_deployment().primary_host().host:
        return host_origin("localhost", local=False)
    return host_origin(host, local=local)


def _own_host(contract: ActiveContract) -> str | None:
    """Return the host that a contract's links name, or None while it has none that is ready."""
    primary = contract.document.hosts.primary
    return primary if primary is not None and registry.host_is_ready(primary) else None


def _origin(contract: ActiveContract | None) -> str:
    local = settings.PORTAL_LOCAL_HOSTS
    own = _own_host(contract) if contract is not None else None
    if contract is not None and own is not None:
        return host_origin(contract.slug if local else own, local=local)
    return _portal_origin(registry.get_deployment().primary_host().host)
