"""Accounts of people for whom an identity provider vouches."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from core.accounts.models import User
from core.accounts.selectors import find_account_by_email, username_is_available
from core.accounts.services.accounts import (
    close_password,
    create_account,
    reactivate_account,
)
from core.accounts.services.locks import unlock_account
from core.audit.recording import record
from core.common.crypto import new_numeric_code
from core.common.turns import hold_turn
from core.staff.models import StaffIdentity, StaffMember, StaffRole
from core.staff.oidc.claims import Vouched
from core.staff.oidc.providers import provider_of_issuer
from core.staff.selectors import find_identity, list_roles
from core.staff.services.linking import is_in_reach
from core.staff.services.members import end_role, grant_role

_NO_LONGER_CLAIMED = "no_longer_claimed"
_VOUCHED = "identity provider"


class IdentityRefusal(StrEnum):
    """Why somebody is not let in although the provider vouches for them."""

    ADDRESS_TAKEN = "address_taken"
    NO_ROLE = "no_role"
    INACTIVE = "inactive"
    OUT_OF_REACH = "out_of_reach"
    SHUT = "shut"


@dataclass(frozen=True)
class IdentityResult:
    """The account to sign in, or why there is none."""

    user: User | None
    refusal: IdentityRefusal | None = None


@transaction.atomic
def vouch_for(*, person: Vouched, at: datetime) -> IdentityResult:
    """Return the account of somebody whom a provider vouches for, with the roles of their claims.

    Called at the end of the exchange. One account per (issuer, subject): the first time it is made,
    unless its address belongs to another account, which is never taken over. Roles that the claims
    no longer give end, and with the last one the way in. A lock and disuse are no bar: the lock is
    for guesses at passwords, which this account has none of. Records `staff_identity.linked` and
    what the roles record.

    An account with a password whose owner linked the provider (`linking`) is opened by any role
    that it holds, but neither unlocked nor reopened: its own factor does that.
    """
    hold_turn("staff-identity", f"{person.issuer} {person.subject}")
    identity = find_identity(issuer=person.issuer, subject=person.subject)
    user = identity.user if identity else None
    if user is None and find_account_by_email(person.email) is not None:
        return IdentityResult(None, IdentityRefusal.ADDRESS_TAKEN)
    if user is None and not person.roles:
        return IdentityResult(None, IdentityRefusal.NO_ROLE)
    if user is None:
        user = _make_account(person, at=at)
    if not user.signs_in_elsewhere:
        return _open_linked(user, person, at=at)
    _follow_claims(user, person, at=at)
    if not person.roles:
        return IdentityResult(None, IdentityRefusal.NO_ROLE)
    if user.is_dormant:
        reactivate_account(user_id=user.id, reason=_VOUCHED, by=user.id, at=at)
    elif not user.is_active:
        return IdentityResult(None, IdentityRefusal.INACTIVE)
    if user.is_locked(at):
        unlock_account(user_id=user.id, reason=_VOUCHED, by=user.id, at=at)
    return _opened(user, person, at=at)


def _open_linked(user: User, person: Vouched, *, at: datetime) -> IdentityResult:
    if not is_in_reach(user, provider_of_issuer(person.issuer), at=at):
        return IdentityResult(None, IdentityRefusal.OUT_OF_REACH)
    if not user.is_active or user.is_locked(at):
        return IdentityResult(None, IdentityRefusal.SHUT)
    _follow_claims(user, person, at=at)
    if not list_roles(user.id, at=at).exists():
        return IdentityResult(None, IdentityRefusal.NO_ROLE)
    return _opened(user, person, at=at)


def _opened(user: User, person: Vouched, *, at: datetime) -> IdentityResult:
    StaffIdentity.objects.filter(issuer=person.issuer, subject=person.subject).update(
        last_used_at=at
    )
    return IdentityResult(User.objects.with_contracts().get(pk=user.pk))


@transaction.atomic
def record_refusal(*, key: str, reason: str, at: datetime) -> None:
    """Record `sign_in.refused` for an exchange that came to nothing; `key` is the provider's."""
    record(
        "sign_in.refused",
        result="oidc",
        data={"provider": key[:40], "reason": reason[:200]},
        at=at,
    )


def _make_account(person: Vouched, *, at: datetime) -> User:
    user = create_account(
        username=_free_username(person.wanted_username),
        email=person.email,
        first_name=person.first_name,
        last_name=person.last_name,
        password_hash=make_password(None),
        by=None,
        at=at,
    )
    close_password(user_id=user.id, by=user.id, at=at)
    StaffIdentity.objects.create(
        user=user,
        issuer=person.issuer,
        subject=person.subject,
        linked_at=at,
        last_used_at=at,
    )
    record("staff_identity.linked", actor_id=user.id, subject=("account", user.id), at=at)
    return user


def _free_username(wanted: str) -> str:
    name = wanted
    while len(name) < 3 or not username_is_available(name):
        name = f"{wanted}-{new_numeric_code(4)}"
    return name


def _follow_claims(user: User, person: Vouched, *, at: datetime) -> None:
    """End the roles that this provider no longer gives, and grant those that it gives now."""
    held = StaffMember.objects.filter(user=user, issuer=person.issuer, ended_at__isnull=True)
    present: set[tuple[StaffRole, UUID | None]] = set()
    for member in held:
        given = (StaffRole(member.role), member.contract_id)
        if given in person.roles:
            present.add(given)
        else:
            end_role(member_id=member.id, reason=_NO_LONGER_CLAIMED, by=user.id, at=at)
    for role, contract_id in sorted(person.roles - present, key=str):
        grant_role(
            user_id=user.id,
            role=role,
            contract_id=contract_id,
            issuer=person.issuer,
            by=None,
            at=at,
        )
