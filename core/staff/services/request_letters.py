"""Write to an address on file about a request: by mail, or a letter that is printed.

The address is the program's own, never one that the person gave: whoever answers from there is who
the program knows. What was written is kept as the request's history.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from core.accounts.models import User
from core.audit.recording import record
from core.common.crypto import seal, unseal
from core.common.errors import DomainError
from core.common.ids import uuid7
from core.common.turns import hold_turn
from core.notifications.services.outbox import enqueue
from core.staff.models import LetterChannel, RequestLetter
from core.staff.request_queue.sources import OnFile
from core.staff.services.requests_in_hand import QueuedRequest

LETTER_KIND: Final = "request_letter"
MOST_LETTERS: Final = 10
"""Own figure, for one request: nobody's letter box is filled by a button."""
_SEAL: Final = "request-letter"


class WrittenOftenError(DomainError):
    """So much was written about one request that a telephone call is better."""

    code: ClassVar[str] = "written_often"
    message: ClassVar[str] = (
        "Nothing was sent: so much has been written about this request. Call instead."
    )


class NoAddressError(DomainError):
    """There is no such address on file."""

    code: ClassVar[str] = "no_address"
    message: ClassVar[str] = "Nothing was sent: the program has no such address on file."


@dataclass(frozen=True)
class LetterText:
    """What was written, and where it went."""

    name: str
    lines: tuple[str, ...]
    email: str
    words: str


@dataclass(frozen=True)
class Writing:
    """What somebody writes, and how it leaves."""

    to: OnFile
    channel: LetterChannel
    words: str
    key: UUID = field(default_factory=uuid7)
    """The name of the form; sent twice, it is one letter."""


@transaction.atomic
def write_to_address_on_file(
    *, request: QueuedRequest, writing: Writing, by: User, at: datetime
) -> RequestLetter:
    """Write about a request to an address on file, and keep it in the request's history.

    Called by the pages of staff who may decide the request. The same form sent twice writes once,
    and letters about one request are counted in turns, whoever writes them. A mail goes into
    the outbox, a letter is there to be printed. Records `request.written`, without words and
    address. Raises NoAddressError, WrittenOftenError.
    """
    to, channel = writing.to, writing.channel
    if request.contract_id is None or not (to.email if channel == "mail" else to.lines):
        raise NoAddressError
    hold_turn("request.letter", f"{request.kind} {request.id}")
    written = list_letters(request.kind, request.id)
    present = written.filter(form_key=writing.key).first()
    if present is not None:
        return present
    if written.count() >= MOST_LETTERS:
        raise WrittenOftenError
    letter = _write(request, writing, contract_id=request.contract_id, by=by, at=at)
    if channel == LetterChannel.MAIL:
        enqueue(
            kind=LETTER_KIND,
            to=to.email,
            subject_id=letter.id,
            contract_id=request.contract_id,
            at=at,
        )
    record(
        "request.written",
        contract_id=request.contract_id,
        actor_id=by.id,
        subject=(request.kind, request.id),
        data={"channel": str(channel), "letter": str(letter.id)},
        at=at,
    )
    return letter


def _write(
    request: QueuedRequest, writing: Writing, *, contract_id: UUID, by: User, at: datetime
) -> RequestLetter:
    to, letter_id = writing.to, uuid7()
    text = LetterText(to.name, to.lines, to.email, writing.words)
    return RequestLetter.objects.create(
        id=letter_id,
        kind=request.kind,
        request_id=request.id,
        contract_id=contract_id,
        channel=writing.channel,
        sealed_text=seal(_SEAL, json.dumps(asdict(text)).encode(), str(letter_id)),
        form_key=writing.key,
        written_by=by,
        written_at=at,
    )


def list_letters(kind: str, request_id: UUID) -> QuerySet[RequestLetter]:
    """Return what was written about a request, the oldest first."""
    found = RequestLetter.objects.filter(kind=kind, request_id=request_id)
    return found.select_related("written_by").order_by("written_at", "id")


def text_of(letter: RequestLetter) -> LetterText:
    """Return what was written; for staff who may see the request, and for its mail."""
    opened = json.loads(unseal(_SEAL, bytes(letter.sealed_text), str(letter.id)))
    return LetterText(**{**opened, "lines": tuple(opened["lines"])})


def history_of(kind: str, request_id: UUID) -> Sequence[tuple[RequestLetter, LetterText]]:
    """Return the history of a request with its words."""
    return [(letter, text_of(letter)) for letter in list_letters(kind, request_id)]
