"""From TOML to a document, with errors that name file, line and field.

A document with errors gives every one of them at once, each as a sentence that says what to write
instead; nothing here ends in a traceback, whatever the file contains.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from core.common.errors import DomainError
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import ContractDocument
from tenants.configuration.origins import laid_over
from tenants.configuration.toml_limits import find_excess
from tenants.configuration.toml_lines import Path, index_lines, line_of

LARGEST_FILE: Final = 1_000_000
"""Bytes. The sample documents have about 20 000."""
MOST_PROBLEMS: Final = 100
"""Things wrong with one document that are told at once. Own figure: nobody reads more, and a text
of 400 000 characters can be wrong in 40 000 places."""
_LONGEST_FIELD: Final = 200

Document = TypeVar("Document", bound=BaseModel)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a document."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        """Return the problem as compilers print theirs, so that editors can jump to it."""
        where = f"{self.file}:{self.line}"
        return (
            f"{where}: {self.field}: {self.message}" if self.field else f"{where}: {self.message}"
        )


class DocumentErrors(DomainError):  # noqa: N818 -- holds all the errors of one document
    """A document that cannot be read; `problems` lists everything that is wrong with it."""

    code = "configuration_document_invalid"

    def __init__(self, problems: Sequence[Problem], *, more: int = 0) -> None:
        """Hold the problems in the order of the text; `more` are only counted."""
        told = sorted(problems, key=lambda problem: (problem.line, problem.field))
        if more:
            said = f"{more:,} more things are wrong. Mend these first."
            told.append(Problem(told[-1].file, told[-1].line, "", said))
        self.problems = tuple(told)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def load_contract(path: FilePath | str) -> ContractDocument:
    """Read a contract's document from a TOML file; raises `DocumentErrors`."""
    return parse_contract(_read(FilePath(path)), file=str(path))


def load_deployment(path: FilePath | str) -> DeploymentDocument:
    """Read the deployment's document from a TOML file; raises `DocumentErrors`."""
    return parse_deployment(_read(FilePath(path)), file=str(path))


def parse_contract(
    text: str, *, file: str = "contract.toml", beneath: Mapping[str, Any] | None = None
) -> ContractDocument:
    """Read a contract's document from TOML text; `file` is the name that errors show.

    What the text leaves out is taken from `beneath` (`tenants.configuration.origins`).
    """
    return _parse(text, file=file, model=ContractDocument, beneath=beneath)


def read_contract(data: Mapping[str, Any]) -> ContractDocument:
    """Read a contract's document from JSON values; the errors name fields, and no lines."""
    return _validated(dict(data), ContractDocument, file="", lines=dict)


def read_toml(text: str, *, file: str = "contract.toml") -> dict[str, Any]:
    """Return the values of a TOML text, whatever it describes; raises `DocumentErrors`."""
    return _read_toml(text, file)


def parse_deployment(text: str, *, file: str = "deployment.toml") -> DeploymentDocument:
    """Read the deployment's document from TOML text; `file` is the name that errors show."""
    return _parse(text, file=file, model=DeploymentDocument)


def locate(text: str, field: str) -> int:
    """Return the line on which a dotted field (as in `terms.0.text`) stands in a valid text."""
    path = tuple(int(part) if part.isdecimal() else part for part in field.split("."))
    return line_of(index_lines(text), path)


def read_text(path: FilePath | str) -> str:
    """Return the text of a document's file; raises `DocumentErrors` when there is none."""
    return _read(FilePath(path))


def _read(path: FilePath) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise DocumentErrors(
                [Problem(str(path), 1, "", "The file is too large for a document.")]
            )
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = error.strerror or "unknown reason"
        problem = Problem(str(path), 1, "", f"The file cannot be read: {reason}.")
        raise DocumentErrors([problem]) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problem = Problem(str(path), line, "", "The file is not UTF-8 text.")
        raise DocumentErrors([problem]) from error


def _parse(
    text: str,
    *,
    file: str,
    model: type[Document],
    beneath: Mapping[str, Any] | None = None,
) -> Document:
    data = laid_over(beneath or {}, _read_toml(text, file))
    return _validated(data, model, file=file, lines=lambda: index_lines(text))


def _validated(
    data: dict[str, Any],
    model: type[Document],
    *,
    file: str,
    lines: Callable[[], Mapping[Path, int]],
) -> Document:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        known = lines()
        details = _details_of(error)
        found = [_problem(file, known, data, *_told(one, {})) for one in details[:MOST_PROBLEMS]]
        raise DocumentErrors(found, more=len(details) - len(found)) from error


def sentences_of(
    error: ValidationError, *, words: Mapping[str, str] | None = None
) -> list[tuple[Path, str]]:
    """Return all that is wrong: pydantic's path, and the sentence that people are told.

    `words` are other sentences for kinds of error, where nobody writes TOML.
    """
    return [_told(detail, words or {}) for detail in _details_of(error)]


def _told(detail: ErrorDetails, words: Mapping[str, str]) -> tuple[Path, str]:
    return detail["loc"], _sentence(detail, words)


def _details_of(error: ValidationError) -> list[ErrorDetails]:
    """Leave out that a list is empty when it only is so because its entries are wrong."""
    details = error.errors(include_url=False, include_input=False)
    places = [detail["loc"] for detail in details]
    outer = {place[:length] for place in places for length in range(len(place))}
    return [one for one in details if one["type"] != "too_short" or one["loc"] not in outer]


def _read_toml(text: str, file: str) -> dict[str, Any]:
    if excess := find_excess(text):
        line, sentence = excess
        raise DocumentErrors([Problem(file, line, "", sentence)])
    try:
        return tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, and numbers that Python refuses to read
        found = re.search(r"^(.*?)\s*\(at line (\d+), column \d+\)$", str(error), re.DOTALL)
        if found:
            message, line = found[1], int(found[2])
        else:
            message, line = str(error).partition(" (at ")[0], text.count("\n") + 1
        problem = Problem(file, line, "", f"This is not valid TOML: {message}.")
        raise DocumentErrors([problem]) from error


def _problem(
    file: str, lines: Mapping[Path, int], data: dict[str, Any], loc: Path, sentence: str
) -> Problem:
    path = _path_in_text(data, loc)
    field = _on_a_line(".".join(str(part) for part in path))
    return Problem(file, line_of(lines, path), field, sentence)


def _on_a_line(field: str) -> str:
    return field if len(field) <= _LONGEST_FIELD else f"{field[: _LONGEST_FIELD - 1]}…"


def _path_in_text(data: Any, loc: tuple[int | str, ...]) -> Path:
    """The error's place without what only the model knows, such as the chosen rule family."""
    path: Path = ()
    value = data
    for place, part in enumerate(loc):
        if _has(value, part):
            value = value[part]
        elif place < len(loc) - 1 or part == "[key]" or not isinstance(value, dict):
            continue
        path = (*path, part)
    return path


def _has(value: Any, part: int | str) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, dict) and part in value


_SENTENCES: Final = {
    "missing": "This field is required.",
    "int_type": "This must be a whole number, without quotation marks.",
    "bool_type": "This must be true or false, without quotation marks.",
    "string_type": 'This must be a text in quotation marks, such as "text".',
    "date_type": "This must be a date, such as 2026-07-01.",
    "date_parsing": "This must be a date, such as 2026-07-01.",
    "date_from_datetime_parsing": "This must be a date, such as 2026-07-01.",
    "date_from_datetime_inexact": "This must be a date without a time, such as 2026-07-01.",
    "datetime_type": "This must be a moment with its offset, such as 2026-07-01T08:00:00-04:00.",
    "datetime_parsing": "This must be a moment with its offset, such as 2026-07-01T08:00:00-04:00.",
    "datetime_from_date_parsing": "This must be a moment, such as 2026-07-01T08:00:00-04:00.",
    "timezone_aware": "This moment needs its offset, such as 2026-07-01T08:00:00-04:00.",
    "tuple_type": "This must be a list in square brackets.",
    "dict_type": "This must be a table.",
    "model_type": "This must be a table of its own, with a header in square brackets.",
    "model_attributes_type": "This must be a table of its own, with a header in square brackets.",
    "greater_than_equal": "This must be at least {ge}.",
    "less_than_equal": "This must be at most {le}.",
    "string_too_long": "This text must have at most {max_length} characters.",
    "too_long": "This list must have at most {max_length} entries.",
    "literal_error": "This must be one of: {expected}.",
    "union_tag_not_found": "The table needs a family: program_id, issued_code or knowledge_proof.",
    "union_tag_invalid": "The family must be one of: {expected_tags}.",
}


def _sentence(detail: ErrorDetails, words: Mapping[str, str]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind in {"string_too_short", "too_short"}:
        return "This must not be empty."
    if kind == "extra_forbidden":
        unknown = str(detail["loc"][-1])
        return f"There is no field of this name here.{_did_you_mean(unknown)}"
    sentence = words.get(kind) or _SENTENCES.get(kind)
    return sentence.format(**context) if sentence else f"{detail['msg']}."


def _did_you_mean(name: str) -> str:
    known = _field_names(ContractDocument) | _field_names(DeploymentDocument)
    if name in known:
        return f" Another table has a field {name}."
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return f" Did you mean {close[0]}?" if close else ""


@lru_cache(maxsize=2)
def _field_names(model: type[BaseModel]) -> set[str]:
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return {name for part in parts for name in part.get("properties", {})}
