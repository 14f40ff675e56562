"""What an invitation is to: in which contract, and for whom."""

from core.groups.models import Invitation
from tenants import registry
from tenants.context import ActiveContract


def contract_inviting(invitation: Invitation) -> ActiveContract | None:
    """Return the contract on whose pages the link stands; None for an invitation to an office."""
    if invitation.contract_id is None:
        return None
    return registry.get_contract_by_id(invitation.contract_id)


def names_in(invitation: Invitation) -> list[str]:
    """Return what somebody is invited to: the providers, or the office."""
    names = list(invitation.providers.order_by("name").values_list("name", flat=True))
    return names or [invitation.group.name]
