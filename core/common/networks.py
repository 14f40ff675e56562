"""Network addresses: which networks are trusted, and what one caller is for a count."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Network = IPv4Network | IPv6Network

# One household or office has a whole /64 (RFC 6177); who has it can use a new address each time.
_ONE_CALLER_BITS = 64


def read_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return networks from texts such as `10.0.0.0/8`, `2001:db8::/32` or one address.

    Raises ValueError with a sentence that quotes the text that is none.
    """
    return tuple(_read_network(text) for text in texts)


def _read_network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is no network; write an address such as 192.0.2.7 or 2001:db8::7, or a "
            "network without bits beyond its length, such as 10.0.0.0/8 or 2001:db8::/32."
        ) from None


@lru_cache(maxsize=4096)
def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address in a text, or None. A port behind it is left out.

    An IPv4 address in IPv6's clothes (`::ffff:192.0.2.7`, as a socket for both gives it) is the
    IPv4 one.
    """
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_in(text: str, networks: Iterable[Network]) -> bool:
    """Tell whether an address lies in one of the networks; what is no address lies in none."""
    address = read_address(text)
    return address is not None and any(address in network for network in networks)


def caller_of(text: str) -> str:
    """Return what attempts from an address are counted under: IPv6 by its /64, IPv4 as it is.

    What is no address (an empty one, from a Unix socket) is its own caller.
    """
    address = read_address(text)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _ONE_CALLER_BITS), strict=False))
    return text if address is None else str(address)
