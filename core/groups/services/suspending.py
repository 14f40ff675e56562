"""Let a provider that its contract expects no more be read alone, then suspend it; and back."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from core.accounts.services.accounts import grant_contract_access, release_contract_access
from core.audit.recording import record
from core.groups.models import Membership, Provider, ProviderStatus
from core.groups.services.holding import hold_group


@transaction.atomic
def mark_leaving(*, provider_id: UUID, suspends_at: datetime) -> bool:
    """Let nothing be added to an active provider from now on. False if it is none, or is marked.

    Called by the roster's watch, which records it and tells the admins in the same transaction. Who
    works there keeps what they have until `suspends_at`.
    """
    provider = _hold(provider_id, ProviderStatus.ACTIVE)
    if provider is None or provider.suspends_at is not None:
        return False
    provider.suspends_at = suspends_at
    provider.save(update_fields=["suspends_at"])
    return True


@transaction.atomic
def keep_provider(*, provider_id: UUID, at: datetime) -> bool:
    """Let a provider that was leaving be worked with as before. False if it was not leaving.

    Called by the roster's watch once its entry is back. Records `provider.stays`.
    """
    provider = _hold(provider_id, ProviderStatus.ACTIVE)
    if provider is None or provider.suspends_at is None:
        return False
    provider.suspends_at = None
    provider.save(update_fields=["suspends_at"])
    _record("stays", provider, at=at)
    return True


@transaction.atomic
def suspend_provider(*, provider_id: UUID, at: datetime) -> bool:
    """Let nobody reach a provider; its roles stay for when it comes back. False if none is active.

    Called by the roster's watch, after its admins were told. Who works for no other provider of the
    contract has no access to it until then. Records `provider.suspended`.
    """
    provider = _hold(provider_id, ProviderStatus.ACTIVE)
    if provider is None:
        return False
    provider.status, provider.suspends_at = ProviderStatus.SUSPENDED, None
    provider.save(update_fields=["status", "suspends_at"])
    for user_id in _people_of(provider):
        release_contract_access(user_id=user_id, contract_id=provider.contract_id, at=at)
    _record("suspended", provider, at=at)
    return True


@transaction.atomic
def reactivate_provider(*, provider_id: UUID, at: datetime) -> bool:
    """Make a suspended provider what it was. False if it is not suspended.

    Called by the roster's watch once its entry is back. Records `provider.reactivated`.
    """
    provider = _hold(provider_id, ProviderStatus.SUSPENDED)
    if provider is None:
        return False
    provider.status = ProviderStatus.ACTIVE
    provider.save(update_fields=["status"])
    for user_id in _people_of(provider):
        grant_contract_access(user_id=user_id, contract_id=provider.contract_id, at=at)
    _record("reactivated", provider, at=at)
    return True


def _hold(provider_id: UUID, status: ProviderStatus) -> Provider | None:
    """Return a provider of that status with its group held, or None."""
    found = Provider.objects.filter(pk=provider_id, status=status).first()
    if found is None:
        return None
    hold_group(found.group_id)
    return Provider.objects.filter(pk=provider_id, status=status).first()


def _people_of(provider: Provider) -> list[UUID]:
    """Return who has a role there, in the order in which access is held."""
    held = Membership.objects.filter(
        Membership.HELD, Q(provider=provider) | Q(group=provider.group_id)
    )
    return sorted(set(held.values_list("user_id", flat=True)))


def _record(verb: str, provider: Provider, *, at: datetime) -> None:
    record(
        f"provider.{verb}",
        contract_id=provider.contract_id,
        subject=("provider", provider.id),
        data={"group": str(provider.group_id), "because": "roster"},
        at=at,
    )
