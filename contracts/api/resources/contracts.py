"""Contracts and the revisions of their configuration: list and read."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404, HttpResponse
from pydantic import Field
from rest_framework.request import Request

from contracts.api.door import ApiView, answer, answer_page, etag_of
from contracts.api.paging import page_of
from contracts.api.schema import CURSOR, describe, text_parameter
from contracts.api.shapes import Listed, Shape
from core.staff.contract_access import access_contract, access_contract_key, list_contracts
from core.staff.permissions import StaffPermission
from tenants.models import Contract, ContractRevision
from tenants.states import ContractState

_VIEW = StaffPermission.CONTRACTS_VIEW
_TAG = "Contracts"
_STATES = [state.value for state in ContractState]


class ContractItem(Shape):
    """A contract in the list."""

    id: UUID
    slug: str
    name: str
    state: str = Field(json_schema_extra={"enum": [*_STATES]})
    revision: int | None = Field(description="The published one; null before the first.")


class ContractFacts(ContractItem):
    """A contract."""

    published_at: datetime | None
    hosts: list[str] = Field(description="Its own host names, the main one first.")


class RevisionItem(Shape):
    """A revision in the history."""

    number: int
    digest: str = Field(description="SHA-256 of the document in canonical JSON.")
    base: int | None
    published_at: datetime
    published_by: UUID | None
    approved_by: UUID | None
    reason: str = Field(description="As it was given; of a rollback, with the revision.")


class RevisionFacts(RevisionItem):
    """A revision with its document."""

    document: dict[str, Any] = Field(description="As `/schemas/contract.json` describes it.")


class Configuration(Shape):
    """What is published. Its ETag goes into If-Match of what is to change it."""

    revision: int
    document: dict[str, Any] = Field(description="As `/schemas/contract.json` describes it.")


class ContractsView(ApiView):
    """`/api/v1/contracts/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe(
        "list_contracts",
        "Contracts that the token reaches",
        gives=Listed[ContractItem],
        tag=_TAG,
        query=[
            text_parameter("state", "Only those in this state.", enum=_STATES),
            *CURSOR,
        ],
    )
    def get(self, request: Request) -> HttpResponse:
        """Return contracts by slug, whatever their state."""
        query = self.query("state")
        query.require_known({"state": _STATES})
        rows = list_contracts(self.staff).select_related(None).filter(**query.filters)
        fields = rows.values("id", "slug", "name", "state", "revision__number")
        return answer_page(Listed[ContractItem], page_of(query, fields, ("slug",), _item))


class ContractView(ApiView):
    """`/api/v1/contracts/<slug>/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe("read_contract", "A contract", gives=ContractFacts, tag=_TAG)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Return a contract with its hosts."""
        contract = access_contract(self.staff, slug)
        revision = contract.revision
        hosts = contract.domains.order_by("-is_primary", "domain").values_list("domain", flat=True)
        facts = ContractFacts(
            **_item_of(contract).model_dump(),
            published_at=revision.published_at if revision else None,
            hosts=list(hosts),
        )
        return answer(facts)


class RevisionsView(ApiView):
    """`/api/v1/contracts/<slug>/revisions/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe(
        "list_revisions",
        "The history of a configuration, the newest first",
        gives=Listed[RevisionItem],
        tag="Configuration",
        query=CURSOR,
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Return what was published, by whom and why."""
        key, query = access_contract_key(self.staff, slug), self.query()
        rows = ContractRevision.objects.filter(contract_id=key).defer("document")
        return answer_page(Listed[RevisionItem], page_of(query, rows, ("-number",), _revision))


class RevisionView(ApiView):
    """`/api/v1/contracts/<slug>/revisions/<number>/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe(
        "read_revision", "A revision with its document", gives=RevisionFacts, tag="Configuration"
    )
    def get(self, request: Request, slug: str, number: int) -> HttpResponse:
        """Return what a revision says. It never changes."""
        key = access_contract_key(self.staff, slug)
        found = ContractRevision.objects.filter(contract_id=key, number=number).first()
        if found is None:
            raise Http404
        facts = RevisionFacts(**_revision(found).model_dump(), document=found.document)
        return answer(facts)


def configuration_answer(contract: Contract) -> HttpResponse:
    """Return what a contract has published, with its entity tag. Raises Http404 before that."""
    revision = contract.revision
    if revision is None:
        raise Http404
    body = Configuration(revision=revision.number, document=revision.document)
    return answer(body, headers={"ETag": tag_of(revision)})


def tag_of(revision: ContractRevision) -> str:
    """Return the entity tag of a published configuration."""
    return etag_of(revision.number, revision.digest[:16])


def _item(row: dict[str, Any]) -> ContractItem:
    return ContractItem(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        state=row["state"],
        revision=row["revision__number"],
    )


def _item_of(contract: Contract) -> ContractItem:
    return ContractItem(
        id=contract.pk,
        slug=contract.slug,
        name=contract.name,
        state=contract.state,
        revision=contract.revision.number if contract.revision else None,
    )


def _revision(row: ContractRevision) -> RevisionItem:
    return RevisionItem(
        number=row.number,
        digest=row.digest,
        base=row.base_number,
        published_at=row.published_at,
        published_by=row.published_by,
        approved_by=row.approved_by,
        reason=row.note,
    )
