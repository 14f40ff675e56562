"""The entries of a roster: find and read. Never a code, nor what proves a registration."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar, Final
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.http import HttpResponse
from pydantic import Field
from rest_framework.request import Request

from contracts.api.door import answer, answer_page
from contracts.api.inside import InsideView
from contracts.api.paging import Page, Query, query_invalid
from contracts.api.schema import CURSOR, describe, text_parameter
from contracts.api.shapes import Listed, Shape
from contracts.roster.entries.finding import (
    CodeState,
    EntryFilter,
    Standing,
    read_page,
    with_standing,
)
from contracts.roster.models import RosterEntry
from contracts.roster.selectors import CodeShown, issues_codes, list_code_states
from core.common.http import row_or_404
from core.common.problems import FieldError
from core.groups.models import Provider
from core.staff.permissions import StaffPermission
from tenants.context import ActiveContract

_VIEW = StaffPermission.ROSTER_VIEW
TAG: Final = "Roster"
LONGEST_WORDS: Final = 100
STANDINGS: Final = [one.value for one in Standing]
CODE_STATES: Final = [one.value for one in CodeState]
_YES_NO: Final = ["false", "true"]


class Reached(StrEnum):
    """How far the provider of an entry is."""

    REGISTERED = Standing.REGISTERED.value
    BEGUN = Standing.BEGUN.value
    NEVER = Standing.NEVER.value


class EntryItem(Shape):
    """An entry in the list."""

    id: UUID
    name: str
    identifier: str
    identifier_type: str
    address_1: str
    address_2: str
    city: str
    state: str
    zip: str
    standing: Reached
    removed_at: datetime | None = Field(description="Null while it is on the roster.")


class EntryProvider(Shape):
    """A provider that was registered by an entry."""

    id: UUID
    name: str
    status: str
    group: UUID
    registered_at: datetime


class EntryCode(Shape):
    """What became of an issued code; the code itself is nowhere."""

    id: UUID
    created_at: datetime
    expires_at: datetime
    state: str = Field(json_schema_extra={"enum": ["works", "used", "expired", "revoked"]})


class EntryFacts(EntryItem):
    """An entry."""

    provider_type: str
    phone: str
    fax: str
    notice_email: str
    starts_on: date | None
    ends_on: date | None
    providers: list[EntryProvider]
    codes: list[EntryCode] = Field(description="The newest first.")


_PROVIDER: Final = ("id", "name", "status", "group_id", "registered_at")
NARROWING: Final = (
    text_parameter("q", "An identifier, or how the name begins.", maxLength=LONGEST_WORDS),
    text_parameter("city", "In this city.", maxLength=LONGEST_WORDS),
    text_parameter("standing", "By how far the registration is.", enum=STANDINGS),
    text_parameter("code", "By what the issued codes are good for.", enum=CODE_STATES),
    text_parameter("removed", "true: those taken off the roster instead.", enum=_YES_NO),
)


class EntriesView(InsideView):
    """`/api/v1/contracts/<slug>/roster/entries/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe(
        "list_entries",
        "Entries of a roster, by name",
        gives=Listed[EntryItem],
        tag=TAG,
        query=[*NARROWING, *CURSOR],
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Return the entries that fit, a page of them."""
        with self.inside(slug, _VIEW):
            query = self.query("q", "city", "standing", "code", "removed")
            after = query.after()
            found = read_page(
                _chosen(query),
                after=UUID(after[1]) if after else None,
                after_name=str(after[0]) if after else None,
                at=self.at,
                size=query.limit,
            )
            cursor = query.cursor_at([found.after_name, found.after]) if found.after else ""
            page = Page([EntryItem(**_item(row)) for row in found.entries], cursor)
            return answer_page(Listed[EntryItem], page)


class EntryView(InsideView):
    """`/api/v1/contracts/<slug>/roster/entries/<id>/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe("read_entry", "An entry of a roster", gives=EntryFacts, tag=TAG)
    def get(self, request: Request, slug: str, entry_id: UUID) -> HttpResponse:
        """Return an entry, on the roster or off it, with its providers and its codes' states."""
        with self.inside(slug, _VIEW) as contract:
            found = row_or_404(_with_providers(contract, at=self.at), entry_id)
            has_codes = issues_codes(contract.document.registration)
            codes = list_code_states(found, at=self.at) if has_codes else ()
            facts = EntryFacts(
                **_item(found),
                provider_type=found.provider_type,
                phone=found.phone,
                fax=found.fax,
                notice_email=found.notice_email,
                starts_on=found.starts_on,
                ends_on=found.ends_on,
                providers=found.providers,
                codes=[_code(one) for one in codes],
            )
            return answer(facts)


def _chosen(query: Query) -> EntryFilter:
    """Return what a list is narrowed to. Raises Problem for what makes no sense."""
    given = query.filters
    allowed = {"standing": STANDINGS, "code": CODE_STATES, "removed": _YES_NO}
    errors = [
        FieldError(name, f"One of: {', '.join(values)}.")
        for name, values in allowed.items()
        if name in given and given[name] not in values
    ]
    errors += [
        FieldError(name, f"At most {LONGEST_WORDS} characters.")
        for name in ("q", "city")
        if len(given.get(name, "")) > LONGEST_WORDS
    ]
    if errors:
        raise query_invalid(errors)
    return EntryFilter(
        q=given.get("q", ""),
        city=given.get("city", ""),
        standing=given.get("standing", ""),
        code=given.get("code", ""),
        off=given.get("removed") == "true",
    )


def _item(row: Any) -> dict[str, Any]:
    """Return what list and detail say of an entry that `with_standing` has read."""
    begun = Reached.BEGUN if row.is_begun else Reached.NEVER
    return {
        **{name: getattr(row, name) for name in _PLAIN},
        "standing": Reached.REGISTERED if row.is_registered else begun,
    }


_PLAIN: Final = tuple(name for name in EntryItem.model_fields if name != "standing")


def _with_providers(contract: ActiveContract, *, at: datetime) -> QuerySet[Any]:
    """Return entries with how far they are and their `providers`, in one statement."""
    facts = JSONObject(**{"group" if name == "group_id" else name: name for name in _PROVIDER})
    rows = Provider.objects.filter(contract_id=contract.id, roster_entry_id=OuterRef("pk"))
    newest_first = rows.order_by("-registered_at", "-id").values_list(facts)
    entries = with_standing(RosterEntry.objects.all(), at=at)
    return entries.annotate(providers=ArraySubquery(newest_first))


def _code(one: CodeShown) -> EntryCode:
    return EntryCode(
        id=one.id, created_at=one.created_at, expires_at=one.expires_at, state=one.kind
    )
