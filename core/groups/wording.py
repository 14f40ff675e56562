"""What a provider's number is called."""

from collections.abc import Collection

from core.common.identifiers import IdentifierType
from core.groups.models import Provider, Role
from core.groups.policies import ROLES_IN_ORDER
from tenants.context import ActiveContract


def number_name(provider: Provider, contract: ActiveContract) -> str:
    """Return NPI, UMPI or API, or the contract's own word for its number."""
    if provider.identifier_type == IdentifierType.PROGRAM_ID:
        return contract.document.vocabulary.number_name
    return provider.identifier_type.upper()


def role_names(held: Collection[str]) -> list[str]:
    """Return the names of roles, the one that reaches most first."""
    return [Role(role).label for role in reversed(ROLES_IN_ORDER) if role in held]
