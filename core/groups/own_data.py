"""What this app adds to the download of one's own data."""

from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from core.accounts.models import User
from core.accounts.own_data import register_own_data
from core.accounts.policies import find_contract
from core.groups.models import AccessConfirmation, Membership, WeeklyMail
from core.groups.roles import role_name


def register_own_parts() -> None:
    """Add the memberships, and whether there is a weekly mail."""
    register_own_data("memberships", "Your roles, and the providers they are for", _memberships)
    register_own_data("weekly_mail", "Whether you get the weekly mail, and since when", _weekly)


def _weekly(user: User, _at: datetime) -> list[dict[str, str]]:
    return [{"since": one.since.isoformat()} for one in WeeklyMail.objects.filter(user=user)]


def _memberships(user: User, _at: datetime) -> list[dict[str, object]]:
    confirmed = AccessConfirmation.objects.filter(membership=OuterRef("pk"))
    held = (
        Membership.objects.filter(user=user)
        .select_related("group", "provider")
        .annotate(confirmed=ArraySubquery(confirmed.order_by("pk").values("confirmed_at")))
    )
    return [
        {
            "role": role_name(one.role, one.contract_id),
            "provider": one.provider.name if one.provider else None,
            "program": _program(one),
            "provider_group": one.group.name if one.group else None,
            "since": one.since.isoformat(),
            "until": one.until.isoformat() if one.until else None,
            "confirmed": [moment.isoformat() for moment in one.confirmed],
        }
        for one in held.order_by("since", "id")
    ]


def _program(membership: Membership) -> str | None:
    contract = find_contract(membership.provider.contract_id) if membership.provider else None
    return contract.name if contract else None
