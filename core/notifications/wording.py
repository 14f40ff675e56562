"""Moments as mails print them: in the contract's time zone, with its name. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import ContractDocument
from tenants.configuration.revisions import zone_of


def printed_time(at: datetime, document: ContractDocument | DeploymentDocument) -> str:
    """Return a moment in words, such as `July 1, 2026, 4:05 PM EDT`.

    In the contract's time zone, or the deployment's.
    """
    local = at.astimezone(ZoneInfo(zone_of(document)))
    hour = local.hour % 12 or 12
    return f"{local:%B} {local.day}, {local.year}, {hour}:{local:%M %p %Z}"
