"""Errors as systems read them: `application/problem+json` (RFC 9457).

`type` leads to the place in the reference that says what the code means; `errors` names the fields
by JSON Pointer (RFC 6901); `request_id` is what the audit and the logs know the call by.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from core.common.context import current_context
from core.common.problem_codes import CODES

CONTENT_TYPE: Final = "application/problem+json"
API_ROOT: Final = "/api/"
REFERENCE: Final = "/api/v1/docs/"


@dataclass(frozen=True)
class FieldError:
    """What is wrong at one place of what was sent."""

    pointer: str
    """JSON Pointer into the body, or the name of a parameter."""
    detail: str

    def as_json(self) -> dict[str, str]:
        """Return it as it goes out."""
        return {"pointer": self.pointer, "detail": self.detail}


class Problem(Exception):  # noqa: N818 -- the standard's word
    """Raised by the API where a call is not carried out; nothing of it remains."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers, self.more = tuple(errors), dict(headers or {}), dict(more or {})
        super().__init__(f"{status} {code}: {detail}")


DATABASE_AWAY: Final = Problem(
    503,
    "unavailable",
    "The database does not answer. Send it again, a change with the same Idempotency-Key: what was "
    "done already is not done twice.",
    headers={"Retry-After": "5"},
)


def problem_response(problem: Problem) -> HttpResponse:
    """Return the answer that says what is wrong."""
    known = CODES.get(problem.code)
    body: dict[str, Any] = {
        "type": f"{REFERENCE}#{problem.code}" if known else "about:blank",
        "title": known.title if known else HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "request_id": current_context().request_id,
    }
    if problem.errors:
        body["errors"] = [one.as_json() for one in problem.errors]
    return HttpResponse(
        json.dumps({**body, **problem.more}),
        status=problem.status,
        content_type=CONTENT_TYPE,
        headers=problem.headers,
    )


def speaks_problems(request: HttpRequest) -> bool:
    """Tell whether a request is of a system, which reads no pages."""
    return request.path_info.startswith(API_ROOT)
