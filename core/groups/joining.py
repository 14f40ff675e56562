"""What a person sees of their own requests: to join, and to become admin for one who left."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.http import Http404

from core.accounts.models import User
from core.accounts.policies import find_contract
from core.common.http import row_or_404
from core.groups.models import JoinRequest, RecoveryRequest
from core.groups.states import LIVE_RECOVERIES, UNANSWERED_JOINS, JoinState, RecoveryState

_MOST: Final = 100


@dataclass(frozen=True)
class OwnRequest:
    """One request as the person may see it: only an approval names the provider."""

    request: JoinRequest
    contract_name: str

    @property
    def is_open(self) -> bool:
        """Tell whether it waits, and can be withdrawn."""
        return self.request.state == JoinState.OPEN

    @property
    def may_recover(self) -> bool:
        """Tell whether it can lead to a request to recover."""
        return self.request.state in UNANSWERED_JOINS

    @property
    def provider_name(self) -> str:
        """Return the provider's name once an admin has approved."""
        approved = self.request.state == JoinState.APPROVED
        return self.request.provider.name if approved else ""


def own_requests_of(user: User) -> list[OwnRequest]:
    """Return a person's requests, the newest first."""
    found = JoinRequest.objects.filter(user=user).select_related("provider")
    return [
        OwnRequest(one, contract.name if contract else "")
        for one in found.order_by("-asked_at", "-id")[:_MOST]
        for contract in [find_contract(one.provider.contract_id)]
    ]


def access_own_request(user: User, key: UUID) -> JoinRequest:
    """Return a person's own request. Raises Http404 for anybody else's."""
    own = JoinRequest.objects.filter(user=user)
    return row_or_404(own.select_related("provider"), key)


def may_recover(request: JoinRequest) -> JoinRequest:
    """Return a request that shows that the rule was passed and no admin answered, or Http404."""
    if request.state not in UNANSWERED_JOINS:
        raise Http404
    return request


@dataclass(frozen=True)
class OwnRecovery:
    """One's own request to recover, as one may see it: the provider is named when it is done."""

    recovery: RecoveryRequest
    contract_name: str

    @property
    def is_live(self) -> bool:
        """Tell whether something can still come of it, and it can be withdrawn."""
        return self.recovery.state in LIVE_RECOVERIES

    @property
    def provider_name(self) -> str:
        """Return the provider's name once the person administers it."""
        return self.recovery.provider.name if self.recovery.state == RecoveryState.DONE else ""


def own_recoveries_of(user: User) -> list[OwnRecovery]:
    """Return a person's requests to recover, the newest first."""
    found = RecoveryRequest.objects.filter(user=user).select_related("provider")
    return [
        OwnRecovery(one, contract.name if contract else "")
        for one in found.order_by("-asked_at", "-id")[:_MOST]
        for contract in [find_contract(one.provider.contract_id)]
    ]


def access_own_recovery(user: User, key: UUID) -> RecoveryRequest:
    """Return a person's own request. Raises Http404 for anybody else's."""
    return row_or_404(RecoveryRequest.objects.filter(user=user), key)
