"""What a worker does of a mailing: a few entries at a time, and the file at the end.

Each turn is a transaction of its own; whoever is lost in between is followed by another one.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from contracts.roster.entries.finding import EntryFilter
from contracts.roster.kinds import REMINDER_KIND
from contracts.roster.mailings.content import Addressed, content_of
from contracts.roster.mailings.states import MailingAct, MailingForm, MailingState
from contracts.roster.models import (
    IssuedCode,
    Mailing,
    MailingLetter,
    MailingPiece,
    RosterEntry,
)
from contracts.roster.services.codes import NoIssuedCodesError, issue_codes
from contracts.roster.services.mailings import (
    FILE_SEAL,
    end_mailing,
    meant_entries,
    record_mailing,
    wipe_codes,
)
from core.common.crypto import seal, unseal
from core.notifications.services.outbox import Letter, enqueue_all
from tenants.context import require_contract

AT_ONCE: Final = 200
STANDS_STILL: Final = timedelta(minutes=1)
REMINDED_WITHIN: Final = timedelta(days=1)
"""Own figure: nobody is mailed the same reminder twice a day, by two colleagues or two calls."""
_MOST_RUNS: Final = 5
_PIECE: Final = 1_000_000
_CODE_SEAL: Final = "roster.mailing-code"


def work_on_mailing(*, mailing_id: UUID, at: datetime) -> bool:
    """Do the next turn of a mailing; tells whether more is left. Called by the workers.

    One that another worker has in hand, or that is over, has nothing left. Records what
    `issue_codes` records, then `mailing.ready`, `.sent` or `.failed`.
    """
    with transaction.atomic():
        mailing = _at_work(mailing_id)
        if mailing is None:
            return False
        waiting = mailing.letters.filter(done_at=None).order_by("id")
        if letters := list(waiting[:AT_ONCE]):
            return _make(mailing, letters, at=at)
        runs = mailing.runs = mailing.runs + 1
        mailing.moved_at = at
        mailing.save(update_fields=["runs", "moved_at"])
    # What breaks here is tried again, and not for ever: the count above is kept.
    with transaction.atomic():
        mailing = _at_work(mailing_id)
        if mailing is not None and mailing.runs == runs:
            _finish(mailing, at=at)
    return False


def list_standing_still(*, at: datetime) -> QuerySet[Mailing]:
    """Return the mailings whose worker was lost, or who never got one."""
    return Mailing.objects.filter(state=MailingState.WORKING, moved_at__lte=at - STANDS_STILL)


def _at_work(mailing_id: UUID) -> Mailing | None:
    return (
        Mailing.objects.select_for_update(skip_locked=True)
        .filter(pk=mailing_id, state=MailingState.WORKING)
        .first()
    )


def _make(mailing: Mailing, letters: list[MailingLetter], *, at: datetime) -> bool:
    """Do what is asked for some of the entries, as far as they still need it.

    False: the rule that was published meanwhile has no codes, and the mailing ends.
    """
    still = meant_entries(MailingAct(mailing.act), MailingForm(mailing.form), EntryFilter(), at=at)
    if mailing.form == MailingForm.MAIL:
        still = still.filter(~Exists(_reminders_since(at - REMINDED_WITHIN)))
    entries = {one.id: one for one in still.filter(pk__in=[one.entry_id for one in letters])}
    if mailing.act == MailingAct.ISSUE:
        try:
            _issue(mailing, letters, entries, at=at)
        except NoIssuedCodesError:  # raised before anything is written
            end_mailing(mailing, MailingState.FAILED, by=None, at=at)
            return False
    elif mailing.form == MailingForm.MAIL:
        _mail(entries, at=at)
    for letter in letters:
        letter.done_at, letter.is_left_out = at, letter.entry_id not in entries
    MailingLetter.objects.bulk_update(letters, ["done_at", "is_left_out", "code_id", "code_sealed"])
    mailing.done += len(letters)
    mailing.left_out += sum(one.is_left_out for one in letters)
    mailing.moved_at = at
    mailing.save(update_fields=["done", "left_out", "moved_at"])
    return True


def _reminders_since(since: datetime) -> QuerySet[MailingLetter]:
    """Return the reminders that went out by mail to the entry of the query around."""
    return MailingLetter.objects.filter(
        entry=OuterRef("pk"),
        mailing__form=MailingForm.MAIL,
        is_left_out=False,
        done_at__gt=since,
    )


def _issue(
    mailing: Mailing,
    letters: list[MailingLetter],
    entries: dict[UUID, RosterEntry],
    *,
    at: datetime,
) -> None:
    codes = issue_codes(entries=entries.values(), by=mailing.asked_by, at=at)
    made = {code.entry_id: code for code in codes}
    for letter in letters:
        if code := made.get(letter.entry_id):
            letter.code_id = code.id
            letter.code_sealed = seal(_CODE_SEAL, code.code.encode(), str(letter.pk))


def _mail(entries: dict[UUID, RosterEntry], *, at: datetime) -> None:
    contract = require_contract()
    letters = [
        Letter(entry.notice_email, entry.id, contract.id, None, {}, None)
        for entry in entries.values()
    ]
    enqueue_all(kind=REMINDER_KIND, letters=letters, at=at)


def _finish(mailing: Mailing, *, at: datetime) -> None:
    if mailing.runs > _MOST_RUNS:
        end_mailing(mailing, MailingState.FAILED, by=None, at=at)
        return
    if mailing.form == MailingForm.MAIL:
        end_mailing(mailing, MailingState.SENT, by=None, at=at)
        return
    content = content_of(mailing, list(_addressed(mailing)), at=at)
    MailingPiece.objects.bulk_create(
        MailingPiece(
            mailing=mailing,
            number=number,
            sealed=seal(FILE_SEAL, content[start : start + _PIECE], str(mailing.id), str(number)),
        )
        for number, start in enumerate(range(0, len(content), _PIECE))
    )
    wipe_codes(mailing)
    mailing.state, mailing.ready_at, mailing.moved_at = MailingState.READY, at, at
    mailing.save(update_fields=["state", "ready_at", "moved_at"])
    record_mailing(mailing, "ready", by=None, at=at)


def _addressed(mailing: Mailing) -> Iterator[Addressed]:
    """Yield what the file is made of, in postal order."""
    letters = mailing.letters.filter(is_left_out=False).select_related("entry")
    letters = letters.order_by(
        "entry__zip", "entry__state", "entry__city", "entry__address_1", "entry__name", "id"
    )
    codes = IssuedCode.objects.filter(pk__in=mailing.letters.values("code_id"))
    ends = dict(codes.values_list("id", "expires_at"))
    for letter in letters:
        code = ""
        if letter.code_sealed is not None:
            code = unseal(_CODE_SEAL, bytes(letter.code_sealed), str(letter.pk)).decode()
        yield Addressed(letter.entry, code, ends.get(letter.code_id) if letter.code_id else None)
