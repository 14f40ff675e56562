"""What the OpenAPI document says of each call: next to the call itself, checked by tests."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

from drf_spectacular.contrib.pydantic import PydanticExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import BaseModel, Field
from pydantic.json_schema import JsonSchemaMode, model_json_schema

from contracts.api.examples import EXAMPLES
from contracts.api.paging import MOST_PER_PAGE, PER_PAGE
from core.staff.api_rights import API_RIGHTS
from core.staff.permissions import StaffPermission

RIGHTS: Final = "x-rights"
"""Where the document lists the rights of a call."""
Handler = TypeVar("Handler", bound=Callable[..., Any])
_REFS: Final = "#/components/schemas/{model}"


class ProblemField(BaseModel):
    """What is wrong at one place of what was sent."""

    pointer: str = Field(description="JSON Pointer into the body, or the name of a parameter.")
    detail: str


class ProblemDetails(BaseModel):
    """Why a call was not carried out (RFC 9457). Nothing of it remains."""

    type: str = Field(description="Where this reference says what the code means.")
    title: str
    status: int
    code: str = Field(description="For systems: it does not change between versions.")
    detail: str = Field(description="For people.")
    request_id: str = Field(description="What to quote to the help desk.")
    errors: list[ProblemField] | None = None


_ALWAYS: Final = {
    400: "The query or the body does not fit.",
    401: "No token, or one that opens nothing.",
    403: "The token, or its holder, lacks the right.",
    404: "It does not exist, or not for this token.",
    406: "JSON only.",
    429: "Too many calls this minute.",
    503: "Try again in a moment.",
}
_OF_WRITES: Final = {
    409: "It cannot be done as things stand; `code` says why.",
    413: "The body is too large.",
    415: "Another content type is needed.",
    422: "It can be read, and makes no sense: a document, a key of another request.",
}
_OF_LISTS: Final = {422: "The cursor belongs to another query."}
_OF_PRECONDITIONS: Final = {
    412: "Published meanwhile: `present` says what is there now.",
    428: "If-Match is needed.",
}
CURSOR: Final = (
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MOST_PER_PAGE, "default": PER_PAGE},
        description="Rows a page.",
    ),
    OpenApiParameter("cursor", str, description="From `next` of the page before."),
)
_KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    required=True,
    description="New for each thing that is to be done; the same when it is sent again.",
)
_IF_MATCH: Final = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag of the configuration that the change is based on.",
)
TAGGED: Final = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200], description="For If-Match."
)


class ApiSchema(AutoSchema):
    """Every call takes a bearer token, with the rights that its view names."""

    def get_auth(self) -> list[dict[str, Any]]:
        """Return how calls are authenticated."""
        return [{"bearer": []}]

    def get_operation(self, *given: Any, **named: Any) -> Any:
        """Return what the document says of the call, with its examples."""
        operation: Any = super().get_operation(*given, **named)
        example = EXAMPLES.get(operation["operationId"])
        if example:
            answers = operation["responses"]
            done = next(code for code in answers if code.startswith("2"))
            _show(answers[done], example.gives)
            _show(operation.get("requestBody", {}), example.takes)
        return operation

    def get_extensions(self) -> dict[str, Any]:
        """Return the codes of the rights that a token needs: all of them."""
        return {RIGHTS: [right.value for right in self._needs()]}

    def get_description(self) -> str:  # type: ignore[override]
        """Return what the call does, and as a last paragraph what it needs."""
        words = super().get_description()
        return f"{words}\n\nNeeds: {needs_in_words(self._needs())}."

    def _needs(self) -> list[StaffPermission]:
        view: Any = self.view
        return list(view.needs(self.method))


def _show(part: dict[str, Any], example: dict[str, Any] | None) -> None:
    if example is not None:
        part["content"]["application/json"]["example"] = example


def needs_in_words(rights: Iterable[StaffPermission]) -> str:
    """Return what a token needs, as the page of tokens names it, with the codes."""
    named = [f"{API_RIGHTS[right]} (`{right.value}`)" for right in rights]
    return "; ".join(named) or "any token"


class ShapeExtension(PydanticExtension):  # type: ignore[no-untyped-call]
    """Bodies as they are read, answers as they are written: defaults make a field optional in one.

    drf-spectacular describes both as they are written.
    """

    priority = 1

    def get_name(self, auto_schema: Any, direction: str) -> str:
        """Return the name of a component: `Listed[X]` is `XList`."""
        name = str(super().get_name(auto_schema, direction))  # type: ignore[no-untyped-call]
        return re.sub(r"Listed\[(.+)\]", r"\1List", name)

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """Return a model's schema; its parts become components of their own."""
        mode: JsonSchemaMode = "validation" if direction == "request" else "serialization"
        schema = model_json_schema(self.target, ref_template=_REFS, mode=mode)
        for name, part in schema.pop("$defs", {}).items():
            self._register(auto_schema, name, part)
        return dict(schema)

    def _register(self, auto_schema: Any, name: str, part: dict[str, Any]) -> None:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name=name, type=ResolvedComponent.SCHEMA, object=name, schema=part
        )
        auto_schema.registry.register_on_missing(component)


def describe(
    name: str,
    summary: str,
    *,
    gives: type[BaseModel] | Mapping[str, Any],
    tag: str,
    takes: type[BaseModel] | Mapping[str, Any] | None = None,
    status: int = 200,
    query: Sequence[OpenApiParameter] = (),
    writes: bool = False,
    conditional: bool = False,
    also: Mapping[int, str] | None = None,
) -> Callable[[Handler], Handler]:
    """Say what a call does: its name for generated clients, what it takes and gives.

    `writes`: it is carried out once per Idempotency-Key. `conditional`: it needs If-Match.
    `also`: further problems that it answers.
    """
    problems = {**_ALWAYS, **(_OF_WRITES if writes or takes else {})}
    problems |= _OF_PRECONDITIONS if conditional else {}
    problems |= _OF_LISTS if CURSOR[1] in query else {}
    problems |= also or {}
    parameters = [*query, *([_KEY] if writes else []), *([_IF_MATCH] if conditional else [])]
    answers: dict[Any, Any] = (
        {(status, kind): schema for kind, schema in gives.items()}
        if isinstance(gives, Mapping)
        else {status: gives}
    )
    for code, words in problems.items():
        answers[code, "application/problem+json"] = OpenApiResponse(ProblemDetails, words)
    described = extend_schema(
        operation_id=name,
        summary=summary,
        tags=[tag],
        request=takes if takes is not None else None,
        responses=answers,
        parameters=parameters,
    )
    known = frozenset(one.name for one in query if one.location == OpenApiParameter.QUERY)

    def decorate(handler: Handler) -> Handler:
        decorated: Any = described(handler)
        decorated.query_parameters = known  # the door refuses others
        return cast("Handler", decorated)

    return decorate


def text_parameter(name: str, description: str, **schema: Any) -> OpenApiParameter:
    """Return a filter of a list."""
    return OpenApiParameter(
        name, {"type": "string", **schema} if schema else OpenApiTypes.STR, description=description
    )
