"""Ask about everything by which one contract is reached, and reaches people."""

from contracts.console.hosts.targets import list_targets, portal_target
from contracts.console.services.host_checks import check_hosts
from core.common.clock import now
from core.notifications.services.sender_checks import check_senders, targets_of_address
from tenants import registry
from tenants.errors import UnknownContractError


def check_reach(slug: str) -> None:
    """Ask the hosts of a contract, the portal host, and the providers of its messages now.

    Called by the worker of *Check now* and by the command; takes some seconds. Records what the
    checks record. One that is not published, or is archived by now, has nothing to ask about.
    """
    try:
        document = registry.get_configured(slug).document
    except UnknownContractError:
        return
    portal = portal_target()
    try:
        check_hosts([*list_targets(slug), *([portal] if portal else [])])
    finally:
        check_senders(targets_of_address(document.brand.sender_address), at=now())
