"""Providers that registered, the groups that administer them, and who has which role there.

People are told by the keys of their accounts: who they are is looked up with a reason
(`contracts.api.resources.accounts`).
"""

from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from django.http import HttpResponse
from pydantic import Field
from rest_framework.request import Request

from contracts.api.door import ApiView, answer, answer_page
from contracts.api.paging import Query, page_of
from contracts.api.schema import CURSOR, describe, text_parameter
from contracts.api.shapes import Listed, Shape
from core.common.http import row_or_404
from core.common.identifiers import normalize
from core.groups.models import Membership, ProviderStatus
from core.groups.roles import role_name
from core.groups.staff_reach import (
    access_group,
    count_providers,
    list_groups,
    list_members,
    list_providers,
    list_providers_of_group,
)
from core.staff.contract_access import access_contract_key
from core.staff.permissions import StaffPermission

_VIEW: Final = StaffPermission.REGISTRATIONS_VIEW
_TAG: Final = "Providers and groups"
_BY_NAME: Final = ("name", "id")
_LONGEST: Final = 64


class ProviderFacts(Shape):
    """A provider that registered in a contract."""

    id: UUID
    contract_id: UUID
    group_id: UUID
    identifier: str
    identifier_type: str
    name: str
    provider_type: str
    address_1: str
    address_2: str
    city: str
    state: str
    zip: str
    phone: str
    fax: str
    status: str = Field(json_schema_extra={"enum": [*ProviderStatus.values]})
    registered_at: datetime
    registered_by: UUID = Field(description="An account.")
    suspends_at: datetime | None = Field(
        description="It left the roster, and is suspended from this moment on."
    )
    ended_at: datetime | None


class GroupItem(Shape):
    """A group: the providers that are administered together."""

    id: UUID
    name: str
    created_at: datetime
    contracts: list[UUID] = Field(description="Of the token's, in which it has a provider.")


class GroupFacts(GroupItem):
    """A group, and how much of it lies in the token's contracts."""

    providers: int = Field(description="Active and suspended ones that the token reaches.")
    other_providers: int


class MemberFacts(Shape):
    """A role that an account holds now."""

    account: UUID
    role: str
    role_name: str
    provider: UUID | None = Field(description="Null: for the whole group.")
    contract: UUID | None
    since: datetime
    third_party: bool = Field(description="By an access grant of the group to somebody else.")


class ProvidersView(ApiView):
    """`/api/v1/contracts/<slug>/providers/`"""

    rights: ClassVar = {"GET": _VIEW}
    sees: ClassVar = StaffPermission.CONTRACTS_VIEW

    @describe(
        "list_providers",
        "Providers that registered in a contract, by name",
        gives=Listed[ProviderFacts],
        tag=_TAG,
        query=[
            text_parameter("identifier", "With this identifier.", maxLength=_LONGEST),
            text_parameter("status", "Only these.", enum=[*ProviderStatus.values]),
            *CURSOR,
        ],
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Return those that fit, ended ones too."""
        key = access_contract_key(self.staff, slug, _VIEW)
        query = self.query("identifier", "status")
        rows = list_providers(self.staff).filter(contract=key, **_narrowed(query))
        return answer_page(
            Listed[ProviderFacts], page_of(query, rows, _BY_NAME, ProviderFacts.model_validate)
        )


class ProviderView(ApiView):
    """`/api/v1/contracts/<slug>/providers/<id>/`"""

    rights: ClassVar = {"GET": _VIEW}
    sees: ClassVar = StaffPermission.CONTRACTS_VIEW

    @describe("read_provider", "A provider", gives=ProviderFacts, tag=_TAG)
    def get(self, request: Request, slug: str, provider_id: UUID) -> HttpResponse:
        """Return a provider, also one that has ended."""
        key = access_contract_key(self.staff, slug, _VIEW)
        found = row_or_404(list_providers(self.staff).filter(contract=key), provider_id)
        return answer(ProviderFacts.model_validate(found))


class GroupsView(ApiView):
    """`/api/v1/groups/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe("list_groups", "Groups, by name", gives=Listed[GroupItem], tag=_TAG, query=CURSOR)
    def get(self, request: Request) -> HttpResponse:
        """Return the groups that have a provider in the token's contracts."""
        rows = list_groups(self.staff)
        page = page_of(self.query(), rows, _BY_NAME, GroupItem.model_validate)
        return answer_page(Listed[GroupItem], page)


class GroupView(ApiView):
    """`/api/v1/groups/<id>/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe("read_group", "A group", gives=GroupFacts, tag=_TAG)
    def get(self, request: Request, group_id: UUID) -> HttpResponse:
        """Return a group, with the numbers of its providers."""
        found = access_group(self.staff, group_id)
        seen, all_of_it = count_providers(self.staff, found)
        facts = GroupItem.model_validate(found).model_dump()
        return answer(GroupFacts(**facts, providers=seen, other_providers=all_of_it - seen))


class GroupProvidersView(ApiView):
    """`/api/v1/groups/<id>/providers/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe(
        "list_group_providers",
        "Providers of a group, by name",
        gives=Listed[ProviderFacts],
        tag=_TAG,
        query=CURSOR,
    )
    def get(self, request: Request, group_id: UUID) -> HttpResponse:
        """Return the active and suspended ones that the token reaches."""
        rows = list_providers_of_group(self.staff, access_group(self.staff, group_id))
        page = page_of(self.query(), rows, _BY_NAME, ProviderFacts.model_validate)
        return answer_page(Listed[ProviderFacts], page)


class GroupMembersView(ApiView):
    """`/api/v1/groups/<id>/members/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe(
        "list_group_members",
        "Roles in a group, the oldest first",
        gives=Listed[MemberFacts],
        tag=_TAG,
        query=CURSOR,
    )
    def get(self, request: Request, group_id: UUID) -> HttpResponse:
        """Return the roles held now: for the whole group, and at providers the token reaches."""
        rows = list_members(self.staff, access_group(self.staff, group_id))
        page = page_of(self.query(), rows, ("since", "id"), _member)
        return answer_page(Listed[MemberFacts], page)


def _narrowed(query: Query) -> dict[str, str]:
    query.require_known({"status": ProviderStatus.values})
    given = dict(query.filters)
    if "identifier" in given:
        given["identifier"] = normalize(given["identifier"])
    return given


def _member(one: Membership) -> MemberFacts:
    return MemberFacts(
        account=one.user_id,
        role=one.role,
        role_name=role_name(one.role, one.contract_id),
        provider=one.provider_id,
        contract=one.contract_id,
        since=one.since,
        third_party=one.grant_id is not None,
    )
