"""The token in hand: what it may do, and until when."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.http import HttpResponse
from pydantic import Field
from rest_framework.request import Request

from contracts.api.door import ApiView, answer
from contracts.api.schema import describe
from contracts.api.shapes import Shape
from core.staff.api_rights import API_RIGHTS
from core.staff.services.api_tokens import is_service
from core.staff.vouching import vouching_for
from tenants import registry


class TokenFacts(Shape):
    """What a token may do."""

    id: UUID
    name: str
    holder: UUID = Field(description="The account in whose name it acts.")
    is_service_account: bool
    rights: list[str] = Field(description="What it carries and its holder holds at this moment.")
    contracts: list[str] | None = Field(
        description="Slugs of the contracts in service that it is limited to; null: to none."
    )
    made_at: datetime
    expires_at: datetime
    sleeps_at: datetime | None = Field(
        description="From here on its holder has to sign in through their identity provider before"
        " it goes on with all rights; null: that is never needed."
    )


class TokenView(ApiView):
    """`/api/v1/token/`"""

    rights: ClassVar = {"GET": None}

    @describe("read_token", "What this token may do", gives=TokenFacts, tag="Token")
    def get(self, request: Request) -> HttpResponse:
        """Return the rights of the token that is sent: a system can look before it acts."""
        token = self.token
        slugs = {contract.id: contract.slug for contract in registry.list_contracts()}
        limited = token.contracts
        facts = TokenFacts(
            id=token.pk,
            name=token.name,
            holder=token.user_id,
            is_service_account=is_service(token.user),
            rights=[right.value for right in API_RIGHTS if self.staff.may(right)],
            contracts=None
            if limited is None
            else sorted(slugs[key] for key in limited if key in slugs),
            made_at=token.made_at,
            expires_at=token.expires_at,
            sleeps_at=vouching_for(self.staff, at=self.at).until,
        )
        return answer(facts)
