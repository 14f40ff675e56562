"""Hold a provider group while who belongs to it changes, and keep it an admin."""

from collections.abc import Collection, Iterable
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.db.models import QuerySet

from core.common.errors import DomainError
from core.groups.models import JoinRequest, Membership, ProviderGroup, RecoveryRequest, Role
from core.groups.selectors import list_group_admins

Request = TypeVar("Request", JoinRequest, RecoveryRequest)


class LastAdminError(DomainError):
    """Nobody else administers the group."""

    code: ClassVar[str] = "last_admin"
    message: ClassVar[str] = (
        "This is the only Provider Group Admin of the group. Make somebody else Provider Group "
        "Admin first."
    )


def hold_group(group_id: UUID) -> ProviderGroup:
    """Return a group, locked until the transaction ends.

    Whoever changes who belongs to a group takes this lock first, so that two of them see each
    other's work. Foreign keys that point to the group do not wait for it.
    """
    return ProviderGroup.objects.select_for_update(no_key=True).get(pk=group_id)


def hold_groups(keys: Collection[UUID] | QuerySet[Any, UUID]) -> list[ProviderGroup]:
    """Return groups, locked; in one order, so that nobody deadlocks."""
    held = ProviderGroup.objects.select_for_update(no_key=True)
    return list(held.filter(id__in=keys).order_by("id"))


def hold_groups_of_admin(user_id: UUID) -> list[ProviderGroup]:
    """Return the groups that an account administers, locked."""
    administered = Membership.objects.filter(
        user_id=user_id, role=Role.GROUP_ADMIN, until__isnull=True
    )
    return hold_groups(administered.values_list("group_id", flat=True))


def hold_request(waiting: QuerySet[Request], key: UUID) -> Request | None:
    """Return a request about a provider, with its group and then its row locked.

    None when it is none of those that wait any more.
    """
    hold_group(waiting.model.objects.values_list("provider__group_id", flat=True).get(pk=key))
    held = waiting.select_for_update(of=("self",), no_key=True).select_related("user", "provider")
    return held.filter(pk=key).first()


def keep_an_admin(groups: Iterable[ProviderGroup], *, without: UUID) -> None:
    """Make sure that each group has an active admin beside one account.

    The groups are held by the caller. Raises LastAdminError.
    """
    for group in groups:
        others = list_group_admins(group.id).filter(user__is_active=True)
        if not others.exclude(user_id=without).exists():
            raise LastAdminError


def refuse_last_admin(user_id: UUID) -> None:
    """Refuse that the last active admin of a group is closed (a guard of `deactivate_account`)."""
    keep_an_admin(hold_groups_of_admin(user_id), without=user_id)
