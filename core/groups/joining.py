"""What a person sees of their own requests to join."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.http import Http404

from core.accounts.models import User
from core.accounts.policies import find_contract
from core.groups.models import JoinRequest
from core.groups.states import JoinState

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
    found = JoinRequest.objects.filter(user=user, pk=key).first()
    if found is None:
        raise Http404
    return found
