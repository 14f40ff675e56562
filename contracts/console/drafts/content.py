"""What a draft holds: JSON of a document's shape that may still be wrong."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from tenants.configuration.document import ContractDocument
from tenants.configuration.loading import (
    LARGEST_FILE,
    DocumentErrors,
    Problem,
    read_contract,
    read_toml,
)
from tenants.configuration.revisions import to_json

SECTIONS: Final = (
    "contract",
    "hosts",
    "brand",
    "support",
    "vocabulary",
    "registration",
    "profile",
    "groups",
    "staff",
    "terms",
    "accounts",
    "mfa",
    "sessions",
    "links",
    "notices",
    "channels",
    "modules",
    "waivers",
)
"""The sections in the order in which a new contract is thought through."""
_LARGEST_NUMBER: Final = 2**63


@dataclass(frozen=True)
class Content:
    """A draft's document as far as it can be read: with problems there is no `document`."""

    document: ContractDocument | None
    problems: tuple[Problem, ...]

    def problems_in(self, section: str) -> tuple[Problem, ...]:
        """Return what is wrong in one section."""
        return tuple(one for one in self.problems if one.field.split(".")[0] == section)


def sections() -> tuple[str, ...]:
    """Return the names of all sections; one that this module does not know stands last."""
    known = ContractDocument.model_fields
    return (
        *(one for one in SECTIONS if one in known),
        *(one for one in known if one not in SECTIONS),
    )


def read_content(document: Mapping[str, Any]) -> Content:
    """Return what a draft's JSON says, or everything that is wrong with it."""
    try:
        return Content(read_contract(document), ())
    except DocumentErrors as error:
        return Content(None, error.problems)


def canonical(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document as drafts and revisions keep it: what can be read with all its values."""
    found = read_content(document).document
    return to_json(found) if found is not None else _kept_table(document)


def from_toml(text: str, *, file: str = "draft.toml") -> dict[str, Any]:
    """Return what a TOML text says as JSON, however wrong it is as a document.

    Raises DocumentErrors for what is no TOML, or holds what cannot be kept.
    """
    if len(text.encode()) > LARGEST_FILE:
        raise DocumentErrors([Problem(file, 1, "", "The text is too large for a document.")])
    data = read_toml(text, file=file)
    try:
        return _kept_table(data)
    except RecursionError as error:
        problem = Problem(file, 1, "", "The lists or tables are nested too deeply.")
        raise DocumentErrors([problem]) from error
    except ValueError as error:
        raise DocumentErrors([Problem(file, 1, "", str(error))]) from error


def _kept_table(table: Mapping[str, Any]) -> dict[str, Any]:
    return {_kept(name): _kept(value) for name, value in table.items()}


def _kept(value: Any) -> Any:
    """Return a value as JSON that the database takes; what it does not take becomes a text."""
    if isinstance(value, Mapping):
        return _kept_table(value)
    if isinstance(value, list | tuple):
        return [_kept(item) for item in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, str) and "\0" in value:
        raise ValueError("The text contains a control character that cannot be kept.")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) >= _LARGEST_NUMBER:
        return hex(value)
    return value
