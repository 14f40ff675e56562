"""Publications that wait, are at work or have ended."""

from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from django.http import Http404, HttpResponse
from pydantic import Field
from rest_framework.request import Request

from contracts.api.door import ApiView, answer, answer_page
from contracts.api.paging import page_of
from contracts.api.schema import CURSOR, describe
from contracts.api.shapes import Listed, Shape
from contracts.console.models import PlannedPublication
from contracts.console.publications.access import access_publication
from contracts.console.publications.facts import facts_of
from contracts.console.publications.rights import find_contract, require_publishing
from contracts.console.publications.states import PublicationState
from contracts.console.services.publications import withdraw_publication
from core.staff.contract_access import access_contract_key
from core.staff.permissions import StaffPermission

_VIEW, _CONFIGURE = StaffPermission.CONTRACTS_VIEW, StaffPermission.CONTRACTS_CONFIGURE
_TAG = "Configuration"
_STATES = [state.value for state in PublicationState]


class PublicationFacts(Shape):
    """How far a publication is."""

    id: UUID
    slug: str
    state: str = Field(json_schema_extra={"enum": [*_STATES]})
    base: int | None
    digest: str
    reason: str = Field(description="As it was given; of a rollback, with the revision.")
    author: UUID
    asked_at: datetime
    due_at: datetime
    revision: int | None = Field(description="What it was published as.")
    outcome: str = Field(description="Why it was not published.")


_COLUMNS: Final = (
    "id",
    "slug",
    "state",
    "base_number",
    "digest",
    "note",
    "author_id",
    "asked_at",
    "due_at",
    "revision_number",
    "outcome",
)


class PublicationsView(ApiView):
    """`/api/v1/contracts/<slug>/publications/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe(
        "list_publications",
        "Publications of a contract, the newest first",
        gives=Listed[PublicationFacts],
        tag=_TAG,
        query=CURSOR,
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Return what waits and what ended in the last ninety days."""
        access_contract_key(self.staff, slug)
        rows = PlannedPublication.objects.filter(slug=slug).values_list(*_COLUMNS, named=True)
        page = page_of(self.query(), rows, ("-asked_at", "-id"), shape_of)
        return answer_page(Listed[PublicationFacts], page)


class PublicationView(ApiView):
    """`/api/v1/contracts/<slug>/publications/<id>/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe("read_publication", "How far a publication is", gives=PublicationFacts, tag=_TAG)
    def get(self, request: Request, slug: str, publication_id: UUID) -> HttpResponse:
        """Return a publication; of a contract that is being made, too."""
        return answer(shape_of(access_publication(self.staff, slug, publication_id)))


class WithdrawalView(ApiView):
    """`/api/v1/contracts/<slug>/publications/<id>/withdraw/`"""

    rights: ClassVar = {"POST": _CONFIGURE}
    sees: ClassVar = _VIEW

    @describe(
        "withdraw_publication",
        "Take a publication back",
        gives=PublicationFacts,
        tag=_TAG,
        writes=True,
    )
    def post(self, request: Request, slug: str, publication_id: UUID) -> HttpResponse:
        """Take back one's own, or what waits where the token may publish."""
        found = access_publication(self.staff, slug, publication_id, _CONFIGURE)
        if not facts_of(found, self.staff, at=self.at).is_theirs_to_withdraw:
            raise Http404
        if found.author_id != self.staff.user.pk:
            require_publishing(self.staff, find_contract(slug))
        return self.once(lambda: self._withdraw(found))

    def _withdraw(self, found: PlannedPublication) -> HttpResponse:
        done = withdraw_publication(publication=found, by=self.staff.user.pk, at=self.at)
        return answer(shape_of(done))


def shape_of(found: PlannedPublication) -> PublicationFacts:
    """Return a publication as the API gives it."""
    return PublicationFacts(
        id=found.id,
        slug=found.slug,
        state=found.state,
        base=found.base_number,
        digest=found.digest,
        reason=found.note,
        author=found.author_id,
        asked_at=found.asked_at,
        due_at=found.due_at,
        revision=found.revision_number,
        outcome=found.outcome,
    )
