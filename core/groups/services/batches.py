"""Invite many: take a file in, and send its invitations a few at a time.

A batch belongs to the admin who sent it. Each invitation is made as Add New User makes it, with the
admin's rights at that moment; a row that cannot be done any more keeps the reason.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import BinaryIO, ClassVar, Final, Self
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from core.accounts.selectors import taken_usernames
from core.accounts.services.accounts import UsernameTakenError
from core.accounts.services.attempts import Limit, count_attempt
from core.audit.recording import record
from core.common.errors import DomainError
from core.common.tables import FileRow
from core.groups.batches.checking import MOST_TOLD, CheckedRow, check_rows
from core.groups.batches.sheet import read_sheet
from core.groups.models import BatchRow, InvitationBatch, Provider, ProviderStatus
from core.groups.permissions import Permission
from core.groups.reach import Reach
from core.groups.services.holding import hold_groups
from core.groups.services.invitations import Invitee, send_invitation
from core.groups.services.open_invitations import (
    MOST_OPEN,
    AlreadyInvitedError,
    TooManyOpenError,
    count_open,
    list_invited,
    refuse_second,
)
from core.groups.services.roles import require_role

MOST_ROWS: Final = 5_000
AT_ONCE: Final = 50
"""Rows of one turn: what others wait for in the workers' queue stays under a second or so."""
STANDS_STILL: Final = timedelta(minutes=1)
_FILES_PER_HOUR: Final = 10
_MOST_TAKEN: Final = 25
"""Own figures: a file that asks for many usernames would list who has an account."""
_NAMES: Final = tuple(one.name for one in fields(Invitee))


class TooManyFilesError(DomainError):
    """The admin has sent enough files for this hour."""

    code: ClassVar[str] = "batch_too_many_files"
    message: ClassVar[str] = "You sent several files within the hour. Try again later."


class BatchRefusedError(DomainError):
    """The file as a whole is not taken; the sentence says why."""

    code: ClassVar[str] = "batch_refused"
    message: ClassVar[str] = "This file cannot be taken."


class BatchOverError(DomainError):
    """The batch was started or thrown away meanwhile."""

    code: ClassVar[str] = "batch_over"
    message: ClassVar[str] = "These invitations are on their way already."


def take_in(
    *, reach: Reach, file: BinaryIO, file_name: str, host: str, at: datetime
) -> InvitationBatch:
    """Check a file and keep what it would do; nobody is invited yet.

    Called by Invite many. Records `invitation_batch.checked`. Raises TableFileError for what is
    no table, BatchRefusedError for one that is empty, too long or asks for usernames, and
    TooManyFilesError.
    """
    actor = reach.actor
    limit = Limit("invitation.batch", str(actor.id), _FILES_PER_HOUR, timedelta(hours=1))
    if not count_attempt(limits=[limit], at=at).allowed:
        raise TooManyFilesError
    rows = _read(reach, file)
    with transaction.atomic():
        batch = InvitationBatch.objects.create(
            uploaded_by=actor.id, uploaded_at=at, file_name=file_name[-100:], host=host
        )
        BatchRow.objects.bulk_create((_kept(batch, row) for row in rows), batch_size=500)
        _record(batch, "checked", rows=len(rows), right=_count_right(rows), at=at)
    return batch


@transaction.atomic
def start_batch(*, batch_id: UUID, entered: Iterable[UUID], at: datetime) -> None:
    """Have the rows without a problem invited in the background.

    Called by Invite many, for the admin who sent the file; the caller tells the workers. What they
    have entered now counts for each row, whenever its turn comes. Records
    `invitation_batch.started`. Raises BatchOverError.
    """
    batch = _hold_unstarted(batch_id)
    batch.started_at = batch.moved_at = at
    batch.entered = list(entered)
    batch.save(update_fields=["started_at", "moved_at", "entered"])
    _record(batch, "started", at=at)


@transaction.atomic
def discard_batch(*, batch_id: UUID, at: datetime) -> None:
    """Throw a file away that was not started. Records `invitation_batch.discarded`.

    Raises BatchOverError.
    """
    batch = _hold_unstarted(batch_id)
    _record(batch, "discarded", at=at)
    batch.delete()


@transaction.atomic
def invite_next(*, batch_id: UUID, at: datetime) -> bool:
    """Invite the next few of a batch; tells whether more are left. Called by the workers.

    A batch that another worker has in hand, or that is over, has none. Records what `invite_user`
    records, and `invitation_batch.ended`.
    """
    batch = (
        InvitationBatch.objects.select_for_update(skip_locked=True)
        .filter(pk=batch_id, started_at__isnull=False, ended_at__isnull=True)
        .first()
    )
    if batch is None:
        return False
    rows = list(batch.rows.filter(BatchRow.WAITING).order_by("number")[:AT_ONCE])
    turn = _Turn.hold(batch, rows, at=at)
    for row in rows:
        turn.invite(row)
    BatchRow.objects.bulk_update(rows, ["invitation", "problem", "done_at"])
    batch.moved_at = at
    if len(rows) < AT_ONCE:
        batch.ended_at = at
        _record(batch, "ended", at=at)
    batch.save(update_fields=["moved_at", "ended_at"])
    return batch.ended_at is None


def list_standing_still(*, at: datetime) -> "QuerySet[InvitationBatch, UUID]":
    """Return the keys of batches that a worker was lost over, or never heard of."""
    going_on = InvitationBatch.objects.filter(started_at__isnull=False, ended_at__isnull=True)
    return going_on.filter(moved_at__lte=at - STANDS_STILL).values_list("id", flat=True)


def _read(reach: Reach, file: BinaryIO) -> list[CheckedRow]:
    read: list[FileRow] = []
    for row in read_sheet(file):
        if len(read) == MOST_ROWS:
            raise BatchRefusedError(f"A file has {MOST_ROWS:,} rows at most. Split this one.")
        read.append(row)
    if not read:
        raise BatchRefusedError("The file has a header and no row.")
    rows = check_rows(reach, read)
    if sum(row.column == "username" for row in rows) > _MOST_TAKEN:
        raise BatchRefusedError(
            f"More than {_MOST_TAKEN} usernames cannot be had. Leave the column empty: each new "
            "user gets one proposed."
        )
    return rows


def _kept(batch: InvitationBatch, row: CheckedRow) -> BatchRow:
    named = {"email": row.typed_email, "number": row.number}
    if row.problem:
        problem = {"column": row.column[:40], "problem": row.problem[:MOST_TOLD]}
        return BatchRow(batch=batch, **named, **problem)
    return BatchRow(
        batch=batch,
        **named,
        username=row.values["username"],
        invitee={name: row.values[name] for name in _NAMES},
        providers=[one.id for one in row.providers],
        role=row.role,
    )


def _count_right(rows: Sequence[CheckedRow]) -> int:
    return sum(not row.problem for row in rows)


def _hold_unstarted(batch_id: UUID) -> InvitationBatch:
    found = InvitationBatch.objects.select_for_update().filter(pk=batch_id, started_at=None).first()
    if found is None:
        raise BatchOverError
    return found


@dataclass(frozen=True)
class _Turn:
    """What the rows of one turn have in common, looked up once; their groups are held."""

    batch: InvitationBatch
    providers: Mapping[UUID, Provider]
    taken: Container[str]
    at: datetime
    refusals: dict[tuple[UUID, str], str] = field(default_factory=dict)
    open: Counter[UUID] = field(default_factory=Counter)
    """The admin's open invitations by group."""
    invited: Container[tuple[UUID, str]] = ()
    """The addresses with an open invitation, by group: a second one may be refused."""

    @classmethod
    def hold(cls, batch: InvitationBatch, rows: Sequence[BatchRow], *, at: datetime) -> Self:
        """Lock the groups, in one order, and look at who has which username."""
        wanted = Provider.objects.filter(pk__in={key for row in rows for key in row.providers})
        groups = [one.id for one in hold_groups(wanted.values_list("group_id", flat=True))]
        active = wanted.filter(status=ProviderStatus.ACTIVE).in_bulk()
        taken = taken_usernames(row.username for row in rows)
        waiting = {key: count_open(group_id=key, by=batch.uploaded_by) for key in groups}
        invited = list_invited(groups, (row.invitee["email"] for row in rows))
        return cls(batch, active, taken, at, open=Counter(waiting), invited=invited)

    def invite(self, row: BatchRow) -> None:
        """Invite the user of a row, or note in it why not."""
        row.done_at = self.at
        providers = [self.providers[key] for key in row.providers if key in self.providers]
        if len(providers) < len(row.providers):
            row.problem = "A provider of this row was given up meanwhile."
            return
        row.problem = self._refusal(row, providers)
        if row.problem:
            return
        try:
            row.invitation = send_invitation(
                invitee=Invitee(**row.invitee),
                providers=providers,
                role=row.role,
                contract_id=providers[0].contract_id,
                host=self.batch.host,
                by=self.batch.uploaded_by,
                at=self.at,
            )
            self.open[providers[0].group_id] += 1
        except DomainError as error:
            row.problem = error.sentence

    def _refusal(self, row: BatchRow, providers: Sequence[Provider]) -> str:
        if row.username.lower() in self.taken:
            return UsernameTakenError.message
        if self.open[providers[0].group_id] >= MOST_OPEN:
            return TooManyOpenError.message
        named = (providers[0].group_id, row.invitee["email"])
        if named in self.invited:
            try:
                refuse_second(
                    group_id=named[0],
                    email=named[1],
                    by=self.batch.uploaded_by,
                    entered=self.batch.entered,
                )
            except AlreadyInvitedError as error:
                return error.sentence
        refusals = (self._role_refusal(one, row.role) for one in providers)
        return next(filter(None, refusals), "")

    def _role_refusal(self, provider: Provider, role: str) -> str:
        """Return why the admin may not give a role at a provider any more; asked once a turn."""
        key = (provider.id, role)
        if key not in self.refusals:
            try:
                require_role(
                    self.batch.uploaded_by,
                    provider,
                    role,
                    Permission.USERS_INVITE,
                    entered=self.batch.entered,
                )
                self.refusals[key] = ""
            except DomainError as error:
                self.refusals[key] = error.sentence
        return self.refusals[key]


def _record(batch: InvitationBatch, verb: str, *, at: datetime, **data: object) -> None:
    record(
        f"invitation_batch.{verb}",
        contract_id=None,
        actor_id=batch.uploaded_by,
        subject=("invitation_batch", batch.id),
        data=data,
        at=at,
    )
