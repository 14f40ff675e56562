"""The only way to load a provider on behalf of a person.

Out of scope is 404, as if it did not exist; in scope without the permission is 403.
"""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from core.accounts.models import User
from core.common.http import row_or_404
from core.groups.models import Membership, Provider, ProviderStatus
from core.groups.permissions import Permission
from core.groups.roles import holding


def list_memberships(actor: User) -> QuerySet[Membership]:
    """Return the memberships that an account holds now."""
    return Membership.objects.filter(Membership.HELD, user=actor)


def list_own_memberships(actor: User) -> QuerySet[Membership]:
    """Return those of them by no access grant: what an account acts by for others."""
    return list_memberships(actor).filter(grant__isnull=True)


def list_providers(actor: User, permission: Permission) -> QuerySet[Provider]:
    """Return the active providers for which an account holds a permission."""
    return providers_of(actor.id, permission)


def list_own_providers(actor: User) -> QuerySet[Provider]:
    """Return the active providers that an account works for by no access grant.

    Only these show it who else works there: the people of a third party see name and place.
    """
    own = list_own_memberships(actor)
    return Provider.objects.filter(
        Q(pk__in=own.values("provider")) | Q(group__in=own.values("group")),
        status=ProviderStatus.ACTIVE,
    )


def providers_of(user_id: UUID, permission: Permission) -> QuerySet[Provider]:
    """Do as `list_providers` for an account's key, also for one that comes with the statement."""
    held = Membership.objects.filter(Membership.HELD, holding(permission), user=user_id)
    # A membership is in one provider, or in all of its group.
    reached = held.annotate(reached=Coalesce("provider_id", "group__providers__id"))
    return Provider.objects.filter(pk__in=reached.values("reached"), status=ProviderStatus.ACTIVE)


def access_provider(actor: User, key: UUID, permission: Permission) -> Provider:
    """Return a provider. Raises Http404 out of scope, PermissionDenied without the right."""
    visible = row_or_404(list_providers(actor, Permission.PROVIDER_VIEW), key)
    if not list_providers(actor, permission).filter(pk=key).exists():
        raise PermissionDenied
    return visible
