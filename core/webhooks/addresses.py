"""The addresses that endpoints have: what may be entered, and how each is asked.

https at a public address alone. A stream to a SIEM, which only staff of the whole deployment make,
may go to a network that the deployment names (`PORTAL_WEBHOOK_NETWORKS`): collectors stand inside.
A portal on one machine takes http to that machine as well, for trying things out.
"""

import re
import ssl
from functools import lru_cache
from typing import ClassVar, Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from core.common.errors import DomainError
from core.common.networks import Network
from core.common.probing.addresses import may_be_asked, read_resolved
from core.common.probing.asking import Prober
from core.webhooks.states import EndpointKind

PATIENCE_SECONDS: Final = 10.0
"""For connecting, sending and the answer together; resolving the name has as much. Own figure."""
_LONGEST: Final = 500
_NAME: Final = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9-]{1,63}")
_PLAIN: Final = re.compile(r"[!-~]+")
_PORTS: Final = {"https": 443, "http": 80}
_LOCAL: Final = ("localhost", "127.0.0.1", "::1")


class AddressRefusedError(DomainError):
    """An address that nothing is sent to."""

    code: ClassVar[str] = "webhook_address"
    message: ClassVar[str] = "Enter an https:// address that anybody on the internet can reach."


def read_address(text: str, *, kind: EndpointKind) -> str:
    """Return an address as it is kept. Raises AddressRefusedError, with a sentence that says why.

    Where a name leads is looked at each time that something is sent; what is a number can be told
    at once.
    """
    given = text.strip()
    if len(given) > _LONGEST or not _PLAIN.fullmatch(given):
        raise AddressRefusedError("Enter an address of at most 500 letters, digits and signs.")
    parts, host = _split(given)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise AddressRefusedError("Leave user, password and what comes after # out of the address.")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_local(host)):
        raise AddressRefusedError("The address begins with https://.")
    _refuse_inside(host, kind)
    return parts._replace(path=parts.path or "/").geturl()


def prober_for(address: str, *, kind: EndpointKind) -> Prober:
    """Return how an address is asked. Its host is `host_of`, its path `path_of`."""
    parts, _ = _split(address)
    return Prober(
        allowed=_allowed(kind),
        tls=_authorities() if parts.scheme == "https" else None,
        port=parts.port,
        patience=PATIENCE_SECONDS,
    )


def host_of(address: str) -> str:
    """Return the host of an address."""
    return _split(address)[1]


def origin_of(address: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of an address, with the port that its scheme means."""
    parts, host = _split(address)
    return parts.scheme, host, parts.port or _PORTS.get(parts.scheme)


def path_of(address: str) -> str:
    """Return path and query of an address."""
    parts, _ = _split(address)
    return parts._replace(scheme="", netloc="").geturl() or "/"


def _split(text: str) -> tuple[SplitResult, str]:
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise AddressRefusedError from None
    is_number = read_resolved(host) is not None
    if (not is_number and not _NAME.fullmatch(host)) or port == 0:
        raise AddressRefusedError
    return parts, host


def _is_local(host: str) -> bool:
    return bool(settings.PORTAL_LOCAL_HOSTS) and host in _LOCAL


def _refuse_inside(host: str, kind: EndpointKind) -> None:
    number = read_resolved(host)
    if number is not None and not may_be_asked(number, allowed=_allowed(kind)):
        raise AddressRefusedError("This number is no address of the internet.")


def _allowed(kind: EndpointKind) -> tuple[Network, ...]:
    if settings.PORTAL_LOCAL_HOSTS or kind == EndpointKind.SIEM:
        return tuple(settings.PORTAL_WEBHOOK_NETWORKS)
    return ()


@lru_cache(maxsize=1)
def _authorities() -> ssl.SSLContext:
    """The authorities that this machine believes; reading them takes a while."""
    return ssl.create_default_context()
