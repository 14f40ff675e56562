"""What a provider's number, a role, and the state of a mail are called."""

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from core.common.identifiers import IdentifierType
from core.groups.models import Provider
from core.groups.roles import terms_of
from core.notifications.states import MessageStatus
from tenants.context import ActiveContract

_MAIL: Final[Mapping[str, str]] = {
    MessageStatus.QUEUED: "mail is on its way",
    MessageStatus.SENDING: "mail is on its way",
    MessageStatus.SENT: "mail sent",
    MessageStatus.UNKNOWN: "mail perhaps sent",
    MessageStatus.BOUNCED: "mail came back",
    MessageStatus.COMPLAINED: "mail was reported as unwanted",
    MessageStatus.FAILED: "mail was refused",
    MessageStatus.EXPIRED: "mail was too late",
}


def number_name(provider: Provider, contract: ActiveContract) -> str:
    """Return NPI, UMPI or API, or the contract's own word for its number."""
    if provider.identifier_type == IdentifierType.PROGRAM_ID:
        return contract.document.vocabulary.number_name
    return provider.identifier_type.upper()


def role_names(held: Collection[str], contract_id: UUID) -> list[str]:
    """Return the names of roles, the one that reaches most first."""
    terms = [terms_of(role, contract_id) for role in held]
    return [one.name for one in sorted(terms, key=lambda one: -len(one.permissions))]


def mail_words(status: str | None) -> str:
    """Return what became of a mail; nothing for one that is no longer kept."""
    return _MAIL.get(status or "", "")
