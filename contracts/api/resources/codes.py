"""Registration codes for entries: made by a worker, handed over once, revoked."""

import base64
from datetime import date, datetime
from typing import ClassVar, Final, Literal
from uuid import UUID

from django.http import HttpResponse
from pydantic import Field
from rest_framework.request import Request

from contracts.api.door import answer, answer_page
from contracts.api.inside import InsideView, tell_after
from contracts.api.json_bodies import Body
from contracts.api.paging import page_of
from contracts.api.resources.configuration import Reason
from contracts.api.resources.entries import LONGEST_WORDS, TAG
from contracts.api.schema import CURSOR, describe
from contracts.api.shapes import Listed, Shape
from contracts.roster.entries.finding import (
    CodeState,
    EntryFilter,
    Standing,
    access_entry,
    find_entries,
    missing_entries,
)
from contracts.roster.mailings.content import shown_codes
from contracts.roster.mailings.states import MailingAct, MailingForm, MailingState
from contracts.roster.models import Mailing
from contracts.roster.services.codes import revoke_codes
from contracts.roster.services.mailings import (
    Asked,
    begin_mailing,
    newest_codes,
    take_mailing,
)
from contracts.roster.tasks import make_mailing
from core.common.http import row_or_404
from core.common.ids import uuid7
from core.common.problems import FieldError, Problem
from core.staff.permissions import StaffPermission
from tenants.context import ActiveContract

_VIEW, _ISSUE = StaffPermission.ROSTER_VIEW, StaffPermission.CODES_ISSUE
MOST_NAMED: Final = 1_000
"""Entries that one call names. Own figure: a list of keys stays below 50 kB."""
_TYPES: Final = {MailingForm.LETTERS: "application/pdf", MailingForm.SHEET: "text/csv"}
"""What is handed over as a file."""


class _ForEntries(Body):
    """Which entries are meant: one, or those of a filter; who is registered never is."""

    reason: Reason
    entry: UUID | None = Field(None, description="This one alone, without a filter.")
    entries: list[UUID] | None = Field(
        None, min_length=1, max_length=MOST_NAMED, description="These alone, without a filter."
    )
    q: str = Field("", max_length=LONGEST_WORDS, description="As in the list of entries.")
    city: str = Field("", max_length=LONGEST_WORDS)
    standing: Literal["open", "never", "begun"] | None = Field(
        None, description="`open`: all that are not registered."
    )
    code: CodeState | None = Field(None, description="`missing`: those without one that works.")

    def chosen(self) -> EntryFilter:
        """Return which entries are meant. Raises Http404 for one that there is not.

        Raises Problem where several of these are given, or none: a field that was forgotten does
        not mean everybody.
        """
        narrowed = bool(self.q.strip() or self.city.strip() or self.standing or self.code)
        if [narrowed, self.entry is not None, self.entries is not None].count(True) != 1:
            said = "Name entries, or a filter; `standing: open` is all that are not registered."
            raise Problem(422, "entries_unclear", said, errors=[FieldError("/entry", said)])
        if self.entry is not None:
            return EntryFilter(entries=(str(access_entry(self.entry).pk),))
        if self.entries is not None:
            return EntryFilter(entries=_present(self.entries))
        return EntryFilter(
            q=self.q,
            city=self.city,
            standing=self.standing or Standing.OPEN.value,
            code=self.code.value if self.code else "",
        )


class CodesWanted(_ForEntries):
    """For which entries new codes are made. Their earlier ones end."""

    form: Literal["screen", "letters", "sheet"] = Field(
        description="How they are handed over: at most 20, 1,000 or 100,000 entries."
    )


class RemindersWanted(_ForEntries):
    """Who is reminded to register."""

    form: Literal["mail", "letters", "sheet"] = Field(
        description="How it goes out: mails by themselves, at most 100,000; or a file of at most "
        "1,000 letters or 100,000 rows, to be taken."
    )


class RevocationWanted(_ForEntries):
    """Whose codes end."""


class Revoked(Shape):
    """What was ended."""

    codes: int


class MailingFacts(Shape):
    """How far codes or reminders are."""

    id: UUID
    act: str = Field(json_schema_extra={"enum": [*MailingAct.values]})
    form: str = Field(json_schema_extra={"enum": [*MailingForm.values]})
    state: str = Field(json_schema_extra={"enum": [*MailingState.values]})
    total: int
    done: int
    left_out: int = Field(
        description="Registered, or off the roster, before their turn came; by mail, those too who "
        "were reminded by mail within a day."
    )
    reason: str
    asked_by: UUID
    asked_at: datetime
    ready_at: datetime | None = Field(description="It is to be taken within a day from here.")
    ended_at: datetime | None


class CodeShown(Shape):
    """A code, in the only answer that has it."""

    entry: UUID
    name: str
    code: str
    until: date = Field(description="The last day on which it can be used.")


class Taken(Shape):
    """What was made, handed over once and then wiped: `codes`, or a file."""

    codes: list[CodeShown] | None
    content_type: str | None
    content: str | None = Field(
        description="The file, in Base64: letters as PDF, or the sheet for a mail merge as CSV, "
        "whose `valid_until_date` is the last day of a code."
    )


class _BeginningView(InsideView):
    """Where a mailing is asked for."""

    rights: ClassVar = {"POST": _ISSUE}
    act: ClassVar[MailingAct]

    def begin(self, slug: str, model: type[CodesWanted | RemindersWanted]) -> HttpResponse:
        """Have what the body asks for made, once."""
        with self.inside(slug, _ISSUE) as contract:
            wanted = self.read(model)
            return self.once(lambda: self._begin(contract, wanted))

    def _begin(
        self, contract: ActiveContract, wanted: CodesWanted | RemindersWanted
    ) -> HttpResponse:
        """Have a worker make it, and answer where it is."""
        asked = Asked(
            act=self.act,
            form=MailingForm(wanted.form),
            chosen=wanted.chosen(),
            reason=wanted.reason,
            request_key=uuid7(),
            seen=newest_codes(),
        )
        made = begin_mailing(asked=asked, by=self.staff.user.pk, at=self.at)
        tell_after(make_mailing, made.pk)
        location = f"/api/v1/contracts/{contract.slug}/roster/mailings/{made.pk}/"
        facts = MailingFacts.model_validate(made)
        return answer(facts, status=202, headers={"Location": location})


class CodesView(_BeginningView):
    """`/api/v1/contracts/<slug>/roster/codes/`"""

    act = MailingAct.ISSUE

    @describe(
        "issue_codes",
        "Make registration codes for entries",
        takes=CodesWanted,
        gives=MailingFacts,
        tag=TAG,
        status=202,
        writes=True,
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Have codes made; once its mailing is ready, who asked takes them, one time."""
        return self.begin(slug, CodesWanted)


class RemindersView(_BeginningView):
    """`/api/v1/contracts/<slug>/roster/reminders/`"""

    act = MailingAct.REMIND

    @describe(
        "remind",
        "Remind providers to register",
        takes=RemindersWanted,
        gives=MailingFacts,
        tag=TAG,
        status=202,
        writes=True,
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Have reminders made; mails go by themselves, a file is taken one time."""
        return self.begin(slug, RemindersWanted)


class CodesRevocationView(InsideView):
    """`/api/v1/contracts/<slug>/roster/codes/revoke/`"""

    rights: ClassVar = {"POST": _ISSUE}

    @describe(
        "revoke_codes",
        "End the codes of entries",
        takes=RevocationWanted,
        gives=Revoked,
        tag=TAG,
        writes=True,
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        """End the codes that could still be used; who has begun with one cannot complete."""
        with self.inside(slug, _ISSUE):
            wanted = self.read(RevocationWanted)
            return self.once(lambda: self._revoke(wanted))

    def _revoke(self, wanted: RevocationWanted) -> HttpResponse:
        ended = revoke_codes(
            entries=find_entries(wanted.chosen(), at=self.at),
            reason=wanted.reason,
            by=self.staff.user.pk,
            at=self.at,
        )
        return answer(Revoked(codes=ended))


class MailingsView(InsideView):
    """`/api/v1/contracts/<slug>/roster/mailings/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe(
        "list_mailings",
        "Codes and reminders that were made, the newest first",
        gives=Listed[MailingFacts],
        tag=TAG,
        query=CURSOR,
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Return what was asked for, by pages and by systems, and how far it is."""
        with self.inside(slug, _VIEW):
            order = ("-asked_at", "-id")
            page = page_of(self.query(), Mailing.objects.all(), order, MailingFacts.model_validate)
            return answer_page(Listed[MailingFacts], page)


class MailingView(InsideView):
    """`/api/v1/contracts/<slug>/roster/mailings/<id>/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe("read_mailing", "How far codes or reminders are", gives=MailingFacts, tag=TAG)
    def get(self, request: Request, slug: str, mailing_id: UUID) -> HttpResponse:
        """Return a mailing; what it holds is taken apart."""
        with self.inside(slug, _VIEW):
            found = row_or_404(Mailing.objects.all(), mailing_id)
            return answer(MailingFacts.model_validate(found))


class MailingTakeView(InsideView):
    """`/api/v1/contracts/<slug>/roster/mailings/<id>/take/`"""

    rights: ClassVar = {"POST": _ISSUE}

    @describe(
        "take_mailing",
        "Take what was made, once",
        gives=Taken,
        tag=TAG,
        writes=True,
    )
    def post(self, request: Request, slug: str, mailing_id: UUID) -> HttpResponse:
        """Hand it over to who asked for it, and wipe it. Only the same key gets it once more."""
        with self.inside(slug, _ISSUE):
            mine = Mailing.objects.filter(asked_by=self.staff.user.pk)
            found = row_or_404(mine, mailing_id)
            return self.once(lambda: self._take(found))

    def _take(self, found: Mailing) -> HttpResponse:
        content = take_mailing(mailing_id=found.pk, by=self.staff.user.pk, at=self.at)
        if found.form == MailingForm.SCREEN:
            codes = [CodeShown.model_validate(one) for one in shown_codes(content)]
            return answer(Taken(codes=codes, content_type=None, content=None))
        kind, text = _TYPES[MailingForm(found.form)], base64.b64encode(content).decode()
        return answer(Taken(codes=None, content_type=kind, content=text))


def _present(keys: list[UUID]) -> tuple[str, ...]:
    """Return keys of entries as a filter has them. Raises Problem that names those without one."""
    if missing := set(missing_entries(keys)):
        errors = [
            FieldError(f"/entries/{place}", "There is no such entry.")
            for place, key in enumerate(keys)
            if key in missing
        ]
        raise Problem(422, "entries_unknown", "Not all of these entries exist.", errors=errors)
    return tuple(str(key) for key in keys)
