"""JSON as it is sent to the API: bounded, read strictly, checked against a model."""

import json
from collections.abc import Sequence
from math import isfinite
from typing import Any, Final, NoReturn, TypeVar

from django.http import HttpRequest
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from core.common.problems import FieldError, Problem

LARGEST_BODY: Final = 1_000_000
"""Bytes, as of a document's file. Own figures, as the next one."""
DEEPEST: Final = 32
_MOST_ERRORS: Final = 50
_EXACT: Final = 2**53
Model = TypeVar("Model", bound=BaseModel)


class Body(BaseModel):
    """What a call takes: a field that is not known is refused, and no type is guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_json(content: bytes, model: type[Model]) -> Model:
    """Return a body as a model. Raises Problem: 400, with each field that does not fit."""
    value = _parsed(content)
    try:
        # As JSON: texts become moments and keys there, and nothing becomes true or a number.
        return model.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        raise Problem(
            400,
            "body_invalid",
            "Mend the fields that are named.",
            errors=field_errors(error.errors(include_url=False, include_input=False)),
        ) from error


def read_bytes(request: HttpRequest, content_type: str, *, most: int) -> bytes:
    """Return a body as it came.

    Raises Problem: 415 for another type or an encoding, 411 where it comes in chunks of HTTP, which
    Django would take for no body at all, and 413 for too many bytes.
    """
    if request.content_type != content_type:
        raise Problem(
            415,
            "content_type",
            f"Send it as {content_type}.",
            headers={"Accept-Post": content_type},
        )
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        detail = "Send it as it is, without Content-Encoding."
        raise Problem(415, "content_type", detail, headers={"Accept-Encoding": "identity"})
    if request.headers.get("Transfer-Encoding"):
        raise Problem(411, "length_needed", "Send it whole, with its Content-Length.")
    if int(request.META.get("CONTENT_LENGTH") or 0) > most:
        raise too_large(most)
    content = request.read(most + 1)
    if len(content) > most:
        raise too_large(most)
    return content


def too_large(most: int) -> Problem:
    """Return what a body with more bytes is answered."""
    return Problem(413, "body_too_large", f"At most {most:,} bytes are taken here.")


def field_errors(errors: Sequence[ErrorDetails]) -> list[FieldError]:
    """Return what pydantic found, with JSON Pointers and sentences; the first fifty."""
    return [FieldError(pointer_of(one["loc"]), _sentence(one)) for one in errors[:_MOST_ERRORS]]


def pointer_of(places: Sequence[int | str]) -> str:
    """Return a JSON Pointer (RFC 6901)."""
    escaped = (str(place).replace("~", "~0").replace("/", "~1")[:200] for place in places)
    return "".join(f"/{place}" for place in escaped)


def document_pointer(field: str) -> str:
    """Return the pointer of a document's dotted field in a body that has it as `document`."""
    return pointer_of(["document", *field.split(".")])


def _sentence(error: ErrorDetails) -> str:
    said = {
        "missing": "This field is needed.",
        "extra_forbidden": "There is no such field.",
        "string_pattern_mismatch": "It is empty, or not written as it has to be.",
    }.get(error["type"])
    return said or f"{error['msg'].removeprefix('Value error, ')}."[:500].replace("..", ".")


def _parsed(content: bytes) -> Any:
    """Read JSON; refuse what readers of JSON take in different ways. Raises Problem."""
    try:
        value = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_once_each,
            parse_constant=_no_constant,
            parse_float=_number,
        )
    except (ValueError, RecursionError) as error:
        raise _not_json("The body is not valid JSON in UTF-8.") from error
    _refuse_odd(value, DEEPEST)
    return value


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _not_json("A field stands twice in one object.")
    return found


def _no_constant(_name: str) -> NoReturn:
    raise _not_json("NaN and Infinity are no JSON.")


def _number(text: str) -> int | float:
    """Return a number; to JSON Schema 3.0 is an integer."""
    number = float(text)
    if not isfinite(number):
        raise _not_json("A number is too large.")
    return int(number) if number.is_integer() and abs(number) < _EXACT else number


def _refuse_odd(value: Any, left: int) -> None:
    """Refuse what is nested too deep, and text that no database keeps."""
    if left < 0:
        raise _not_json(f"Objects and lists are nested deeper than {DEEPEST}.")
    if isinstance(value, dict):
        for name, inner in value.items():
            _refuse_odd(name, left)
            _refuse_odd(inner, left - 1)
    elif isinstance(value, list):
        for inner in value:
            _refuse_odd(inner, left - 1)
    elif isinstance(value, str) and (
        "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value)
    ):
        raise _not_json("A text holds a character that cannot be kept.")


def _not_json(detail: str) -> Problem:
    return Problem(400, "body_not_json", detail)
