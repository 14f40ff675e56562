"""In whose name messages go out: the contract's brand, or the deployment's.

The deployment's where no contract is named, and where the contract is out of service: what an owner
must hear of their account does not wait for a program.
"""

from uuid import UUID

from core.notifications.channels.base import Sender
from core.notifications.states import Channel
from tenants import registry
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import ContractDocument
from tenants.errors import UnknownContractError


def document_for(contract_id: UUID | None) -> ContractDocument | DeploymentDocument:
    """Return the configuration that brands a message: the contract's while it is in service."""
    return find_contract_document(contract_id) or registry.get_deployment()


def find_contract_document(contract_id: UUID | None) -> ContractDocument | None:
    """Return the configuration of a contract; None without one, and while it is out of service."""
    if contract_id is None:
        return None
    try:
        return registry.get_contract_by_id(contract_id).document
    except UnknownContractError:
        return None


def sender_for(contract_id: UUID | None, *, channel: str = "email") -> Sender:
    """Return the sender of a contract's messages, or of the deployment's.

    Where the deployment lists its verified addresses and the contract's is none of them, mail goes
    out from the first, in the contract's name, and answers go to the contract's address.
    """
    brand = document_for(contract_id).brand
    ways = registry.get_deployment().channels
    address, reply_to = brand.sender_address, brand.reply_to or ""
    verified = ways.email.senders
    if verified and address not in verified:
        address, reply_to = verified[0], reply_to or address
    numbers = () if channel == Channel.EMAIL else ways.of(channel).senders
    return Sender(
        name=brand.sender_name,
        address=address,
        reply_to=reply_to,
        number=numbers[0] if numbers else "",
    )
