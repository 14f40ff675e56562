"""Codes, letters and reminders: made by a worker, handed over once, and nobody is left behind."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pypdf
import pytest
from django.db import connection
from django.test import Client

from contracts.registration.rules import Reason, evaluate
from contracts.roster.entries.finding import EntryFilter, Standing
from contracts.roster.mailings.states import MailingAct, MailingForm, MailingState
from contracts.roster.models import IssuedCode, Mailing, MailingLetter, MailingPiece, RosterEntry
from contracts.roster.selectors import entry_facts, list_codes
from contracts.roster.services.mailing_work import list_standing_still, work_on_mailing
from contracts.roster.services.mailings import (
    Asked,
    MailingAtWorkError,
    MailingMeanwhileError,
    NothingToTakeError,
    SentAlreadyError,
    TooManyFitError,
    begin_mailing,
    newest_codes,
    purge_mailings,
    take_mailing,
)
from core.audit.models import AuditEvent
from core.common import clock
from core.common.errors import DomainError
from core.common.ids import uuid7
from core.notifications.models import LocalMessage, OutboxMessage
from core.staff.models import StaffRole
from tenants import registry
from tenants.context import ActiveContract, contract_context
from tests.integration.roster.conftest import (
    LOCATION,
    NAMELESS_LOCATION,
    SECOND_LOCATION,
    WriteRoster,
    take,
    with_registration,
)
from tests.support.days import day_of
from tests.support.people import deliver_all
from tests.support.staff import staff_client
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
HERE = "/staff/contracts/acentra-sample/roster/"
ODD = "#set $x$ *b* _i_ <script>alert(1)</script> \u0645\u0631\u0643\u0632 \u65e5"
FORMULA = "=cmd|' /C calc'!A0"
BY = uuid7()
ROWS = [
    LOCATION | {"code": "", "name": ODD, "zip": "26500", "notice_email": "one@example.org"},
    SECOND_LOCATION | {"code": "", "name": FORMULA, "zip": "25301"},
    NAMELESS_LOCATION | {"code": ""},
]


@pytest.fixture
def inside(contract_b: ActiveContract, write_roster: WriteRoster) -> Iterator[ActiveContract]:
    with contract_context(contract_b):
        take(write_roster(ROWS))
        yield contract_b


@pytest.fixture
def operator() -> Client:
    return staff_client(StaffRole.OPERATOR)


def asked(form: MailingForm = MailingForm.SHEET, **other: Any) -> Asked:
    given = {
        "act": MailingAct.ISSUE,
        "form": form,
        "chosen": EntryFilter(standing=Standing.OPEN),
        "reason": "Ticket 7",
        "request_key": uuid7(),
        "seen": newest_codes(),
    }
    return Asked(**{**given, **other})


def begin(form: MailingForm = MailingForm.SHEET, **other: Any) -> Mailing:
    return begin_mailing(asked=asked(form, **other), by=BY, at=clock.now())


def finished(mailing: Mailing, *, at: datetime | None = None) -> Mailing:
    while work_on_mailing(mailing_id=mailing.id, at=at or clock.now()):
        continue
    mailing.refresh_from_db()
    return mailing


def taken(mailing: Mailing) -> bytes:
    return take_mailing(mailing_id=mailing.id, by=BY, at=clock.now())


def present_codes() -> Any:
    """Return the codes of the present entries: those of the sample's own are off the roster."""
    return IssuedCode.objects.filter(entry__removed_at=None)


def sheet(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def everything_stored() -> str:
    """Return all that the tables of mailings and codes hold, as text."""
    with connection.cursor() as cursor:
        texts = []
        for model in (Mailing, MailingLetter, MailingPiece, IssuedCode):
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {model._meta.db_table} t")
            texts += [text for (text,) in cursor.fetchall()]
        return " ".join(texts)


def test_a_sheet_is_in_postal_order_and_opens_what_it_names(inside: ActiveContract) -> None:
    mailing = finished(begin())
    rows = sheet(taken(mailing))
    assert [row["zip"] for row in rows] == ["25301", "25999", "26500"]
    assert rows[0]["name"] == f"'{FORMULA}"
    assert rows[2]["name"] == ODD
    for row in rows:
        entry = RosterEntry.objects.get(name=row["name"].lstrip("'"), removed_at=None)
        decision = evaluate(
            rule=inside.document.registration,
            identifier=entry.identifier or row["code"],
            code=row["code"],
            entry=entry_facts(entry),
            codes=list_codes([entry.id])[entry.id],
            on=day_of(),
            at=clock.now(),
        )
        assert decision.reason is Reason.ACCEPTED


def test_codes_are_never_stored_readable_and_wiped_once_taken(inside: ActiveContract) -> None:
    mailing = finished(begin())
    assert MailingPiece.objects.exists()
    assert not MailingLetter.objects.exclude(code_sealed=None).exists()
    before = everything_stored()
    codes = [row["code"] for row in sheet(taken(mailing))]
    after = everything_stored() + str(list(AuditEvent.objects.values_list("data")))
    for code in codes:
        for shown in (code, code.replace("-", "")):
            assert shown not in before + after
            assert shown.encode().hex() not in before + after
    assert not MailingPiece.objects.exists()
    with pytest.raises(NothingToTakeError):
        taken(mailing)
    letters = MailingLetter.objects.filter(mailing=mailing)
    assert {one.code_id for one in letters} == set(present_codes().values_list("id", flat=True))


def test_letters_are_tagged_and_show_names_as_text(inside: ActiveContract) -> None:
    reader = pypdf.PdfReader(io.BytesIO(taken(finished(begin(MailingForm.LETTERS)))))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-US"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert inside.name in str(reader.metadata.title if reader.metadata else "")
    pages = [page.extract_text() for page in reader.pages]
    assert len(pages) == 3
    assert FORMULA in pages[0]
    assert "Your registration code" in pages[0]
    assert "#set $x$ *b* _i_ <script>alert(1)</script>" in pages[2]
    assert "\u0645\u0631\u0643\u0632" in pages[2]
    support = inside.document.support[0]
    assert (support.phone or support.email or "") in pages[0]
    assert f"/{inside.slug}/register" in pages[0].replace("\n", "")


def test_the_same_page_asks_once_and_an_older_one_is_told(inside: ActiveContract) -> None:
    page = asked()
    first = begin_mailing(asked=page, by=BY, at=clock.now())
    again = begin_mailing(asked=page, by=BY, at=clock.now())
    assert again.id == first.id
    with pytest.raises(MailingMeanwhileError):
        begin(seen="")
    with pytest.raises(MailingAtWorkError):
        begin()
    finished(first)
    assert present_codes().count() == 3
    assert not list_standing_still(at=clock.now() + timedelta(hours=1)).exists()


def test_more_than_a_file_takes_are_refused(
    inside: ActiveContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        __import__("contracts.roster.services.mailings", fromlist=["MOST"]).MOST,
        MailingForm.LETTERS,
        2,
    )
    with pytest.raises(TooManyFitError), connection.cursor():
        begin(MailingForm.LETTERS)


def test_a_lost_worker_is_followed_and_issues_nothing_twice(
    inside: ActiveContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contracts.roster.services.mailing_work.AT_ONCE", 1)
    mailing, at = begin(), clock.now()
    assert work_on_mailing(mailing_id=mailing.id, at=at)
    codes = set(present_codes().values_list("id", flat=True))
    later = at + timedelta(minutes=2)
    assert [one.id for one in list_standing_still(at=later)] == [mailing.id]
    finished(mailing, at=later)
    assert codes < set(present_codes().filter(revoked_at=None).values_list("id", flat=True))
    assert len(sheet(taken(mailing))) == 3


def test_what_cannot_be_put_together_ends_at_last(
    inside: ActiveContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> bytes:
        raise RuntimeError

    monkeypatch.setattr("contracts.roster.services.mailing_work.content_of", broken)
    mailing = begin()
    for _ in range(6):
        try:
            finished(mailing)
        except RuntimeError:
            continue
    mailing.refresh_from_db()
    assert mailing.state == MailingState.FAILED
    assert not MailingLetter.objects.exclude(code_sealed=None).exists()


def test_codes_of_a_rule_that_ends_meanwhile_end_as_well(inside: ActiveContract) -> None:
    mailing = begin()
    rule = registry.get_contract("wv-bh").document.registration.rule
    with contract_context(with_registration(inside, rule=rule)):
        assert not work_on_mailing(mailing_id=mailing.id, at=clock.now())
        mailing.refresh_from_db()
        assert mailing.state == MailingState.FAILED
        assert not present_codes().exists()
        reminder = begin(MailingForm.MAIL, act=MailingAct.REMIND)  # nothing stands in its way
        assert reminder.state == MailingState.WORKING


def test_who_registered_or_left_meanwhile_is_left_out(inside: ActiveContract) -> None:
    mailing = begin()
    RosterEntry.objects.filter(name=FORMULA).update(removed_at=clock.now())
    mailing = finished(mailing)
    assert mailing.left_out == 1
    assert FORMULA not in [row["name"].lstrip("'") for row in sheet(taken(mailing))]


def test_what_nobody_takes_is_wiped_after_a_day(inside: ActiveContract) -> None:
    mailing = finished(begin())
    assert purge_mailings(at=clock.now()) == 0
    assert purge_mailings(at=clock.now() + timedelta(days=1)) == 1
    assert not MailingPiece.objects.exists()
    mailing.refresh_from_db()
    assert mailing.state == MailingState.GONE


def test_reminders_go_to_the_address_on_file_without_a_code(inside: ActiveContract) -> None:
    mailing = finished(begin(MailingForm.MAIL, act=MailingAct.REMIND))
    assert (mailing.state, mailing.total) == (MailingState.SENT, 1)
    deliver_all()
    (mail,) = LocalMessage.objects.filter(to="one@example.org")
    assert ODD in mail.text
    assert "<script>alert" not in mail.html
    assert not present_codes().exists()
    assert not OutboxMessage.objects.exclude(context={}).filter(kind="roster_reminder").exists()


def test_one_code_by_the_pages(operator: Client, inside: ActiveContract) -> None:
    entry = RosterEntry.objects.get(name=FORMULA)
    at = f"{HERE}entries/{entry.id}/"
    form = operator.get(f"{at}mailing/issue/").context["form"]
    sent = {"form": "screen", "reason": "Asked by phone", **hidden(form)}
    page = operator.post(f"{at}mailing/issue/", sent).headers["Location"]
    assert operator.post(f"{at}mailing/issue/", sent).headers["Location"] == page
    assert present_codes().count() == 1
    assert "Show once" in operator.get(page).content.decode()
    auditor = staff_client(StaffRole.AUDITOR, name="aud")
    assert "Show once" not in auditor.get(page).content.decode()
    assert auditor.post(f"{page}take/").status_code == 403
    other = staff_client(StaffRole.CONTRACT_ADMIN, inside, name="carla")
    assert other.post(f"{page}take/").status_code == 404
    shown = operator.post(f"{page}take/")
    assert "shown once" in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    assert operator.post(f"{page}take/").headers["Location"] == page
    assert "Handed over" in operator.get(page).content.decode()
    told = operator.get(at).content.decode()
    assert "Works" in told
    assert "New codes" in told


def hidden(form: Any) -> dict[str, str]:
    return {name: str(form.initial[name]) for name in ("request_key", "seen")}


def test_codes_are_revoked_for_one_and_for_a_filter(
    operator: Client, inside: ActiveContract
) -> None:
    finished(begin())
    entry = RosterEntry.objects.get(name=FORMULA)
    at = f"{HERE}entries/{entry.id}/"
    assert operator.post(f"{at}codes/revoke/", {"reason": ""}).status_code == 200
    assert operator.post(f"{at}codes/revoke/", {"reason": "Lost"}).headers["Location"] == at
    assert present_codes().filter(revoked_at=None).count() == 2
    evening = datetime(2026, 7, 1, 2, 30, tzinfo=UTC)  # still June where the portal is at home
    present_codes().exclude(revoked_at=None).update(revoked_at=evening)
    shown = operator.get(at).content.decode()
    assert "Codes revoked: Lost" in shown
    assert "Revoked on June 30, 2026" in shown
    answer = operator.post(f"{HERE}codes/revoke/", {"reason": "All new", "city": "cedar hollow"})
    assert answer.status_code == 302
    assert not present_codes().filter(revoked_at=None).exists()
    counts = AuditEvent.objects.filter(event_type="issued_code.revoked").order_by("id")
    assert [one.data["codes"] for one in counts] == [1, 2]


def test_a_rule_without_issued_codes_offers_none(operator: Client) -> None:
    here = HERE.replace("acentra-sample", "wv-bh")
    assert operator.get(f"{here}mailings/new/issue/").status_code == 404
    assert operator.get(f"{here}codes/revoke/").status_code == 404
    assert operator.get(f"{here}mailings/new/remind/").status_code == 200


def test_a_form_that_was_sent_already_asks_for_nothing_else(
    inside: ActiveContract, operator: Client
) -> None:
    first = begin_mailing(asked=(page := asked()), by=BY, at=clock.now())
    finished(first)
    for by, other in (
        (uuid7(), page),
        (BY, replace(page, form=MailingForm.LETTERS)),
        (BY, replace(page, chosen=EntryFilter(city="Cedar Hollow"))),
    ):
        with pytest.raises(SentAlreadyError):
            begin_mailing(asked=other, by=by, at=clock.now())
    sent = {"form": "sheet", "reason": "So", "request_key": str(page.request_key), "seen": ""}
    answer = operator.post(f"{HERE}mailings/new/issue/", sent)
    text = answer.content.decode()
    assert "was sent already" in text
    assert str(page.request_key) not in text
    assert Mailing.objects.get() == first


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_issue_once_and_a_file_is_taken_once(
    contract_b: ActiveContract, write_roster: WriteRoster
) -> None:
    with contract_context(contract_b):
        take(write_roster(ROWS))
        pages = [asked() for _ in range(3)]

    def ask(place: int) -> Mailing | DomainError:
        with contract_context(contract_b):
            try:
                return begin_mailing(asked=pages[place], by=BY, at=clock.now())
            except DomainError as error:
                return error

    (made,) = [one for one in at_once(3, ask) if isinstance(one, Mailing)]

    def work(_: int) -> None:
        with contract_context(contract_b):
            finished(made)

    at_once(3, work)

    def hand_over(_: int) -> bytes:
        with contract_context(contract_b):
            finished(made)
            try:
                return taken(made)
            except NothingToTakeError:
                return b""

    handed = [content for content in at_once(3, hand_over) if content]
    assert len(handed) == 1
    assert len(sheet(handed[0])) == 3
    with contract_context(contract_b):
        assert present_codes().count() == 3
