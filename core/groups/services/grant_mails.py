"""Who is mailed about the access of third parties: the admins of either side."""

from datetime import datetime
from typing import Final
from uuid import UUID

from core.accounts.models import User
from core.groups.models import AccessGrant, Membership, Provider, Role
from core.groups.permissions import Permission
from core.groups.selectors import list_admins_of
from core.notifications.services.outbox import enqueue

GRANT_KIND: Final = "access_grant_notice"
OFFICE, PROVIDER = "office", "provider"


def tell_both_sides(
    grant: AccessGrant, what: str, *, by: UUID | None, at: datetime, days: int = 0
) -> None:
    """Write the mails about a grant into the outbox, in the transaction of the act.

    `what` is one of `core.groups.office_messages`. Whoever did it is told nothing.
    """
    office_admins = list_office_admins(grant)
    provider_admins = list_admins_of(
        Provider.objects.filter(pk=grant.provider_id), Permission.THIRD_PARTIES_MANAGE
    )
    for side, admins in ((OFFICE, office_admins), (PROVIDER, provider_admins)):
        for admin in admins:
            if admin.id == by:
                continue
            enqueue(
                kind=GRANT_KIND,
                to=admin.email,
                subject_id=grant.id,
                account_id=admin.id,
                contract_id=grant.provider.contract_id if side == PROVIDER else None,
                context={
                    "what": what,
                    "side": side,
                    "by": str(by or ""),
                    "days": days,
                    "role": grant.role,
                    "until": grant.until.isoformat(),
                    "happened_at": at.isoformat(),
                },
                at=at,
            )


def list_office_admins(grant: AccessGrant) -> "list[User]":
    """Return the active admins of the office that has a grant."""
    held = Membership.objects.filter(
        Membership.OWN, group=grant.office.group_id, role=Role.GROUP_ADMIN
    )
    people = User.objects.filter(pk__in=held.values("user"), is_active=True)
    return list(people.order_by("id"))
