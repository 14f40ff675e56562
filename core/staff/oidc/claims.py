"""What claims say about somebody: address, name, and the roles that the document maps them to."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from core.staff.models import StaffRole
from core.staff.oidc.providers import StaffProvider
from tenants import registry
from tenants.configuration.staff import RoleMapping

Claims = Mapping[str, Any]
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
_LONGEST_NAME: Final = 80
_NO_USERNAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Vouched:
    """The person whom a provider vouches for."""

    issuer: str
    subject: str
    email: str
    first_name: str
    last_name: str
    wanted_username: str
    roles: frozenset[tuple[StaffRole, UUID | None]]


class ClaimsRefusedError(Exception):
    """The provider vouches for nobody whom we let in; the text is for the audit alone."""


def read_claims(claims: Claims, provider: StaffProvider) -> Vouched:
    """Return whom the claims of a checked token are about.

    Raises ClaimsRefusedError for an address that is missing, not verified, or of a domain that the
    document does not list.
    """
    email = str(claims.get("email") or "").strip().lower()
    if not _ADDRESS.fullmatch(email) or not email.isascii():
        raise ClaimsRefusedError("no_email")
    # Some providers write booleans of the user information as text.
    verified = claims.get("email_verified")
    if verified is not True and verified != "true":
        raise ClaimsRefusedError("email_unverified")
    if email.rpartition("@")[2] not in {one.lower() for one in provider.document.allowed_domains}:
        raise ClaimsRefusedError("domain")
    first, last = _names(claims, email)
    return Vouched(
        issuer=provider.issuer,
        subject=str(claims["sub"]),
        email=email,
        first_name=first,
        last_name=last,
        wanted_username=_username(claims, email),
        roles=frozenset(
            role
            for mapping in provider.document.role_mappings
            if _carries(claims, mapping)
            for role in _roles_of(mapping, provider)
        ),
    )


def _carries(claims: Claims, mapping: RoleMapping) -> bool:
    value = claims.get(mapping.claim)
    values = value if isinstance(value, list) else [value]
    return any(isinstance(one, str) and one == mapping.value for one in values)


def _roles_of(mapping: RoleMapping, provider: StaffProvider) -> list[tuple[StaffRole, UUID | None]]:
    """Return the roles of a mapping. A state's own provider gives them in its contracts alone."""
    role = StaffRole(mapping.role)
    named = [registry.find_contract(slug) for slug in mapping.contracts]
    contracts = [contract.id for contract in named if contract]
    if provider.is_companys:
        return [(role, key) for key in contracts] if mapping.contracts else [(role, None)]
    if role is StaffRole.OPERATOR:
        return []
    inside = provider.contract_ids
    return [(role, key) for key in (contracts if mapping.contracts else inside) if key in inside]


def _names(claims: Claims, email: str) -> tuple[str, str]:
    first, last = _text(claims.get("given_name")), _text(claims.get("family_name"))
    if first or last:
        return first, last
    name = _text(claims.get("name")) or email.partition("@")[0]
    first, _space, last = name.partition(" ")
    return first[:_LONGEST_NAME], last[:_LONGEST_NAME]


def _text(value: object) -> str:
    """Return one line of printable text, short enough for a name."""
    if not isinstance(value, str):
        return ""
    plain = "".join(
        character if character.isprintable() else " "
        for character in unicodedata.normalize("NFC", value)
    )
    return " ".join(plain.split())[:_LONGEST_NAME]


def _username(claims: Claims, email: str) -> str:
    wanted = claims.get("preferred_username")
    text = wanted if isinstance(wanted, str) and wanted else email
    return _NO_USERNAME.sub("-", text.partition("@")[0]).strip("-._")[:40] or "staff"
