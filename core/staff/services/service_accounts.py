"""Make and end service accounts: systems that use the API in their own name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from core.accounts.models import User
from core.accounts.services.accounts import create_account, deactivate_account
from core.audit.recording import record
from core.common.ids import uuid7
from core.staff.models import ApiToken, ServiceAccount, StaffMember, StaffRole
from core.staff.permissions import StaffPermission, permissions_of
from core.staff.scope import StaffActor, StaffScope
from core.staff.selectors import list_roles_of_service
from core.staff.services.api_tokens import RightNotHeldError
from core.staff.services.appointing import NotInReachError, may_manage
from core.staff.services.members import check_reach, end_role, grant_role

NOWHERE: Final = "service.invalid"
"""The domain of their addresses, which no mail reaches (RFC 2606)."""


@dataclass(frozen=True)
class ServiceWish:
    """A system: its name, whom to ask about it, and the role that it works in."""

    name: str
    contact: str
    role: StaffRole
    contract_id: UUID | None


@transaction.atomic
def make_service_account(
    *, staff: StaffActor, wish: ServiceWish, reason: str, at: datetime
) -> ServiceAccount:
    """Make an account with a staff role that nobody can sign in with.

    Called by the page, after a fresh sign-in and with elevated rights, by who appoints staff there.
    Its maker gets to hold what it may do, so they must hold all of it already. Records
    `service_account.made` and `staff_role.granted`. Raises NotInReachError, RightNotHeldError,
    WrongReachError.
    """
    check_reach(wish.role, wish.contract_id)
    if not may_manage(staff, wish.contract_id):
        raise NotInReachError
    if not _holds_all(staff, wish):
        raise RightNotHeldError
    key = uuid7()
    user = create_account(
        username=f"service-{key}",
        email=f"{key}@{NOWHERE}",
        first_name=wish.name,
        last_name="",
        password_hash=make_password(None),
        by=staff.user.pk,
        at=at,
    )
    User.objects.filter(pk=user.pk).update(signs_in_elsewhere=True)  # it never gets a password
    made = ServiceAccount.objects.create(
        id=key,
        user=user,
        name=wish.name,
        contact=wish.contact,
        made_by=staff.user.pk,
        made_at=at,
    )
    _record("made", made, by=staff.user.pk, at=at, reason=reason)
    grant_role(
        user_id=user.pk, role=wish.role, contract_id=wish.contract_id, by=staff.user.pk, at=at
    )
    user.refresh_from_db()  # of staff by now
    return made


@transaction.atomic
def end_service_account(
    *, account: ServiceAccount, reason: str, by: StaffActor, at: datetime
) -> bool:
    """Close a service account with its roles and tokens; False when it has ended already.

    Called by the page like `make_service_account`; it acts from nobody's next call on. Records
    `service_account.ended`, and what ends with it. Raises NotInReachError.
    """
    held = ServiceAccount.objects.select_for_update().get(pk=account.pk)
    if held.ended_at is not None:
        return False
    if not manages(by, held):
        raise NotInReachError
    held.ended_at, held.ended_by = at, by.user.pk
    held.save(update_fields=["ended_at", "ended_by"])
    ApiToken.objects.filter(user_id=held.user_id, revoked_at__isnull=True).update(
        revoked_at=at, revoked_by=by.user.pk
    )
    for role in StaffMember.objects.filter(user_id=held.user_id, ended_at__isnull=True):
        end_role(member_id=role.pk, reason="service_account_ended", by=by.user.pk, at=at)
    deactivate_account(user_id=held.user_id, reason=reason, by=by.user.pk, at=at)
    _record("ended", held, by=by.user.pk, at=at, reason=reason)
    return True


def manages(staff: StaffActor, account: ServiceAccount) -> bool:
    """Tell whether somebody makes tokens for a service account, and ends it.

    Who appoints staff where it has its roles; where they have ended, where it had them.
    """
    roles = list_roles_of_service(account)
    return bool(roles) and all(may_manage(staff, role.contract_id) for role in roles)


def _holds_all(staff: StaffActor, wish: ServiceWish) -> bool:
    """Tell whether somebody holds every permission of a role where it is to be held."""
    named = frozenset() if wish.contract_id is None else frozenset({wish.contract_id})
    wanted = StaffScope(everywhere=wish.contract_id is None, contracts=named)
    return all(
        staff.scope(StaffPermission(one)).contains(wanted) for one in permissions_of(wish.role)
    )


def _record(verb: str, account: ServiceAccount, *, by: UUID, at: datetime, reason: str) -> None:
    record(
        f"service_account.{verb}",
        actor_id=by,
        subject=("account", account.user_id),
        data={"service_account": str(account.pk), "reason": reason},
        at=at,
    )
