"""Codes, letters and reminders for many entries: asked for, made by a worker, taken once.

Which entries are meant is fixed when it is asked for. A worker makes them (`mailing_work`). A code
is readable in the file alone, which lies sealed until who asked for it takes it, or a day is over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, QuerySet

from contracts.roster.entries.finding import EntryFilter, find_entries
from contracts.roster.mailings.states import (
    FORMS,
    MOST,
    MailingAct,
    MailingForm,
    MailingState,
)
from contracts.roster.models import (
    Mailing,
    RosterEntry,
)
from contracts.roster.selectors import providers_of_entry
from contracts.roster.services.codes import code_rule
from core.audit.recording import record
from core.common.crypto import unseal
from core.common.errors import DomainError
from tenants.context import require_contract

WAITS: Final = timedelta(days=1)
"""Own figure: who asked for a file takes it on the same day; codes do not lie about for longer."""
_FIX: Final = (
    "INSERT INTO contracts_roster_mailingletter (mailing_id, entry_id, is_left_out) "
    "SELECT %s, meant.id, false FROM ({chosen}) AS meant(id)"
)
FILE_SEAL: Final = "roster.mailing-file"


class MailingAtWorkError(DomainError):
    """Another mailing of the contract is being made."""

    code: ClassVar[str] = "mailing_at_work"
    message: ClassVar[str] = "Another one is being made just now. Wait until it is done."


class MailingMeanwhileError(DomainError):
    """Codes were issued since the page was shown: by somebody else, or in another window."""

    code: ClassVar[str] = "mailing_meanwhile"
    message: ClassVar[str] = (
        "Codes were issued meanwhile. Look at what was made last, then send this form again if "
        "it is still needed: earlier codes end with it."
    )


class SentAlreadyError(MailingMeanwhileError):
    """The page's form was sent already: by somebody else, or asking for something else."""

    code: ClassVar[str] = "mailing_sent_already"
    message: ClassVar[str] = (
        "This form was sent already, and something else was asked. Look at what was made last, "
        "then send it again if it is still needed."
    )


class NobodyFitsError(DomainError):
    """No entry is left that it could go to."""

    code: ClassVar[str] = "mailing_nobody"
    message: ClassVar[str] = "No entry fits, so there is nothing to make."


class TooManyFitError(DomainError):
    """More entries fit than one file takes."""

    code: ClassVar[str] = "mailing_too_many"

    def __init__(self, form: MailingForm) -> None:
        super().__init__(
            f"More than {MOST[form]:,} entries fit, which is the most for this. Choose another "
            "form, or fewer entries."
        )


class NothingToTakeError(DomainError):
    """The file was taken, or nobody took it in time."""

    code: ClassVar[str] = "mailing_nothing_to_take"
    message: ClassVar[str] = "This was handed over already, or is over. It is shown only once."


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody asks for. `seen` names the newest codes that their page knew of."""

    act: MailingAct
    form: MailingForm
    chosen: EntryFilter
    reason: str
    request_key: UUID
    seen: str


def newest_codes() -> str:
    """Return what a page remembers of the codes that were issued from here; "" before any."""
    issued = Mailing.objects.filter(act=MailingAct.ISSUE).order_by("-asked_at", "-id")
    return str(issued.values_list("id", flat=True).first() or "")


def meant_entries(
    act: MailingAct, form: MailingForm | None, chosen: EntryFilter, *, at: datetime
) -> QuerySet[RosterEntry]:
    """Return the entries that it would go to now. Who is registered needs none of it."""
    entries = find_entries(chosen, at=at).filter(removed_at=None)
    entries = entries.filter(~Exists(providers_of_entry()))
    return entries.exclude(notice_email="") if form == MailingForm.MAIL else entries


@transaction.atomic
def begin_mailing(*, asked: Asked, by: UUID, at: datetime) -> Mailing:
    """Fix which entries are meant, and have a worker make what was asked; the caller tells one.

    Called by staff who may issue codes, after a fresh sign-in. The same page asks once, however
    often its button is pressed. Records `mailing.begun`. Raises NoIssuedCodesError,
    MailingAtWorkError, MailingMeanwhileError, SentAlreadyError, NobodyFitsError,
    TooManyFitError.
    """
    contract = require_contract()
    _hold_mailings(contract.id)
    if known := _asked_before(asked, by):
        return known
    _refuse(asked)
    entries = meant_entries(asked.act, asked.form, asked.chosen, at=at)
    mailing = Mailing.objects.create(
        request_key=asked.request_key,
        act=asked.act,
        form=asked.form,
        chosen=asked.chosen.kept(),
        reason=asked.reason,
        asked_by=by,
        asked_at=at,
        moved_at=at,
        total=0,
    )
    mailing.total = _fix(mailing, entries, most=MOST[asked.form] + 1)
    if not mailing.total:
        raise NobodyFitsError
    if mailing.total > MOST[asked.form]:
        raise TooManyFitError(asked.form)
    mailing.save(update_fields=["total"])
    record_mailing(mailing, "begun", by=by, at=at)
    return mailing


def _asked_before(asked: Asked, by: UUID) -> Mailing | None:
    """Return what the same page has asked already. Raises SentAlreadyError for what is another."""
    known = Mailing.objects.filter(request_key=asked.request_key).first()
    if known is None:
        return None
    same = (known.asked_by, known.act, known.form, known.chosen)
    if same != (by, asked.act, asked.form, asked.chosen.kept()):
        raise SentAlreadyError
    return known


@transaction.atomic
def take_mailing(*, mailing_id: UUID, by: UUID, at: datetime) -> bytes:
    """Hand the file over, once, to who asked for it, and wipe it.

    Called by the page after a fresh sign-in. Of two at once one gets it. Records `mailing.taken`.
    Raises NothingToTakeError.
    """
    mailing = Mailing.objects.select_for_update().get(pk=mailing_id)
    if mailing.state != MailingState.READY or mailing.asked_by != by or _is_over(mailing, at):
        raise NothingToTakeError
    pieces = mailing.pieces.order_by("number").values_list("number", "sealed")
    content = b"".join(
        unseal(FILE_SEAL, bytes(sealed), str(mailing.id), str(number)) for number, sealed in pieces
    )
    end_mailing(mailing, MailingState.TAKEN, by=by, at=at)
    return content


def purge_mailings(*, at: datetime) -> int:
    """Wipe the files that nobody took in time; returns how many. Called hourly."""
    over = Mailing.objects.filter(state=MailingState.READY, ready_at__lte=at - WAITS)
    done = 0
    for key in over.values_list("id", flat=True):
        with transaction.atomic():
            mailing = Mailing.objects.select_for_update().get(pk=key)
            if mailing.state == MailingState.READY:
                end_mailing(mailing, MailingState.GONE, by=None, at=at)
                done += 1
    return done


def _is_over(mailing: Mailing, at: datetime) -> bool:
    return mailing.ready_at is None or mailing.ready_at + WAITS <= at


def _refuse(asked: Asked) -> None:
    if asked.form not in FORMS[asked.act]:
        raise NobodyFitsError
    if asked.act == MailingAct.ISSUE:
        code_rule(require_contract().document.registration)
        if asked.seen != newest_codes():
            raise MailingMeanwhileError
    if Mailing.objects.filter(state=MailingState.WORKING).exists():
        raise MailingAtWorkError


def _hold_mailings(contract_id: UUID) -> None:
    """Let those who ask for one contract follow each other, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"mailings:{contract_id}"]
        )


def _fix(mailing: Mailing, entries: QuerySet[RosterEntry], *, most: int) -> int:
    """Write a letter for each entry by one statement; returns how many."""
    keys = entries.order_by().values("pk")[:most]
    chosen, given = keys.query.sql_with_params()
    with connection.cursor() as cursor:
        # Django's own text of the query, with its parameters beside it.
        cursor.execute(_FIX.replace("{chosen}", chosen), [mailing.id, *given])
        return int(cursor.rowcount)


def end_mailing(mailing: Mailing, state: MailingState, *, by: UUID | None, at: datetime) -> None:
    """End a mailing: whatever of it could be read is wiped."""
    mailing.pieces.all().delete()
    wipe_codes(mailing)
    mailing.state, mailing.ended_at, mailing.moved_at = state, at, at
    mailing.save(update_fields=["state", "ended_at", "moved_at"])
    record_mailing(mailing, state.value, by=by, at=at)


def wipe_codes(mailing: Mailing) -> None:
    """Wipe the codes that lie with the letters until the file is made."""
    sealed = mailing.letters.filter(code_sealed__isnull=False)
    sealed.update(code_sealed=None)


def record_mailing(mailing: Mailing, verb: str, *, by: UUID | None, at: datetime) -> None:
    """Record `mailing.<verb>` with what was asked for and how many it reached, never a code."""
    record(
        f"mailing.{verb}",
        contract_id=require_contract().id,
        actor_id=by,
        subject=("mailing", mailing.id),
        data={
            "act": mailing.act,
            "form": mailing.form,
            "entries": mailing.total,
            "left_out": mailing.left_out,
            "narrowed_by": sorted(mailing.chosen),
            "reason": mailing.reason,
        },
        at=at,
    )
