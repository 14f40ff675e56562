"""Providers whose roster entry has left: for the contract's days they can be looked at alone."""

from typing import ClassVar

from core.common.errors import DomainError
from core.groups.models import Provider


class ProviderLeavingError(DomainError):
    """Something would be added to a provider that left the roster."""

    code: ClassVar[str] = "provider_leaving"
    message: ClassVar[str] = (
        "This provider is not on the program's list of providers any more. Nothing can be added to "
        "it until it is on the list again; ask the program. You can still remove people and give "
        "the provider up."
    )


def refuse_leaving(provider: Provider) -> None:
    """Make sure that something may be added to a provider; raises ProviderLeavingError.

    Called by every service that gives, invites or grants, with the provider's group held: whoever
    marks it, or takes that back, holds the group too, so that either comes before the other.
    """
    provider.refresh_from_db(fields=["suspends_at"])
    if provider.suspends_at is not None:
        raise ProviderLeavingError
