"""In whose name messages go out: the contract's brand, or the deployment's where none is named."""

from uuid import UUID

from core.notifications.channels.base import Sender
from tenants import registry
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import ContractDocument


def document_for(contract_id: UUID | None) -> ContractDocument | DeploymentDocument:
    """Return the configuration that brands a message. Raises registry.UnknownContractError."""
    if contract_id is None:
        return registry.get_deployment()
    return registry.get_contract_by_id(contract_id).document


def sender_for(contract_id: UUID | None) -> Sender:
    """Return the sender of a contract's messages, or of the deployment's."""
    brand = document_for(contract_id).brand
    return Sender(
        name=brand.sender_name, address=brand.sender_address, reply_to=brand.reply_to or ""
    )
