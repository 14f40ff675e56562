"""Put messages into the outbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Model

from core.common.errors import DomainError
from core.common.ids import uuid7
from core.common.writing import insert_together
from core.notifications.dispatch import announce
from core.notifications.kinds import get_kind
from core.notifications.models import OutboxMessage
from core.notifications.states import MessageStatus

_SECRET_WORDS: Final = ("code", "token", "link", "url", "password", "secret", "pin", "otp")


class SecretInContextError(DomainError):
    """A message's context names something that looks like a secret."""

    code: ClassVar[str] = "secret_in_context"
    message: ClassVar[str] = "What is secret is minted at hand-over and never waits in the outbox."


@dataclass(frozen=True)
class Letter:
    """A message to one person; the fields are those of `enqueue`."""

    to: str
    subject_id: UUID
    contract_id: UUID | None = None
    account_id: UUID | None = None
    context: Mapping[str, object] = field(default_factory=dict)
    not_after: datetime | None = None


def enqueue(
    *,
    kind: str,
    to: str,
    subject_id: UUID,
    contract_id: UUID | None = None,
    account_id: UUID | None = None,
    context: Mapping[str, object] | None = None,
    not_after: datetime | None = None,
    beside: Sequence[Model] = (),
    at: datetime,
) -> OutboxMessage:
    """Write a message into the outbox, in the caller's transaction.

    Called by the services of any app. `subject_id` is what the kind makes the message from;
    `context` holds plain facts for it (JSON) and nothing secret. After `not_after` it is not sent
    any more. `beside` are rows of the cause that are not written yet: they go in by the same
    statement (`insert_together`). Once the transaction commits, a worker is told; a broker that is
    away changes nothing for the caller, because the sweeper finds the row.

    Raises UnknownKindError, SecretInContextError, and TransactionManagementError outside a
    transaction: a message must commit or vanish with the change that caused it.
    """
    _require_transaction()
    _refuse_secrets(context or {})
    message = _row(
        Letter(to, subject_id, contract_id, account_id, context or {}, not_after), kind, at
    )
    insert_together(*beside, message)
    transaction.on_commit(partial(announce, message.id))
    return message


def enqueue_all(*, kind: str, letters: Sequence[Letter], at: datetime) -> None:
    """Write messages of one kind into the outbox by one statement, in the caller's transaction.

    For acts that concern several people. Raises what `enqueue` raises.
    """
    _require_transaction()
    for letter in letters:
        _refuse_secrets(letter.context)
    rows = OutboxMessage.objects.bulk_create([_row(letter, kind, at) for letter in letters])
    for row in rows:
        transaction.on_commit(partial(announce, row.id))


def _require_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            "A message is put into the outbox inside the transaction of its cause."
        )


def _row(letter: Letter, kind: str, at: datetime) -> OutboxMessage:
    return OutboxMessage(
        id=uuid7(),
        kind=kind,
        channel=get_kind(kind).channel,
        to=letter.to,
        contract_id=letter.contract_id,
        account_id=letter.account_id,
        subject_id=letter.subject_id,
        context=dict(letter.context),
        status=MessageStatus.QUEUED,
        created_at=at,
        next_attempt_at=at,
        not_after=letter.not_after,
    )


def cancel_messages(*, kind: str, subject_id: UUID) -> int:
    """Withdraw what still waits of one kind for a subject; returns how many rows.

    Called when something newer takes its place, in the caller's transaction. A row that a worker
    has in hand is skipped instead of waited for: the worker may be waiting for the caller's locks
    in `prepare`, which sees what is superseded anyway.
    """
    waiting = OutboxMessage.objects.select_for_update(skip_locked=True).filter(
        kind=kind, subject_id=subject_id, status=MessageStatus.QUEUED
    )
    ids = list(waiting.values_list("id", flat=True))
    return OutboxMessage.objects.filter(id__in=ids).update(
        status=MessageStatus.CANCELLED, failure="withdrawn"
    )


def _refuse_secrets(context: Mapping[str, object]) -> None:
    if any(str(name).lower().rpartition("_")[2] in _SECRET_WORDS for name in context):
        raise SecretInContextError
