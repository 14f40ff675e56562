"""Which addresses may be asked: those that anybody on the internet can, and what settings allow.

The name of a host comes from a document, and its address from whoever owns the name: both may point
into our own network, at a cloud's metadata service or at this very machine.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from core.common.networks import Network

Address = IPv4Address | IPv6Address

_UNICAST: Final = ip_network("2000::/3")
"""The only part of IPv6 that is given out (RFC 4291, IANA's registry)."""
_NAT64: Final = ip_network("64:ff9b::/96")
"""An IPv4 address as networks without IPv4 write it (RFC 6052)."""
_REFUSED: Final = tuple(
    ip_network(text)
    for text in (
        "168.63.129.16/32",  # Azure answers machines there, from an address that looks public
        "192.0.0.0/24",  # protocol assignments; one cloud's metadata service, too
        "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: holds an IPv4 address
        "3fff::/20",  # documentation
    )
)


def may_be_asked(address: Address, *, allowed: Iterable[Network] = ()) -> bool:
    """Tell whether an address is public, or lies in one of the `allowed` networks.

    An IPv4 address inside an IPv6 one counts as the IPv4 one.
    """
    bare = _unwrapped(address)
    if any(bare in network for network in allowed):
        return True
    if isinstance(bare, IPv6Address) and (bare not in _UNICAST or bare.scope_id):
        return False
    if not bare.is_global or bare.is_multicast or bare.is_reserved:
        return False
    return not any(bare in network for network in _REFUSED)


def read_resolved(text: str) -> Address | None:
    """Return an address that a resolver gave, or None for what is none."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def _unwrapped(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
