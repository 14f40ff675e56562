"""What a provider's number is called."""

from core.common.identifiers import IdentifierType
from core.groups.models import Provider
from tenants.context import ActiveContract


def number_name(provider: Provider, contract: ActiveContract) -> str:
    """Return NPI, UMPI or API, or the contract's own word for its number."""
    if provider.identifier_type == IdentifierType.PROGRAM_ID:
        return contract.document.vocabulary.number_name
    return provider.identifier_type.upper()
