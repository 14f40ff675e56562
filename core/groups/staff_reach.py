"""The only ways to load providers, groups and their people on behalf of staff.

Who may see the registrations of a contract sees its providers, and of a group what has to do with
them. Out of their scope is 404.
"""

from typing import Final
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from core.common.http import row_or_404
from core.groups.models import LIVE_STATUSES, Membership, Provider, ProviderGroup
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor

_VIEW: Final = StaffPermission.REGISTRATIONS_VIEW


def list_providers(staff: StaffActor) -> QuerySet[Provider]:
    """Return the providers of the contracts whose registrations they may see, ended ones too."""
    return staff.scope(_VIEW).narrow(Provider.objects.all())


def list_groups(staff: StaffActor) -> QuerySet[ProviderGroup]:
    """Return the groups that have a provider in their contracts; those without one to who sees all.

    A provider that has ended makes nobody see its group any more. Each comes with `contracts`: in
    which of theirs it has a live one.
    """
    where = _live(staff).filter(group=OuterRef("pk")).values("contract_id").distinct()
    groups = ProviderGroup.objects.annotate(contracts=ArraySubquery(where.order_by("contract_id")))
    if staff.scope(_VIEW).everywhere:
        return groups
    return groups.filter(Exists(_live(staff).filter(group=OuterRef("pk"))))


def access_group(staff: StaffActor, group_id: UUID) -> ProviderGroup:
    """Return a group that they may see, with `contracts`. Raises Http404."""
    return row_or_404(list_groups(staff), group_id)


def count_providers(staff: StaffActor, group: ProviderGroup) -> tuple[int, int]:
    """Return how many live providers of a group they see, and how many it has (one query)."""
    live = Provider.objects.filter(group=group, status__in=LIVE_STATUSES)
    seen = Q(pk__in=list_providers_of_group(staff, group))
    found = live.aggregate(seen=Count("pk", filter=seen), all=Count("pk"))
    return found["seen"], found["all"]


def list_providers_of_group(staff: StaffActor, group: ProviderGroup) -> QuerySet[Provider]:
    """Return the live providers of a group that they may see."""
    return _live(staff).filter(group=group)


def list_members(staff: StaffActor, group: ProviderGroup) -> QuerySet[Membership]:
    """Return the roles held now for a whole group, and at those of its providers that they see.

    Third parties' are among them (`grant`): they work there, too.
    """
    at_providers = Q(provider__in=list_providers_of_group(staff, group))
    held = Membership.objects.filter(Membership.HELD)
    return held.filter(Q(group=group) | at_providers).select_related("provider")


def _live(staff: StaffActor) -> QuerySet[Provider]:
    return list_providers(staff).filter(status__in=LIVE_STATUSES)
