"""What a staff member may do, and where."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import QuerySet

from core.accounts.models import User
from core.common.compiled import CompiledQuery
from core.staff.models import ApiToken, StaffElevation, StaffMember
from core.staff.oidc.providers import provider_of_issuer
from core.staff.permissions import StaffPermission, role_may
from core.staff.selectors import list_roles, list_staff
from tenants import registry
from tenants.context import ActiveContract

Rows = TypeVar("Rows", bound=QuerySet[Any])


@dataclass(frozen=True)
class StaffScope:
    """Where a permission is held: in the whole deployment, or in some contracts."""

    everywhere: bool
    contracts: frozenset[UUID]

    def covers(self, contract_id: UUID | None) -> bool:
        """Tell whether a contract is in it; what belongs to no contract only by `everywhere`."""
        return self.everywhere or contract_id in self.contracts

    def narrow(self, rows: Rows, field: str = "contract_id") -> Rows:
        """Return the rows of the contracts in it; `field` leads to the contract's key."""
        return rows if self.everywhere else rows.filter(**{f"{field}__in": self.contracts})

    def in_service(self) -> list[ActiveContract]:
        """Return the contracts in service that are covered, as forms offer them."""
        return [one for one in registry.list_contracts() if self.covers(one.id)]

    def within(self, contracts: Iterable[UUID] | None) -> "StaffScope":
        """Return what of it lies in some contracts; None narrows nothing."""
        if contracts is None:
            return self
        named = frozenset(contracts)
        return StaffScope(
            everywhere=False, contracts=named if self.everywhere else self.contracts & named
        )

    def contains(self, other: "StaffScope") -> bool:
        """Tell whether all of another scope is in it."""
        return self.everywhere or (not other.everywhere and other.contracts <= self.contracts)

    def covers_any(self, contract_ids: Iterable[UUID]) -> bool:
        """Tell whether one of these contracts is in it."""
        return self.everywhere or bool(self.contracts.intersection(contract_ids))

    def covers_all(self, contract_ids: Iterable[UUID]) -> bool:
        """Tell whether all of these contracts are in it, and at least one is named."""
        named = frozenset(contract_ids)
        return self.everywhere or (bool(named) and named <= self.contracts)


@dataclass(frozen=True)
class StaffActor:
    """A staff member with the roles that hold now.

    `may` and `scope` say what their roles hold; whether they may use it this minute is the door's
    question (`core.staff.elevation`).
    """

    user: User
    roles: tuple[StaffMember, ...]
    elevation: StaffElevation | None = None
    """The elevated rights of the session, as its door found them; they hold."""
    token: ApiToken | None = None
    """The token of the API by which they act: never more than its rights, nor than the roles'."""

    def scope(self, permission: StaffPermission) -> StaffScope:
        """Return where a permission is held."""
        held = [role for role in self.roles if role_may(role.role, permission)]
        scope = StaffScope(
            everywhere=any(role.contract_id is None for role in held),
            contracts=frozenset(role.contract_id for role in held if role.contract_id),
        )
        if self.token is None:
            return scope
        lent = permission.value in self.token.permissions
        return scope.within(self.token.contracts if lent else ())

    @property
    def sees_people(self) -> bool:
        """Tell whether the pages about accounts are open, for the navigation."""
        return self.may(StaffPermission.USERS_VIEW)

    @property
    def sees_requests(self) -> bool:
        """Tell whether the queue of requests is open, for the navigation."""
        return self.sees_people or self.may(StaffPermission.REGISTRATIONS_VIEW)

    @property
    def sees_contracts(self) -> bool:
        """Tell whether the console is open, for the navigation."""
        return self.may(StaffPermission.CONTRACTS_VIEW)

    @property
    def sees_staff(self) -> bool:
        """Tell whether the list of staff is open, for the navigation."""
        return self.may(StaffPermission.STAFF_VIEW)

    @property
    def sees_audit(self) -> bool:
        """Tell whether the audit trail is open, for the navigation."""
        return self.may(StaffPermission.AUDIT_VIEW)

    @property
    def sees_webhooks(self) -> bool:
        """Tell whether the pages of webhooks are open, for the navigation."""
        return self.may(StaffPermission.WEBHOOKS_VIEW)

    @property
    def sees_outbox(self) -> bool:
        """Tell whether the outbox is open, for the navigation."""
        return self.may(StaffPermission.OUTBOX_VIEW)

    @property
    def sees_operations(self) -> bool:
        """Tell whether the other pages of operations are open: of the whole deployment alone."""
        return self.scope(StaffPermission.OPERATIONS_VIEW).everywhere

    def may(self, permission: StaffPermission) -> bool:
        """Tell whether a permission is held anywhere."""
        scope = self.scope(permission)
        return scope.everywhere or bool(scope.contracts)


def find_staff(user: User, *, at: datetime) -> StaffActor | None:
    """Return a signed-in account as staff, None when it holds no role now (no query for most)."""
    if not user.is_staff_member:
        return None
    roles = tuple(role for role in _ROLES.all(user_id=user.id, at=at) if _stands(role))
    return StaffActor(user, roles) if roles else None


_ROLES: CompiledQuery[StaffMember] = CompiledQuery(list_roles)


def list_holders(
    permission: StaffPermission, contracts: Iterable[UUID], *, at: datetime
) -> list[StaffActor]:
    """Return the active people of staff who hold a permission in all of some contracts.

    For telling them: systems are left out, whose mail nobody reads.
    """
    held: dict[User, list[StaffMember]] = {}
    people = list_staff(at=at).filter(user__is_active=True, user__service_account__isnull=True)
    for role in people.select_related("user"):
        if _stands(role):
            held.setdefault(role.user, []).append(role)
    named = list(contracts)
    members = [StaffActor(user, tuple(roles)) for user, roles in held.items()]
    return [one for one in members if one.scope(permission).covers_all(named)]


def _stands(role: StaffMember) -> bool:
    """Tell whether a role counts: one by claims only while the documents name its provider."""
    if not role.issuer:
        return True
    provider = provider_of_issuer(role.issuer)
    return provider is not None and provider.stands_for(role.contract_id)
