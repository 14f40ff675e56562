"""What staff write to an address on file about a request: by mail, or printed."""

import io
import re
from threading import Barrier
from typing import Any
from unittest import mock
from uuid import UUID

import pypdf
import pytest

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.common.errors import DomainError
from core.common.ids import uuid7
from core.groups.models import Provider, RecoveryRequest
from core.notifications.models import LocalMessage, OutboxMessage
from core.staff import letter_makers
from core.staff.letter_makers import PlainLetter
from core.staff.models import LetterChannel, RequestLetter, StaffRole
from core.staff.request_queue.sources import OnFile
from core.staff.services import request_letters
from core.staff.services.request_letters import (
    MOST_LETTERS,
    Writing,
    text_of,
    write_to_address_on_file,
)
from core.staff.services.requests_in_hand import QueuedRequest
from tenants.context import ActiveContract
from tests.integration.setup.conftest import dana, elm, head
from tests.integration.setup.test_recovery import ON_FILE, asked, filed
from tests.support.naive import fails_with
from tests.support.people import deliver_all
from tests.support.staff import make_staff, staff_client
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
__all__ = ["asked", "dana", "elm", "filed", "head"]
WORDS = "Somebody asks to administer Elm Clinic.\nPlease call us."
MAIL = {"to": "0", "channel": "mail", "words": WORDS}


def path_of(asked: RecoveryRequest) -> str:
    return f"/staff/requests/recovery/{asked.id}/write/"


def test_a_mail_goes_to_the_address_on_file_and_into_the_history(
    asked: RecoveryRequest, contract_a: ActiveContract
) -> None:
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_a)
    page = admin.get(f"/staff/recoveries/{asked.id}/").content.decode()
    assert path_of(asked) in page
    assert ON_FILE in admin.get(path_of(asked)).content.decode()
    without = admin.post(path_of(asked), {**MAIL, "words": ""}).content.decode()
    assert "Write what the address on file should read" in without
    shown = admin.post(path_of(asked), MAIL, follow=True).content.decode()
    assert "The mail is on its way" in shown
    assert "Please call us." in shown
    deliver_all()
    mail = LocalMessage.objects.get(to=ON_FILE)
    assert "Please call us." in mail.text
    letter = RequestLetter.objects.get()
    assert b"Elm" not in bytes(letter.sealed_text)
    assert text_of(letter).email == ON_FILE
    event = AuditEvent.objects.get(event_type="request.written")
    assert (event.contract_id, event.data["channel"]) == (contract_a.id, "mail")
    assert "Elm" not in str(event.data)


def test_a_letter_is_printed_by_who_may_see_the_request(
    asked: RecoveryRequest,
    filed: Provider,
    contract_a: ActiveContract,
    contract_b: ActiveContract,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[PlainLetter] = []

    def make(letter: PlainLetter) -> bytes:
        made.append(letter)
        return b"%PDF-1.7"

    Provider.objects.filter(pk=filed.pk).update(
        address_1="1 Elm Street", city="Rowan Hill", state="WV", zip="25900"
    )
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_a)
    letter = {**MAIL, "channel": "letter"}
    monkeypatch.setattr(letter_makers, "_makers", [])
    # Without anything that makes letters only mail is offered.
    assert "to be printed" not in admin.get(path_of(asked)).content.decode()
    assert admin.post(path_of(asked), letter).status_code == 200
    assert not RequestLetter.objects.exists()
    monkeypatch.setattr(letter_makers, "_makers", [make])
    shown = admin.post(path_of(asked), letter, follow=True).content.decode()
    written = RequestLetter.objects.get()
    url = f"/staff/requests/recovery/{asked.id}/letters/{written.id}.pdf"
    assert url in shown
    assert admin.get(url)["Content-Type"] == "application/pdf"
    assert made[0].lines == ("1 Elm Street", "Rowan Hill, WV 25900")
    assert made[0].words == WORDS.replace("\n", "\r\n") or made[0].words == WORDS
    assert not LocalMessage.objects.filter(to=ON_FILE).exists()
    foreign = staff_client(StaffRole.CONTRACT_ADMIN, contract_b, name="mia")
    assert foreign.get(url).status_code == 404
    assert foreign.get(path_of(asked)).status_code == 404
    auditor = staff_client(StaffRole.AUDITOR, name="ada")
    assert auditor.get(url).status_code == 200
    assert auditor.post(path_of(asked), MAIL).status_code == 403


def test_nobodys_letter_box_is_filled(asked: RecoveryRequest, contract_a: ActiveContract) -> None:
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_a)
    for _time in range(MOST_LETTERS):
        assert admin.post(path_of(asked), MAIL).status_code == 302
    assert "Call instead" in admin.post(path_of(asked), MAIL).content.decode()
    assert RequestLetter.objects.count() == MOST_LETTERS


def test_the_letter_is_on_the_programs_paper(
    asked: RecoveryRequest, filed: Provider, contract_a: ActiveContract
) -> None:
    Provider.objects.filter(pk=filed.pk).update(
        address_1="1 Elm Street", city="Rowan Hill", state="WV", zip="25900"
    )
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_a)
    admin.post(path_of(asked), {**MAIL, "channel": "letter"})
    written = RequestLetter.objects.get()
    pdf = admin.get(f"/staff/requests/recovery/{asked.id}/letters/{written.id}.pdf").content
    (page,) = pypdf.PdfReader(io.BytesIO(pdf)).pages
    text = page.extract_text()
    for words in ("Elm Clinic", "1 Elm Street", "Please call us.", contract_a.name):
        assert words in text
    assert "How to register" not in text


def writing(asked: RecoveryRequest, contract: ActiveContract, by: User, key: UUID) -> str:
    try:
        write_to_address_on_file(
            request=QueuedRequest("recovery", asked.id, contract.id),
            writing=Writing(OnFile("Elm Clinic", (), ON_FILE), LetterChannel.MAIL, WORDS, key),
            by=by,
            at=clock.now(),
        )
    except DomainError as error:
        return error.code
    return "written"


def test_a_form_that_is_sent_twice_sends_one_mail(
    asked: RecoveryRequest, contract_a: ActiveContract
) -> None:
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_a)
    shown = admin.get(path_of(asked)).content.decode()
    key = re.search(r'name="key" value="([0-9a-f-]+)"', shown)
    assert key is not None
    for _time in range(2):
        assert admin.post(path_of(asked), {**MAIL, "key": key.group(1)}).status_code == 302
    assert RequestLetter.objects.count() == 1
    assert OutboxMessage.objects.filter(kind="request_letter").count() == 1
    odd = admin.post(path_of(asked), {**MAIL, "key": "odd"})
    assert odd.status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_double_click_sends_one_mail(asked: RecoveryRequest, contract_a: ActiveContract) -> None:
    olive, key = make_staff(StaffRole.CONTRACT_ADMIN, contract_a), uuid7()
    came = at_once(4, lambda _place: writing(asked, contract_a, olive, key))
    assert came == ["written"] * 4
    assert RequestLetter.objects.count() == 1
    assert OutboxMessage.objects.filter(kind="request_letter").count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_who_write_at_once_do_not_fill_a_letter_box(
    asked: RecoveryRequest, contract_a: ActiveContract
) -> None:
    olive = make_staff(StaffRole.CONTRACT_ADMIN, contract_a)
    for _time in range(MOST_LETTERS - 1):
        writing(asked, contract_a, olive, uuid7())
    came = at_once(4, lambda _place: writing(asked, contract_a, olive, uuid7()))
    assert sorted(came) == ["written", *["written_often"] * 3]
    assert RequestLetter.objects.count() == MOST_LETTERS


@pytest.mark.django_db(transaction=True)
def test_counted_without_a_turn_all_of_them_would_write(
    asked: RecoveryRequest, contract_a: ActiveContract
) -> None:
    all_have_counted, write = Barrier(4), request_letters._write

    def write_late(*given: Any, **more: Any) -> RequestLetter:
        if RequestLetter.objects.count() == MOST_LETTERS - 1:
            all_have_counted.wait(timeout=30)
        return write(*given, **more)

    with mock.patch.object(request_letters, "_write", write_late):
        fails_with(
            "core.staff.services.request_letters.hold_turn",
            lambda *_given: None,
            lambda: test_many_who_write_at_once_do_not_fill_a_letter_box(asked, contract_a),
            where='sorted(came) == ["written"',
        )
