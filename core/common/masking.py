"""Addresses and numbers as they may be shown before a person has proven who they are."""

from ipaddress import IPv4Address, ip_network

from core.common.networks import read_address


def mask_email(address: str) -> str:
    """Return `d•••••d@clinic.org` for `dana.reed@clinic.org`: first and last letter, whole domain.

    The dots are always five, so the mask does not tell the length of the name.
    """
    local, _, domain = address.rpartition("@")
    if not local:
        return "•••••"
    last = local[-1] if len(local) > 2 else ""
    return f"{local[0]}•••••{last}@{domain}"


def mask_phone(number: str) -> str:
    """Return `XXX-XXX-9885`, the form that the multi-factor guide prints."""
    digits = "".join(character for character in number if character.isdigit())
    return f"XXX-XXX-{digits[-4:]}"


def mask_address(address: str) -> str:
    """Return a network address without its last part: `203.0.113.…`, `2001:db8:1::…`.

    Enough to know one's own office or provider again. Of IPv6 the first 48 bits stay, which is a
    site; what is no address, and this machine's own, is returned as nothing.
    """
    found = read_address(address)
    if found is None or found.is_loopback:
        return ""
    if isinstance(found, IPv4Address):
        return str(found).rpartition(".")[0] + ".…"
    return f"{ip_network((found, 48), strict=False).network_address}…"
