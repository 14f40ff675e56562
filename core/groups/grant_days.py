"""Access of third parties lasts for whole days, in the time zone of the provider's contract."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from core.accounts.policies import find_contract
from core.groups.models import AccessGrant
from tenants import registry


def end_of(day: date, contract_id: UUID) -> datetime:
    """Return the end of a day in a contract."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=_zone_of(contract_id))


def last_day_of(grant: AccessGrant) -> date:
    """Return the last day on which a grant counts, unless it is ended before."""
    zone = _zone_of(grant.provider.contract_id)
    return (grant.until - timedelta(microseconds=1)).astimezone(zone).date()


def is_living(grant: AccessGrant, *, at: datetime) -> bool:
    """Tell whether a grant counts at a moment; `offices.list_living` asks the database the same."""
    return grant.ended_at is None and grant.until > at


def _zone_of(contract_id: UUID) -> ZoneInfo:
    contract = find_contract(contract_id)
    found = contract.document.contract if contract else registry.get_deployment().deployment
    return ZoneInfo(found.time_zone)
