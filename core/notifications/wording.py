"""Moments as mails print them: in the contract's time zone, with its name. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import ContractDocument


def printed_time(at: datetime, document: ContractDocument | DeploymentDocument) -> str:
    """Return a moment in words, such as `July 1, 2026, 4:05 PM EDT`.

    A contract's mails print its time zone; those of the deployment, which has none, print UTC.
    """
    zone = document.contract.time_zone if isinstance(document, ContractDocument) else "UTC"
    local = at.astimezone(ZoneInfo(zone))
    hour = local.hour % 12 or 12
    return f"{local:%B} {local.day}, {local.year}, {hour}:{local:%M %p %Z}"
