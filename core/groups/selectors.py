"""Reads of provider groups and providers."""

from uuid import UUID

from core.groups.models import Provider, ProviderGroup, ProviderStatus, Role


def unit_is_registered(*, contract_id: UUID, unit_key: str) -> bool:
    """Tell whether a unit (identifier or location) has an active provider in a contract.

    For registration alone, which never tells the answer to a person.
    """
    return Provider.objects.filter(
        contract_id=contract_id, unit_key=unit_key, status=ProviderStatus.ACTIVE
    ).exists()


def find_admin_group(user_id: UUID) -> ProviderGroup | None:
    """Return the group that an account administers; of several the oldest."""
    return (
        ProviderGroup.objects.filter(
            memberships__user_id=user_id,
            memberships__role=Role.GROUP_ADMIN,
            memberships__until__isnull=True,
        )
        .order_by("created_at", "id")
        .first()
    )
