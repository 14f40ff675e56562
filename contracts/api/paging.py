"""Lists in pages: a cursor names the last row that was seen, and belongs to one query.

What is added or taken away meanwhile moves nothing: each row is seen once.
"""

import base64
import binascii
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict

from core.common.crypto import constant_time_equal, keyed_digests
from core.common.problems import FieldError, Problem

PER_PAGE: Final = 50
MOST_PER_PAGE: Final = 200
_PURPOSE: Final = "api_cursor"
_LONGEST: Final = 4_000
_MAC: Final = 16
Row = TypeVar("Row")
Item = TypeVar("Item")


def refuse_unknown(given: QueryDict, allowed: Collection[str]) -> None:
    """See that a call has the parameters alone that are its own, each once. Raises Problem."""
    errors = [
        FieldError(name[:200], "There is no such parameter.")
        for name in given
        if name not in allowed
    ]
    errors += [
        FieldError(name[:200], "Give it once.") for name in given if len(given.getlist(name)) > 1
    ]
    errors += [
        FieldError(name[:200], "It holds a character that cannot be kept.")
        for name, value in given.items()
        if "\x00" in value
    ]
    if errors:
        raise query_invalid(errors)


@dataclass(frozen=True)
class Query:
    """What a list was asked for: the address with its filters, and how many rows a page has."""

    path: str
    filters: Mapping[str, str]
    limit: int
    cursor: str

    @classmethod
    def of(cls, request: HttpRequest, known: Iterable[str]) -> "Query":
        """Read a request that `refuse_unknown` let in. Raises Problem for a limit that is none."""
        given = request.GET
        return cls(
            path=request.path,
            filters={name: given[name] for name in known if name in given},
            limit=_limit(given.get("limit", str(PER_PAGE))),
            cursor=given.get("cursor", ""),
        )

    def require_known(self, allowed: Mapping[str, Collection[str]]) -> None:
        """See that filters which name one of some values name one of them. Raises Problem."""
        errors = [
            FieldError(name, f"There is no such {name}.")
            for name, values in allowed.items()
            if name in self.filters and self.filters[name] not in values
        ]
        if errors:
            raise query_invalid(errors)

    def after(self) -> list[Any] | None:
        """Return the values at which the page begins. Raises Problem for another query's cursor."""
        if not self.cursor:
            return None
        try:
            packed = base64.urlsafe_b64decode(self.cursor[:_LONGEST])
            mac, text = packed[:_MAC], packed[_MAC:].decode()
            if not any(constant_time_equal(mac, one[:_MAC]) for one in self._macs(text)):
                raise _wrong_cursor()
            return list(json.loads(text))
        except (ValueError, TypeError, binascii.Error) as error:
            raise _wrong_cursor() from error

    def cursor_at(self, values: Sequence[Any]) -> str:
        """Return the cursor of the row with these values."""
        text = json.dumps([_plain(value) for value in values])
        mac = self._macs(text)[-1][:_MAC]
        return base64.urlsafe_b64encode(mac + text.encode()).decode()

    def _macs(self, text: str) -> list[bytes]:
        return keyed_digests(_PURPOSE, self.path, json.dumps(sorted(self.filters.items())), text)


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some rows of a list, and the cursor of the next ones ("" at the end)."""

    items: list[Item]
    next: str


def page_of(
    query: Query, rows: QuerySet[Any, Any], order: Sequence[str], shape: Callable[[Any], Item]
) -> Page[Item]:
    """Return a page of rows in an order that ends in a key, all up or all down (one query).

    Names may follow relations (`user__username`). Each page goes on after the last row.
    """
    names = [name.removeprefix("-") for name in order]
    after = query.after()
    if after is not None:
        if len(after) != len(names):
            raise _wrong_cursor()
        sign = "lt" if order[0].startswith("-") else "gt"
        # The first name alone, too: an index is read from there on.
        rows = rows.filter(_beyond(names, after, sign), **{f"{names[0]}__{sign}e": after[0]})
    try:
        found = list(rows.order_by(*order)[: query.limit + 1])
    except (ValueError, ValidationError) as error:
        raise _wrong_cursor() from error
    shown = found[: query.limit]
    is_last = len(found) <= query.limit
    cursor = "" if is_last else query.cursor_at([_value(shown[-1], name) for name in names])
    return Page([shape(row) for row in shown], cursor)


def query_invalid(errors: Sequence[FieldError]) -> Problem:
    """Return what a list is answered that was asked for in a way that makes no sense."""
    return Problem(400, "query_invalid", "Mend the parameters that are named.", errors=errors)


def _beyond(names: Sequence[str], values: Sequence[Any], sign: str) -> Q:
    found = Q()
    for place, name in enumerate(names):
        same = Q(**dict(zip(names[:place], values[:place], strict=True)))
        found |= same & Q(**{f"{name}__{sign}": values[place]})
    return found


def _value(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = row[part] if isinstance(row, dict) else getattr(row, part)
    return row


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _limit(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 6 and 1 <= int(text) <= MOST_PER_PAGE:
        return int(text)
    raise query_invalid([FieldError("limit", f"A number from 1 to {MOST_PER_PAGE}.")])


def _wrong_cursor() -> Problem:
    return Problem(
        422,
        "cursor_invalid",
        "Begin the list anew: a cursor goes with the address and the filters that it came from.",
        errors=[FieldError("cursor", "It belongs to another query, or was changed.")],
    )
