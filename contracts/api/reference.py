"""The OpenAPI document as a page shows it: sections of calls, with fields in tables."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.api.schema import RIGHTS
from core.common.problems import CONTENT_TYPE
from core.staff.api_rights import API_RIGHTS
from core.staff.permissions import StaffPermission

JSON: Final = "application/json"
_METHODS: Final = ("get", "post", "put", "patch", "delete")
_DEEPEST: Final = 4
_NEEDS: Final = "\n\nNeeds: "
"""What begins the last paragraph of each description."""


@dataclass(frozen=True)
class Field:
    """A field of a body, or a parameter."""

    name: str
    kind: str
    is_required: bool
    words: str


@dataclass(frozen=True)
class Call:
    """One call."""

    name: str
    method: str
    path: str
    summary: str
    words: tuple[str, ...]
    """Paragraphs."""
    needs: tuple[tuple[str, str], ...]
    """The rights, in words and by their codes; none: any token will do."""
    parameters: tuple[Field, ...]
    takes: tuple[Field, ...]
    status: str
    kind: str
    gives: tuple[Field, ...]
    refusals: tuple[tuple[str, str], ...]
    examples: tuple[tuple[str, str], ...]

    @property
    def below_root(self) -> str:
        """The address below `/api/v1`, as lists show it."""
        return self.path.removeprefix("/api/v1")


def sections_of(document: Mapping[str, Any]) -> dict[str, list[Call]]:
    """Return the calls of a document by their tag, in the order of the addresses.

    What has a name of its own comes before what a key names: a look-up before what it finds.
    """
    found: dict[str, list[Call]] = {}
    for path, item in sorted(document["paths"].items(), key=lambda one: _order(one[0])):
        for method in _METHODS:
            if method in item:
                operation = item[method]
                found.setdefault(operation["tags"][0], []).append(
                    _call(document, method.upper(), path, operation)
                )
    return found


def _order(path: str) -> list[tuple[bool, str]]:
    return [(segment.startswith("{"), segment) for segment in path.split("/")]


def _call(document: Mapping[str, Any], method: str, path: str, operation: dict[str, Any]) -> Call:
    answers = operation["responses"]
    words = _words(operation.get("description", "")).rpartition(_NEEDS)[0]
    done = next(code for code in answers if code.startswith("2"))
    return Call(
        name=operation["operationId"],
        method=method,
        path=path,
        summary=operation.get("summary", ""),
        words=tuple(words.split("\n\n")),
        needs=tuple((API_RIGHTS[StaffPermission(one)], one) for one in operation[RIGHTS]),
        parameters=tuple(
            Field(
                one["name"],
                f"{one['in']}, {_kind(one['schema'])}",
                one.get("required", False),
                _words(one.get("description", "")),
            )
            for one in operation.get("parameters", ())
        ),
        takes=tuple(_fields(document, _schema(operation.get("requestBody", {})))),
        status=done,
        kind=", ".join(answers[done].get("content", ())),
        gives=tuple(_fields(document, _schema(answers[done]))),
        refusals=tuple(
            (code, one.get("description", ""))
            for code, one in answers.items()
            if CONTENT_TYPE in one.get("content", {})
        ),
        examples=tuple(
            (title, json.dumps(example, indent=2, ensure_ascii=False))
            for title, part in (
                ("Body", operation.get("requestBody", {})),
                ("Answer", answers[done]),
            )
            if (example := part.get("content", {}).get(JSON, {}).get("example"))
        ),
    )


def _schema(part: Mapping[str, Any]) -> dict[str, Any]:
    content = part.get("content", {})
    return dict(next(iter(content.values())).get("schema", {})) if content else {}


def _fields(
    document: Mapping[str, Any], schema: Mapping[str, Any], prefix: str = "", depth: int = 0
) -> Iterator[Field]:
    """Go through the fields of an object; those of objects inside follow with their path."""
    known = _resolved(document, schema)
    needed = known.get("required", ())
    for name, inner in known.get("properties", {}).items():
        whole = _resolved(document, inner)
        yield Field(
            f"{prefix}{name}",
            _kind(whole),
            name in needed,
            _words(inner.get("description", whole.get("description", ""))),
        )
        if depth < _DEEPEST:
            below = whole.get("items") if whole.get("type") == "array" else whole
            sign = "[]." if whole.get("type") == "array" else "."
            if below:
                yield from _fields(document, below, f"{prefix}{name}{sign}", depth + 1)


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema itself, where it only names another or allows null besides it."""
    for one in schema.get("anyOf", ()):
        if one.get("type") != "null":
            return {**_resolved(document, one), "nullable": True}
    name = schema.get("$ref", "").rpartition("/")[2]
    if not name:
        return dict(schema)
    found: dict[str, Any] = document["components"]["schemas"][name]
    return {**found, **{key: value for key, value in schema.items() if key != "$ref"}}


def _words(text: str) -> str:
    """Return a description as a page has it: marks of Markdown would stand there as they are."""
    return text.replace("`", "")


def _kind(schema: Mapping[str, Any]) -> str:
    kind = str(schema.get("type", "any"))
    words = {"string": schema.get("format", "text"), "array": "list", "object": "object"}
    said = str(words.get(kind, kind))
    if "enum" in schema:
        said = "one of " + ", ".join(str(one) for one in schema["enum"])
    return f"{said} or null" if schema.get("nullable") else said
