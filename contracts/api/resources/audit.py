"""The audit trail: every act and every refusal, with its place in the sealed chain."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from django.http import Http404, HttpResponse
from pydantic import Field
from rest_framework.request import Request

from contracts.api.door import ApiView, answer, answer_page
from contracts.api.paging import Query, page_of, query_invalid
from contracts.api.schema import CURSOR, describe, text_parameter
from contracts.api.shapes import Listed, Shape
from contracts.console.audit.access import access_audited_contract, access_event
from contracts.console.audit.exporting import record_reading, record_reading_of
from contracts.console.audit.searching import SEALED, AuditSearch, find_events
from core.audit.chains import DEPLOYMENT, chain_of, name_of
from core.audit.content import EventContent
from core.audit.places import NEWEST_FIRST
from core.common.problems import FieldError
from core.staff.permissions import StaffPermission

_VIEW = StaffPermission.AUDIT_VIEW
_TAG: Final = "Audit"
_TYPE: Final = r"^[a-z][a-z_]*(\.[a-z_]+)?$"
_CHAINS: Final = [DEPLOYMENT]
_UUID: Final = {"format": "uuid"}
_MOMENT: Final = {"format": "date-time"}
_SEALED: Final = tuple(f"seal__{name}" for name in SEALED)
_COLUMNS: Final = (*EventContent._fields, "mac", "transaction_id", *_SEALED)
"""Rows of these are half the work of models, which lists do not need."""


class EventSeal(Shape):
    """Where an event stands in its chain, and the digest of the chain up to there."""

    chain: str = Field(
        description="The contract's key; `deployment` for what belongs to none, as in streams."
    )
    position: int = Field(description="From 1, without a gap.")
    digest: str = Field(description="SHA-256, made as docs/howto/keep-audit-heads.md says.")
    mac: str = Field(description="The writer's MAC, which the digest covers.")
    transaction: int = Field(description="The database's, which the digest covers.")
    sealed_at: datetime = Field(description="By the sealer's clock; the digest does not cover it.")


class EventFacts(Shape):
    """What was recorded: keys and facts, no names and no addresses of people."""

    id: UUID
    at: datetime
    event_type: str
    result: str
    contract: UUID | None
    actor: UUID | None = Field(description="The account that did it.")
    subject_type: str
    subject: UUID | None
    request_id: str
    remote_address: str
    data: dict[str, Any]
    seal: EventSeal | None = Field(description="Null until it is sealed, within a second or so.")


class EventsView(ApiView):
    """`/api/v1/audit/events/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe(
        "list_events",
        "What was recorded, the newest first",
        gives=Listed[EventFacts],
        tag=_TAG,
        query=[
            text_parameter("who", "Who did it, or what account it was done to.", **_UUID),
            text_parameter(
                "what",
                "A type of events, or the noun before its point; one that never was finds nothing.",
                pattern=_TYPE,
            ),
            text_parameter("since", "Not before this moment.", **_MOMENT),
            text_parameter("until", "Before this moment.", **_MOMENT),
            text_parameter("contract", "The slug of a contract."),
            text_parameter("chain", "The chain of what belongs to no contract.", enum=_CHAINS),
            text_parameter("object", "The key of what an event is about.", **_UUID),
            text_parameter("request", "The id of a request."),
            *CURSOR,
        ],
    )
    def get(self, request: Request) -> HttpResponse:
        """Return the events in the token's contracts that fit; that they are read is recorded."""
        query = self.query(
            "who", "what", "since", "until", "contract", "chain", "object", "request"
        )
        search = self._search(query)
        scope = self.staff.scope(_VIEW)
        rows = find_events(scope, search).values_list(*_COLUMNS, named=True)
        page = page_of(query, rows, NEWEST_FIRST, lambda row: _shape(row, row[-len(_SEALED) :]))
        record_reading(search, token_id=self.token.pk, by=self.staff.user.pk, at=self.at)
        return answer_page(Listed[EventFacts], page)

    def _search(self, query: Query) -> AuditSearch:
        query.require_known({"chain": _CHAINS})
        given = dict(query.filters)
        if "chain" in given and not self.staff.scope(_VIEW).covers(None):
            raise Http404
        slug = given.pop("contract", None)
        contract = access_audited_contract(self.staff, slug) if slug is not None else None
        return AuditSearch(
            who=_key(given, "who"),
            what=_type(given),
            since=_moment(given, "since"),
            until=_moment(given, "until"),
            contract=contract,
            chain=given.get("chain", ""),
            object=_key(given, "object"),
            request=given.get("request", ""),
        )


class EventView(ApiView):
    """`/api/v1/audit/events/<id>/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe("read_event", "One event", gives=EventFacts, tag=_TAG)
    def get(self, request: Request, event_id: UUID) -> HttpResponse:
        """Return an event in the token's contracts; that it is read is recorded."""
        event = access_event(self.staff, event_id)
        record_reading_of(event, token_id=self.token.pk, by=self.staff.user.pk, at=self.at)
        return answer(_shape(event, [getattr(event, name) for name in SEALED]))


def _shape(event: Any, sealed: Sequence[Any]) -> EventFacts:
    """Return an event with what its seal says (`SEALED`; None where it has none yet)."""
    # One pass of pydantic's own over plain values: models that are made one by one cost twice that.
    return EventFacts.model_validate(
        {
            "id": event.id,
            "at": event.at,
            "event_type": event.event_type,
            "result": event.result,
            "contract": event.contract_id,
            "actor": event.actor_id,
            "subject_type": event.subject_type,
            "subject": event.subject_id,
            "request_id": event.request_id,
            "remote_address": event.remote_address,
            "data": event.data,
            "seal": None if sealed[0] is None else _seal(event, *sealed),
        }
    )


def _seal(event: Any, position: int, digest: bytes, sealed_at: datetime) -> dict[str, Any]:
    """Return what an `EventSeal` is made of."""
    return {
        "chain": name_of(chain_of(event.contract_id)),
        "position": position,
        "digest": bytes(digest).hex(),
        "mac": bytes(event.mac).hex(),
        "transaction": event.transaction_id,
        "sealed_at": sealed_at,
    }


def _type(given: dict[str, str]) -> str:
    if "what" in given and not re.fullmatch(_TYPE, given["what"]):
        raise query_invalid([FieldError("what", "A type such as sign_in.refused, or sign_in.")])
    return given.get("what", "")


def _key(given: dict[str, str], name: str) -> UUID | None:
    try:
        return UUID(given[name]) if name in given else None
    except ValueError as error:
        raise query_invalid([FieldError(name, "This is no key.")]) from error


def _moment(given: dict[str, str], name: str) -> datetime | None:
    """Return a moment with its offset (RFC 3339)."""
    if name not in given:
        return None
    try:
        moment = datetime.fromisoformat(given[name].upper())
    except ValueError as error:
        raise _no_moment(name) from error
    if moment.tzinfo is None:
        raise _no_moment(name)
    return moment


def _no_moment(name: str) -> Exception:
    said = "A moment with its offset, such as 2026-11-23T16:00:00Z; a + is written %2B."
    return query_invalid([FieldError(name, said)])
