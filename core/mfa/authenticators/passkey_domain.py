"""For which domain passkeys are made, and which hosts may ask for them.

A passkey is good for one domain (its RP ID) for ever. So that one passkey serves portal and
contract hosts alike, all of them share a domain: `PORTAL_PASSKEY_DOMAIN`, or the primary portal
host. A host below that domain may ask for it by itself; any other one by Related Origin Requests
(WebAuthn Level 3): the browser reads the list at `https://<domain>/.well-known/webauthn`.

On one machine each local name is a domain of its own: browsers refuse `localhost` to
`<slug>.localhost`.
"""

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port

from core.mfa.authenticators.passkeys import RelyingParty
from tenants import registry
from tenants.in_hand import brand_of
from tenants.routing import host_origin


def party_of(request: HttpRequest) -> RelyingParty | None:
    """Return for which domain this host asks, and from which origin; None where none can be.

    The host was matched against the configuration before: no stranger's name gets here.
    """
    host = request.get_host().lower()
    name, _port = split_domain_port(host)
    domain = rp_id_for(name)
    if domain is None:
        return None
    origin = f"{settings.PORTAL_PUBLIC_SCHEME}://{host}"
    return RelyingParty(rp_id=domain, name=brand_of(request).organization, origin=origin)


def rp_id_for(host: str) -> str | None:
    """Return the domain of the passkeys that a host asks for; an address has none."""
    if settings.PORTAL_LOCAL_HOSTS:
        return None if _is_address(host) else host
    return shared_domain()


def shared_domain() -> str:
    """Return the domain that all hosts share."""
    configured: str = settings.PORTAL_PASSKEY_DOMAIN
    return configured.lower() or registry.get_deployment().primary_host().host


def related_origins() -> list[str]:
    """Return the origins that may ask for the shared domain's passkeys: every host that answers."""
    return [host_origin(host, local=False) for host in registry.list_hosts()]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
