"""What a provider's number, a role, and the state of a mail are called."""

from collections.abc import Collection, Mapping
from typing import Final

from core.common.identifiers import IdentifierType
from core.groups.models import Provider, Role
from core.groups.policies import ROLES_IN_ORDER
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


def role_names(held: Collection[str]) -> list[str]:
    """Return the names of roles, the one that reaches most first."""
    return [Role(role).label for role in reversed(ROLES_IN_ORDER) if role in held]


def mail_words(status: str | None) -> str:
    """Return what became of a mail; nothing for one that is no longer kept."""
    return _MAIL.get(status or "", "")
