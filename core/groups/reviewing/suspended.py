"""The part of the access review that shows what was suspended and can still be given back."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.core.paginator import Page
from django.db.models import Exists, OuterRef, Q, QuerySet

from core.accounts.models import User
from core.groups.access import list_memberships
from core.groups.models import Membership, SuspendedRole
from core.groups.permissions import Permission
from core.groups.policies import may_manage, roles_reaching
from core.groups.reach import Reach, list_reached_suspensions
from core.groups.reviewing.terms import waiting_suspensions
from core.groups.roles import RoleTerms, is_offered, terms_of
from core.groups.setup import page_of, with_names
from tenants.context import ActiveContract


@dataclass(frozen=True)
class SuspendedRow:
    """A suspended role, and what the admin can make of it."""

    suspension: SuspendedRole
    may_let_go: bool
    may_give: bool
    """Whether they can give it back: they decide on it, and the program still has it."""

    @property
    def role(self) -> RoleTerms:
        """Return what it was."""
        was = self.suspension.membership
        return terms_of(was.role, was.contract_id)

    @property
    def place(self) -> str:
        """Return the name of the provider or the group that it was for."""
        was = self.suspension.membership
        return str(was.provider or was.group)


def list_suspended(reach: Reach, contract: ActiveContract) -> QuerySet[SuspendedRole]:
    """Return the roles of a contract that wait to be given back, the newest first."""
    here = list_reached_suspensions(replace(reach, contracts=(contract,)))
    waiting = waiting_suspensions().filter(pk=OuterRef("pk"))
    found = here.filter(Exists(waiting), contract_id=contract.id)
    return found.order_by("-suspended_at", "-id")


def suspended_page(
    reach: Reach, contract: ActiveContract, *, words: Iterable[str], number: str
) -> tuple[Page[Any], list[SuspendedRow]]:
    """Return one page of them (three queries; one where there are none)."""
    found: QuerySet[Any] = list_suspended(reach, contract).select_related(
        "membership__user", "membership__provider", "membership__group"
    )
    for word in words:
        # What a row shows: by an address, parts of it could be read out of somebody who is out.
        people = with_names(User.objects.all(), [word])
        found = found.filter(
            Q(membership__user__in=people)
            | Q(membership__user__username__icontains=word)
            | Q(membership__provider__name__icontains=word)
        )
    page = page_of(found, number)
    if not page.object_list:
        return page, []
    own = list(list_memberships(reach.actor))
    return page, [_row(reach, own, one) for one in page]


def _row(reach: Reach, own: Iterable[Membership], suspension: SuspendedRole) -> SuspendedRow:
    was = suspension.membership
    contract_id: UUID | None = was.contract_id
    acting = roles_reaching(
        own,
        group_id=was.within,
        provider_id=was.provider_id,
        partly_entered=reach.partly_entered,
    )
    decides = was.user_id != reach.actor.id and may_manage(
        acting, was.role, Permission.ACCESS_REVIEW, contract_id=contract_id
    )
    return SuspendedRow(
        suspension, may_let_go=decides, may_give=decides and is_offered(was.role, contract_id)
    )
