"""In whose name messages go out: the contract's brand, or the deployment's.

The deployment's where no contract is named, and where the contract is out of service: what an owner
must hear of their account does not wait for a program.
"""

from typing import Final
from uuid import UUID

from django.conf import settings

from core.notifications.channels.base import Sender
from core.notifications.models import SenderCheck
from core.notifications.states import Channel
from tenants import registry
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import ContractDocument
from tenants.errors import UnknownContractError

_TELL: Final = frozenset({"amazon_ses", "aws_end_user_messaging", "amazon_connect"})
"""The providers that can be asked how a sender stands."""


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

    While the contract's own address is not verified for sending, mail goes out from the
    deployment's, in the contract's name, and answers go to the contract's address.
    """
    brand = document_for(contract_id).brand
    address, reply_to = brand.sender_address, brand.reply_to or ""
    if channel == Channel.EMAIL and not _sends_itself(address):
        address, reply_to = temporary_address(), reply_to or address
    ways = registry.get_deployment().channels
    numbers = () if channel == Channel.EMAIL else ways.of(channel).senders
    return Sender(
        name=brand.sender_name,
        address=address,
        reply_to=reply_to,
        number=numbers[0] if numbers else "",
    )


def temporary_address() -> str:
    """Return the deployment's address, for mail of contracts whose own is not verified."""
    deployment = registry.get_deployment()
    return next(iter(deployment.channels.email.senders), deployment.brand.sender_address)


def text_sender() -> str:
    """Return the number, short code or pool that texts come from; "" without one."""
    listed = registry.get_deployment().channels.sms.senders
    return str(next(iter(listed), settings.AWS_SMS_ORIGINATION))


def is_asked_for(channel: str) -> bool:
    """Tell whether a channel's provider says how our senders stand."""
    if channel in settings.PORTAL_CHANNELS:
        return False
    return registry.get_deployment().channels.of(channel).provider in _TELL


def find_sender_check(channel: str, identity: str) -> SenderCheck | None:
    """Return the provider's present word on a sender, or None before it was asked (one query)."""
    rows = SenderCheck.objects.filter(channel=channel, identity=identity)
    return rows.filter(ended_at=None).first()


def _sends_itself(address: str) -> bool:
    """Tell whether mail may go out from an address: as the provider says, or else the document.

    Where both the address and the one in its place are refused, nothing is won by changing.
    """
    temporary = temporary_address()
    if address == temporary:
        return True
    if is_asked_for(Channel.EMAIL):
        rows = SenderCheck.objects.filter(channel=Channel.EMAIL, ended_at=None)
        known = {one.identity: one for one in rows.filter(identity__in=(address, temporary))}
        own, other = known.get(address), known.get(temporary)
        if own is not None and own.may_send:
            return True
        if own is not None and own.is_refused:
            return other is not None and other.is_refused
    listed = registry.get_deployment().channels.email.senders
    return not listed or address in listed
