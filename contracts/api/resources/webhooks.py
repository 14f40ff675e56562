"""Webhooks and SIEM streams: list, read, make and change them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal
from uuid import UUID

from django.http import Http404, HttpResponse
from pydantic import AfterValidator, Field, StringConstraints
from rest_framework.request import Request

from contracts.api.door import ApiView, answer, answer_page
from contracts.api.json_bodies import Body
from contracts.api.paging import Page, page_of
from contracts.api.schema import CURSOR, describe
from contracts.api.shapes import Listed, Shape
from core.common.problems import FieldError, Problem
from core.staff.contract_access import find_key
from core.staff.permissions import StaffPermission
from core.webhooks.access import (
    access_endpoint,
    access_endpoint_to_manage,
    require_making,
    visible_endpoints,
)
from core.webhooks.addresses import AddressRefusedError
from core.webhooks.catalogue import BY_NAME
from core.webhooks.models import WebhookEndpoint
from core.webhooks.selectors import Backlog, backlogs_of
from core.webhooks.services.endpoints import (
    EndpointFacts,
    MadeEndpoint,
    UnknownEventError,
    change_endpoint,
    make_endpoint,
)
from core.webhooks.states import EndpointKind, EndpointState

VIEW, MANAGE = StaffPermission.WEBHOOKS_VIEW, StaffPermission.WEBHOOKS_MANAGE
TAG: Final = "Webhooks"
_EVENTS: Final = list(BY_NAME)
# A name stands in the subject of mails: no signs that end a line.
_NAME: Final = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"


def _known_event(name: str) -> str:
    if name not in BY_NAME:
        raise ValueError("There is no such event")
    return name


EventName = Annotated[
    str, AfterValidator(_known_event), Field(json_schema_extra={"enum": [*_EVENTS]})
]


class WebhookChange(Body):
    """What an endpoint is to be from now on."""

    name: Annotated[
        str,
        StringConstraints(strip_whitespace=True, pattern=_NAME, max_length=80),
        Field(description="What receives it."),
    ]
    address: str = Field(min_length=1, max_length=500, description="It begins with `https://`.")
    events: list[EventName] = Field(
        [], max_length=len(_EVENTS), description="At least one; of a SIEM stream none."
    )
    authorization: str | None = Field(
        None,
        max_length=400,
        pattern=r"^[ -~]*$",
        description="Sent as the header Authorization. Null leaves what there is, unless scheme,"
        " host or port change; an empty text takes it away.",
    )

    def facts(self, kind: EndpointKind) -> EndpointFacts:
        """Return what was said. Raises Problem for events of a stream."""
        if kind == EndpointKind.SIEM and self.events:
            said = "A SIEM stream gets every event."
            raise Problem(422, UnknownEventError.code, said, errors=[FieldError("/events", said)])
        return EndpointFacts(
            name=self.name,
            address=self.address,
            event_types=self.events,
            authorization=self.authorization,
        )


class WebhookWanted(WebhookChange):
    """An endpoint that is not there yet."""

    kind: Literal["webhook", "siem"] = "webhook"
    contract: str | None = Field(
        max_length=100, description="The slug of its contract; null: the whole deployment."
    )


class WebhookFacts(Shape):
    """An endpoint. Its secret, and what authorizes the portal there, are never given again."""

    id: UUID
    kind: str = Field(json_schema_extra={"enum": [*EndpointKind.values]})
    name: str
    contract: str | None = Field(
        description="The slug of its contract; null: the whole deployment."
    )
    address: str
    events: list[str]
    has_authorization: bool = Field(description="A header Authorization goes along.")
    state: str = Field(json_schema_extra={"enum": [*EndpointState.values]})
    state_since: datetime
    made_by: UUID
    made_at: datetime
    failing_since: datetime | None = Field(description="The first failure of an unbroken row.")
    last_delivered_at: datetime | None
    former_secret_ends_at: datetime | None = Field(
        description="Until then the former secret signs as well."
    )
    waiting: int = Field(description="Deliveries that are still to be made.")
    oldest_waiting_at: datetime | None
    dead: int = Field(description="Deliveries that were given up.")


class WebhookMade(WebhookFacts):
    """An endpoint with a new secret."""

    secret: str = Field(description="What messages are signed by. In this answer alone.")


_COLUMNS: Final = (
    "id",
    "kind",
    "name",
    "contract__slug",
    "address",
    "event_types",
    "sealed_authorization",
    "state",
    "state_since",
    "made_by",
    "created_at",
    "failing_since",
    "last_delivered_at",
    "former_secret_ends_at",
)


class WebhooksView(ApiView):
    """`/api/v1/webhooks/`"""

    rights: ClassVar = {"GET": VIEW, "POST": MANAGE}
    sees: ClassVar = VIEW

    @describe(
        "list_webhooks",
        "Webhooks and SIEM streams, by name",
        gives=Listed[WebhookFacts],
        tag=TAG,
        query=CURSOR,
    )
    def get(self, request: Request) -> HttpResponse:
        """Return the endpoints of the token's contracts, with what waits for each."""
        query = self.query()
        rows = visible_endpoints(self.staff).values_list(*_COLUMNS, named=True)
        page = page_of(query, rows, ("name", "id"), lambda row: row)
        backlogs = backlogs_of([one.id for one in page.items])
        items = [
            _facts(one, one.contract__slug, backlogs.get(one.id, Backlog()), self.at)
            for one in page.items
        ]
        return answer_page(Listed[WebhookFacts], Page(items, page.next))

    @describe(
        "create_webhook",
        "Make a webhook or a SIEM stream",
        takes=WebhookWanted,
        gives=WebhookMade,
        tag=TAG,
        status=201,
        writes=True,
    )
    def post(self, request: Request) -> HttpResponse:
        """Make an endpoint; it is told of what happens from now on. Its secret is shown once."""
        wanted = self.read(WebhookWanted)
        kind = EndpointKind(wanted.kind)
        contract_id = self._reach(kind, wanted.contract)
        facts = wanted.facts(kind)
        return self.once(lambda: self._make(facts, kind, contract_id))

    def _reach(self, kind: EndpointKind, slug: str | None) -> UUID | None:
        """Return the key of the contract that is named. Raises Problem for one out of reach."""
        try:
            contract_id = _key_of(slug)
            require_making(self.staff, kind=kind, contract_id=contract_id)
        except Http404:
            said = "It does not exist, or not for this token."
            errors = [FieldError("/contract", said)]
            raise Problem(422, "contract_unknown", said, errors=errors) from None
        return contract_id

    def _make(
        self, facts: EndpointFacts, kind: EndpointKind, contract_id: UUID | None
    ) -> HttpResponse:
        with _fields_named():
            made = make_endpoint(
                facts=facts, kind=kind, contract_id=contract_id, by=self.staff.user.pk, at=self.at
            )
        location = f"/api/v1/webhooks/{made.endpoint.pk}/"
        return secret_answer(made, self.at, status=201, headers={"Location": location})


class WebhookView(ApiView):
    """`/api/v1/webhooks/<id>/`"""

    rights: ClassVar = {"GET": VIEW, "PUT": MANAGE}
    sees: ClassVar = VIEW

    @describe("read_webhook", "A webhook or a SIEM stream", gives=WebhookFacts, tag=TAG)
    def get(self, request: Request, endpoint_id: UUID) -> HttpResponse:
        """Return an endpoint, with what waits for it."""
        found = access_endpoint(self.staff, endpoint_id)
        return endpoint_answer(found, self.at)

    @describe(
        "change_webhook",
        "Change name, address and events",
        takes=WebhookChange,
        gives=WebhookFacts,
        tag=TAG,
        writes=True,
    )
    def put(self, request: Request, endpoint_id: UUID) -> HttpResponse:
        """Change an endpoint. What waits for it goes to the new address."""
        found = access_endpoint_to_manage(self.staff, endpoint_id)
        facts = self.read(WebhookChange).facts(EndpointKind(found.kind))
        return self.once(lambda: self._change(found, facts))

    def _change(self, found: WebhookEndpoint, facts: EndpointFacts) -> HttpResponse:
        with _fields_named():
            done = change_endpoint(
                endpoint_id=found.pk, facts=facts, by=self.staff.user.pk, at=self.at
            )
        return endpoint_answer(done, self.at)


def endpoint_answer(found: WebhookEndpoint, at: datetime) -> HttpResponse:
    """Return an endpoint with what waits for it (a statement)."""
    return answer(_facts_of(found, at))


def secret_answer(
    made: MadeEndpoint, at: datetime, *, status: int = 200, headers: dict[str, str] | None = None
) -> HttpResponse:
    """Return an endpoint with its new secret; kept for its key sealed, as codes are."""
    body = WebhookMade(**_facts_of(made.endpoint, at).model_dump(), secret=made.secret)
    return answer(body, status=status, headers=headers)


def _facts_of(found: WebhookEndpoint, at: datetime) -> WebhookFacts:
    backlog = backlogs_of([found.pk]).get(found.pk, Backlog())
    return _facts(found, found.contract.slug if found.contract else None, backlog, at)


def _facts(found: Any, slug: str | None, backlog: Backlog, at: datetime) -> WebhookFacts:
    """Return an endpoint as the API gives it: a row, or the columns of one."""
    ends = found.former_secret_ends_at
    return WebhookFacts.model_construct(
        id=found.id,
        kind=str(found.kind),
        name=found.name,
        contract=slug,
        address=found.address,
        events=list(found.event_types),
        has_authorization=found.sealed_authorization is not None,
        state=str(found.state),
        state_since=found.state_since,
        made_by=found.made_by,
        made_at=found.created_at,
        failing_since=found.failing_since,
        last_delivered_at=found.last_delivered_at,
        former_secret_ends_at=ends if ends is not None and ends > at else None,
        waiting=backlog.waiting,
        oldest_waiting_at=backlog.oldest_at,
        dead=backlog.dead,
    )


def _key_of(slug: str | None) -> UUID | None:
    """Return the key of a contract, None for none. Raises Http404 where there is none of it."""
    found = find_key(slug) if slug is not None else None
    if slug is not None and found is None:
        raise Http404
    return found


@contextmanager
def _fields_named() -> Iterator[None]:
    """Name the field for which a service refuses an endpoint."""
    try:
        yield
    except (AddressRefusedError, UnknownEventError) as error:
        field = "/address" if isinstance(error, AddressRefusedError) else "/events"
        errors = [FieldError(field, error.sentence)]
        raise Problem(422, error.code, error.sentence, errors=errors) from error
