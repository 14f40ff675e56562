"""The door of the API: who calls, whether they may, how often, and every error as a problem."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar, Final, TypeVar
from uuid import UUID

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from pydantic import BaseModel
from rest_framework.exceptions import MethodNotAllowed, NotAcceptable
from rest_framework.request import Request
from rest_framework.views import APIView

from contracts.api.json_bodies import (
    LARGEST_BODY,
    document_pointer,
    read_bytes,
    read_json,
    too_large,
)
from contracts.api.limits import Standing, count_call, count_refused
from contracts.api.once import answer_once
from contracts.api.paging import Page, Query, refuse_unknown
from contracts.api.shapes import Listed
from core.accounts.services.refusals import record_access_refusal
from core.common import clock
from core.common.context import bind_context, current_context, extend_context
from core.common.errors import DomainError
from core.common.problems import DATABASE_AWAY, FieldError, Problem, problem_response
from core.staff.acting import require_right
from core.staff.models import ApiToken
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor
from core.staff.services.api_tokens import TokenSleepsError, find_bearer
from tenants.configuration.loading import DocumentErrors
from tenants.errors import UnknownContractError
from tenants.in_hand import contract_of

logger = logging.getLogger(__name__)
VERSION: Final = "1"
Item = TypeVar("Item")
_CHALLENGE: Final = 'Bearer realm="portal"'


class ApiView(APIView):
    """What every call of the API goes through.

    `rights` names for each method the right that the token must carry; where it holds is asked when
    the thing is loaded, by the access functions of the pages: outside one's scope is 404. A view is
    a few lines: load, call one service, answer.
    """

    rights: ClassVar[Mapping[str, StaffPermission | None]]
    """For each method; None: any token will do."""
    sees: ClassVar[StaffPermission | None] = None
    """What shows the thing of the address: without it there is nothing, whatever else is held."""
    besides: ClassVar[Mapping[str, Sequence[StaffPermission]]] = {}
    """What a method asks for besides its right, in the handler."""
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]  # noqa: RUF012

    staff: StaffActor
    at: datetime
    _standing: Standing | None = None
    _body = b""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer a call in a context of its own, which `initial` tells who acts."""
        with bind_context():
            return super().dispatch(request, *args, **kwargs)

    @classmethod
    def as_view(cls, **given: Any) -> Any:
        """Return the view; an address without its last slash is not redirected.

        Systems follow such a redirection with another method, and leave the body behind.
        """
        view: Any = super().as_view(**given)
        view.should_append_slash = False
        return view

    @classmethod
    def needs(cls, method: str) -> list[StaffPermission]:
        """Return all that a token needs for a method, as the reference names it."""
        asked = (cls.rights[method], cls.sees, *cls.besides.get(method, ()))
        return list(dict.fromkeys(right for right in asked if right is not None))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find out who calls and whether they may, before anything else is looked at."""
        if contract_of(self.raw) is not None:
            raise Http404  # the API stands on the portal host alone
        self.at = clock.now()
        self.staff = _caller(self.raw, at=self.at)
        token = self.token
        self._standing = count_call(token.pk, at=self.at)
        extend_context(actor_id=self.staff.user.pk, token_id=token.pk)
        super().initial(request, *args, **kwargs)
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in self.rights:
            raise MethodNotAllowed(method)
        self.require(self.rights[method])
        handler = getattr(self, method.lower())
        refuse_unknown(self.raw.GET, handler.query_parameters)

    @property
    def raw(self) -> HttpRequest:
        """The call as Django has it."""
        return self.request._request  # noqa: SLF001

    def query(self, *known: str) -> Query:
        """Return what a list is asked for, with those of its filters that are given."""
        return Query.of(self.raw, known)

    @property
    def token(self) -> ApiToken:
        """The token of the call."""
        token = self.staff.token
        if token is None:  # `_caller` returns nobody without one
            raise AssertionError
        return token

    def read(self, model: type[Any]) -> Any:
        """Return the body as a model of `contracts.api.json_bodies`. Raises Problem."""
        self._body = read_bytes(self.raw, "application/json", most=LARGEST_BODY)
        return read_json(self._body, model)

    def once(self, act: Callable[[], HttpResponse]) -> HttpResponse:
        """Carry a write out that is done once per Idempotency-Key; see `answer_once`."""
        return answer_once(self.raw, user=self.staff.user, body=self._body, at=self.at, act=act)

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """Answer what went wrong as a problem; what nobody expected goes on up.

        That the database failed is logged: a deadlock looks like one that is away.
        """
        problem = as_problem(exc)
        if problem is None:
            raise exc
        if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
            logger.error("the database has failed a call of the API", exc_info=exc)
        if isinstance(exc, Http404) and self._standing is not None:
            self._note_out_of_reach()
        if problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
            problem.headers["Allow"] = ", ".join(self.rights)
        return problem_response(problem)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Say the version and how the caller stands to its limit."""
        response.headers["API-Version"] = VERSION
        response.headers.setdefault("Cache-Control", "no-store")
        if self._standing is not None:
            for name, value in self._standing.headers().items():
                response.headers.setdefault(name, value)
        return response

    def _note_out_of_reach(self) -> None:
        """Record what is out of the token's reach, or is not there, as pages do."""
        keys = {name: key for name, key in self.kwargs.items() if isinstance(key, UUID)}
        match = self.request.resolver_match
        record_access_refusal(
            account_id=self.staff.user.pk,
            asked_by={
                "page": match.view_name if match else "",
                "method": str(self.request.method),
            },
            keys=keys,
            result="not_found",
            at=self.at,
        )

    def require(self, right: StaffPermission | None) -> None:
        """See that the token carries a right and its holder has it somewhere (None: any will do).

        Raises Problem, and RecordedRefusal where the holder lost it.
        """
        if right is None:
            return
        if right.value not in self.token.permissions:
            raise Problem(
                403,
                "right_missing",
                f"The token was made without the right {right.value}.",
                more={"right": right.value},
            )
        require_right(self.staff, right, held=self.staff.may(right))


def answer(
    value: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """Return a shape as JSON; pydantic writes it, no renderer is asked."""
    return HttpResponse(
        value.model_dump_json(), status=status, content_type="application/json", headers=headers
    )


def answer_page(kind: type[Listed[Item]], page: Page[Item]) -> HttpResponse:
    """Return a page of a list."""
    return answer(kind.model_construct(items=page.items, next=page.next or None))


def as_problem(error: Exception) -> Problem | None:
    """Return what an exception is to a system; None for what nobody expected."""
    if isinstance(error, Problem):
        return error
    for kind, make in _KNOWN:
        if isinstance(error, kind):
            return make(error)
    return None


def etag_of(*parts: object) -> str:
    """Return a strong entity tag (RFC 9110, 8.8.3)."""
    return '"' + "-".join(str(part) for part in parts) + '"'


def _caller(request: HttpRequest, *, at: datetime) -> StaffActor:
    given = request.headers.get("Authorization", "")
    kind, _, text = given.partition(" ")
    if kind.lower() != "bearer" or not text:
        raise Problem(
            401,
            "token_missing",
            "Send the token as: Authorization: Bearer <token>.",
            headers={"WWW-Authenticate": _CHALLENGE},
        )
    address = current_context().remote_address
    try:
        staff = find_bearer(text.strip(), address=address, at=at)
    except TokenSleepsError as error:
        count_call(error.token_id, at=at)
        raise _invalid(error.code, error.sentence) from error
    if staff is None:
        count_refused(address, at=at)
        raise _invalid(
            "token_invalid",
            "It is unknown, has expired or was revoked, or its holder may do nothing any more. New "
            "ones are made in the portal, on the page API tokens.",
        )
    return staff


def _invalid(code: str, detail: str) -> Problem:
    challenge = f'{_CHALLENGE}, error="invalid_token"'
    return Problem(401, code, detail, headers={"WWW-Authenticate": challenge})


def _document_problem(error: DocumentErrors) -> Problem:
    errors = [FieldError(document_pointer(one.field), one.message) for one in error.problems]
    return Problem(422, "document_invalid", "The document does not fit.", errors=errors)


def _resting(_error: Exception) -> Problem:
    detail = "The contract is out of service just now."
    return Problem(409, "conflict", detail)


_KNOWN: Final[list[tuple[type[Exception], Callable[[Any], Problem]]]] = [
    (Http404, lambda _e: Problem(404, "not_found", "It does not exist, or not for this token.")),
    (DocumentErrors, _document_problem),
    (DomainError, lambda e: Problem(409, e.code, e.sentence, more=e.facts)),
    (
        PermissionDenied,
        lambda _e: Problem(403, "right_missing", "The token's holder may not do this there."),
    ),
    (
        MethodNotAllowed,
        lambda e: Problem(405, "method_not_allowed", str(e.detail)),
    ),
    (NotAcceptable, lambda _e: Problem(406, "not_acceptable", "Accept application/json.")),
    (RequestDataTooBig, lambda _e: too_large(LARGEST_BODY)),
    (UnknownContractError, _resting),
    (OperationalError, lambda _e: DATABASE_AWAY),
    (InterfaceError, lambda _e: DATABASE_AWAY),
]
