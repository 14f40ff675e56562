"""What an admin reaches in Setup, and the only way to load it there.

That is the providers for which they hold the permission that a page asks for (*reached* means that
and no more: by some roles one sees and changes nothing), in the contracts that this session has
entered: a contract whose sign-in rules are not met yet shows nothing of itself
(design decision 7). Whatever lies outside is 404, as if it did not exist; what they see in Setup
and may not do is 403. On a contract's own pages that contract alone is shown; what the session has
entered besides counts for acts that reach further (`core.groups.entering`).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import Http404

from core.accounts.access import SignedInRequest
from core.accounts.models import User
from core.accounts.policies import contracts_in_hand
from core.accounts.signing_in.allauth_wrapper import methods_used
from core.common.http import row_or_404
from core.groups.access import (
    list_memberships,
    list_own_providers,
    list_providers,
)
from core.groups.models import (
    Invitation,
    JoinRequest,
    Membership,
    Provider,
    ProviderStatus,
    RecoveryRequest,
    Role,
    SuspendedRole,
)
from core.groups.permissions import Permission
from core.groups.roles import permissions_of
from core.mfa.proving.stepping_up import is_satisfied
from tenants.context import ActiveContract
from tenants.in_hand import contract_of

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Reach:
    """Who looks, and in which contracts; on a contract's own pages it is that one alone."""

    actor: User
    contracts: tuple[ActiveContract, ...]
    left_out: int
    """How many of the person's contracts are not shown here."""
    entered: frozenset[UUID]
    """The contracts whose sign-in rules the session meets, those of other pages among them."""
    unentered: tuple[ActiveContract, ...] = ()
    """The person's contracts whose rules it does not meet."""

    @property
    def contract_ids(self) -> list[UUID]:
        """Return the keys of the contracts."""
        return [contract.id for contract in self.contracts]

    def name_of(self, contract_id: UUID | None) -> str:
        """Return what one of the contracts is called; nothing for none of them."""
        return next((one.name for one in self.contracts if one.id == contract_id), "")

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        """Return what the person may do for at least one provider here (one query)."""
        here = Provider.objects.filter(status=ProviderStatus.ACTIVE, contract__in=self.contract_ids)
        held = list_memberships(self.actor).filter(
            Q(provider__in=here) | Q(group__in=here.values("group"))
        )
        return permissions_of(held.values_list("role", "provider__contract", "grant").distinct())

    @cached_property
    def partly_entered(self) -> dict[UUID, list[ActiveContract]]:
        """Return the person's groups that reach into contracts which are not entered, and which.

        No query while all are entered.
        """
        if not self.unentered:
            return {}
        known = {one.id: one for one in self.unentered}
        beyond = Provider.objects.filter(
            status=ProviderStatus.ACTIVE, contract__in=known, group__in=_administered(self.actor)
        )
        found: dict[UUID, list[ActiveContract]] = {}
        for group_id, contract_id in beyond.values_list("group_id", "contract_id").distinct():
            found.setdefault(group_id, []).append(known[contract_id])
        return found


def reach_of(request: SignedInRequest) -> Reach:
    """Return what the person of a request reaches; no query while no contract asks for more."""
    user, here = request.user, contract_of(request)
    used = methods_used(request, user)
    known = sorted(contracts_in_hand(user), key=lambda one: one.name)
    entered = [one for one in known if is_satisfied(one, user, used)]
    shown = tuple(one for one in entered if here is None or one.id == here.id)
    return Reach(
        user,
        shown,
        left_out=len(known) - len(shown),
        entered=frozenset(one.id for one in entered),
        unentered=tuple(one for one in known if one not in entered),
    )


def list_reached_providers(reach: Reach, permission: Permission) -> QuerySet[Provider]:
    """Return the providers for which the person holds a permission."""
    managed = list_providers(reach.actor, permission)
    return managed.filter(contract_id__in=reach.contract_ids)


def list_reached_users(reach: Reach, permission: Permission) -> QuerySet[User]:
    """Return the accounts with a role at those providers; group admins for group admins alone."""
    held = _of_reached(Membership.objects.filter(Membership.OWN), reach, permission)
    return User.objects.filter(Exists(held.filter(user=OuterRef("pk"))))


def list_reached_memberships_of(reach: Reach, user: User) -> QuerySet[Membership]:
    """Return the roles of an account that the person sees."""
    return list_reached_memberships(reach, Permission.USERS_VIEW).filter(user=user)


def list_reached_memberships(reach: Reach, permission: Permission) -> QuerySet[Membership]:
    """Return all roles at those providers, each with its account and what it is for.

    Those for whole groups for their group admins alone.
    """
    held = Membership.objects.filter(Membership.OWN).select_related("user", "provider", "group")
    return _of_reached(held, reach, permission)


def access_reached_provider(reach: Reach, key: UUID, permission: Permission) -> Provider:
    """Return a provider. Raises Http404 out of reach, PermissionDenied without the right."""
    return _access(
        lambda right: list_reached_providers(reach, right).select_related("group"), key, permission
    )


def is_given_up(actor: User, key: UUID) -> bool:
    """Tell whether a provider has ended whose group a person still administers."""
    ended = Provider.objects.filter(status=ProviderStatus.ENDED, group__in=_administered(actor))
    return ended.filter(pk=key).exists()


def access_reached_user(reach: Reach, key: UUID, permission: Permission) -> User:
    """Return an account. Raises Http404 out of reach, PermissionDenied without the right."""
    return _access(lambda right: list_reached_users(reach, right), key, permission)


def access_reached_membership(reach: Reach, key: UUID) -> Membership:
    """Return a role that somebody holds or held, to change or end it.

    Raises Http404 out of reach, PermissionDenied without the right.
    """
    own = Membership.objects.filter(grant__isnull=True)
    held = own.select_related("user", "provider", "group")
    return _access(lambda right: _of_reached(held, reach, right), key, Permission.ROLES_MANAGE)


def access_reached_memberships(reach: Reach, keys: Collection[UUID]) -> None:
    """Make sure that the person reviews all of some roles, ended or not. Raises Http404."""
    own = Membership.objects.filter(pk__in=keys, grant__isnull=True)
    if _of_reached(own, reach, Permission.ACCESS_REVIEW).count() != len(keys):
        raise Http404


def list_reached_suspensions(reach: Reach) -> QuerySet[SuspendedRole]:
    """Return the roles that a review suspended where the person reviews, settled ones, too."""
    own = Membership.objects.filter(grant__isnull=True)
    reviewed = _of_reached(own, reach, Permission.ACCESS_REVIEW)
    return SuspendedRole.objects.filter(membership__in=reviewed.values("pk"))


def access_reached_suspension(reach: Reach, key: UUID) -> SuspendedRole:
    """Return such a role, also one that is settled. Raises Http404 out of reach."""
    return row_or_404(list_reached_suspensions(reach), key)


def list_reached_invitations(reach: Reach, permission: Permission) -> QuerySet[Invitation]:
    """Return the open invitations to those providers alone; to whole groups for group admins."""
    return invitations_within(list_reached_providers(reach, permission), _administered(reach.actor))


def invitations_within(
    providers: QuerySet[Provider], administered: QuerySet[Any, Any]
) -> QuerySet[Invitation]:
    """Return the open invitations to some providers alone; to whole groups in those given."""
    elsewhere = Invitation.providers.through.objects.filter(invitation=OuterRef("pk")).exclude(
        provider__in=providers
    )
    return Invitation.objects.filter(
        Invitation.OPEN,
        ~Exists(elsewhere),
        ~Q(role=Role.GROUP_ADMIN) | Q(group__in=administered),
        group__in=providers.values("group"),
    )


def access_reached_invitation(reach: Reach, key: UUID, permission: Permission) -> Invitation:
    """Return an open invitation.

    Raises Http404 out of reach and when it is over, PermissionDenied without the right.
    """
    return _access(lambda right: list_reached_invitations(reach, right), key, permission)


def list_reached_requests(reach: Reach) -> QuerySet[JoinRequest]:
    """Return the requests to join that wait for a decision of the person's."""
    return _requests(reach).filter(JoinRequest.WAITING)


def access_reached_request(reach: Reach, key: UUID) -> JoinRequest:
    """Return a request to join, also one that is over. Raises Http404 out of reach."""
    return row_or_404(_requests(reach).select_related("user", "provider"), key)


def list_reached_recoveries(reach: Reach) -> QuerySet[RecoveryRequest]:
    """Return the requests to become Provider Group Admin of groups that the person administers."""
    return RecoveryRequest.objects.filter(
        provider__in=list_reached_providers(reach, Permission.PROVIDER_MANAGE),
        provider__group__in=_administered(reach.actor),
    ).select_related("user", "provider")


def access_reached_recovery(reach: Reach, key: UUID) -> RecoveryRequest:
    """Return such a request, also one that is over. Raises Http404 out of reach."""
    return row_or_404(list_reached_recoveries(reach), key)


def access_visible_provider(reach: Reach, key: UUID) -> Provider:
    """Return a provider that the person works for in any role, but by no access grant.

    Raises Http404 out of reach.
    """
    own = list_own_providers(reach.actor)
    return row_or_404(own.filter(contract_id__in=reach.contract_ids), key)


def _requests(reach: Reach) -> QuerySet[JoinRequest]:
    managed = list_reached_providers(reach, Permission.REQUESTS_DECIDE)
    return JoinRequest.objects.filter(provider__in=managed)


def _of_reached(
    memberships: QuerySet[Membership], reach: Reach, permission: Permission
) -> QuerySet[Membership]:
    providers = list_reached_providers(reach, permission)
    administered = Q(group__in=_administered(reach.actor))
    return memberships.filter(
        Q(provider__in=providers) | (administered & Q(group__in=providers.values("group")))
    )


def _administered(actor: User) -> QuerySet[Any, Any]:
    """Return the keys of the groups of which somebody is Provider Group Admin."""
    return list_memberships(actor).filter(role=Role.GROUP_ADMIN).values("group")


def _access(
    rows_by: Callable[[Permission], QuerySet[Row]], key: UUID, permission: Permission
) -> Row:
    """Return a row among those of a permission.

    Raises Http404 for what the person does not even see, PermissionDenied for the rest.
    """
    found = rows_by(permission).filter(pk=key).first()
    if found is None:
        row_or_404(rows_by(Permission.USERS_VIEW), key)
        raise PermissionDenied
    return found
