"""What this app adds to the download of one's own data."""

from datetime import datetime

from core.accounts.models import User
from core.accounts.own_data import register_own_data
from core.accounts.policies import find_contract
from core.groups.models import Membership, Role


def register_own_parts() -> None:
    """Add the memberships."""
    register_own_data("memberships", "Your roles, and the providers they are for", _memberships)


def _memberships(user: User, _at: datetime) -> list[dict[str, str | None]]:
    held = Membership.objects.filter(user=user).select_related("group", "provider")
    return [
        {
            "role": Role(one.role).label,
            "provider": one.provider.name if one.provider else None,
            "program": _program(one),
            "provider_group": one.group.name if one.group else None,
            "since": one.since.isoformat(),
            "until": one.until.isoformat() if one.until else None,
        }
        for one in held.order_by("since", "id")
    ]


def _program(membership: Membership) -> str | None:
    contract = find_contract(membership.provider.contract_id) if membership.provider else None
    return contract.name if contract else None
