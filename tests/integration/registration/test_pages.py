"""Pages that a registrant sees in less usual cases, and what the database itself refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from contracts.evidence.models import EvidenceRecord
from contracts.registration.kinds import LINK_KIND
from contracts.registration.models import Journey, PendingRegistration
from contracts.registration.views import journey as journey_pages
from contracts.registration.views import start as start_pages
from contracts.roster.models import RosterEntry
from contracts.roster.services.index import rebuild_index
from core.common.ids import uuid7
from core.notifications.models import OutboxMessage
from core.notifications.states import MessageStatus
from tenants.context import contract_context
from tenants.registry import get_contract
from tests.integration.registration.journeys import CLAIMS, Browser, acceptance, person, text_of
from tests.integration.registration.journeys import Journey as Walk

pytestmark = pytest.mark.django_db


def _give_another_program_the_same_numbers() -> None:
    with contract_context(get_contract("ms-um")):
        RosterEntry.objects.filter(identifier=CLAIMS["wv-bh"]["identifier"]).update(
            code=CLAIMS["wv-bh"]["code"]
        )
        rebuild_index()


def test_two_programs_with_the_same_numbers_are_chosen_from() -> None:
    _give_another_program_the_same_numbers()
    client = Browser()
    response = client.post("/register/", CLAIMS["wv-bh"])
    choose = response["Location"]
    assert choose.startswith("/register/choose/")
    page = client.get(choose)
    assert "Cedar Hollow Counseling" in text_of(page)
    assert "Copper Ridge Hospital" in text_of(page)
    chosen = Journey.objects.get(contract__slug="ms-um")
    assert f"/ms-um/register/{chosen.id}/provider/" in page.content.decode()
    assert client.get(f"/ms-um/register/{chosen.id}/provider/").status_code == 200
    assert Browser().get(choose)["Location"] == "/register/?ended=1"


@contextmanager
def _rows(slug: str) -> Iterator[None]:
    with contract_context(get_contract(slug)), transaction.atomic():
        yield


def test_a_contract_that_is_not_open_shows_the_contacts_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(start_pages, "is_open", lambda _document, _at: False)
    page = Browser().get("/wv-bh/register/")
    assert "Registration is not open" in text_of(page)
    assert "800-461-9371" in text_of(page)
    assert "<form" not in page.content.decode().partition("<main")[2].partition("</main>")[0]


def test_the_confirmation_says_when_mail_may_be_late(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk("wv-bh").start().inform().submit()
    path = f"{walk.path}confirmation/"
    assert "E-mail may be late" not in text_of(walk.client.get(path))
    monkeypatch.setattr(journey_pages, "late_or_back", lambda **_: (True, False))
    assert "E-mail may be late" in text_of(walk.client.get(path))


def test_the_confirmation_says_when_its_own_mail_came_back() -> None:
    walk = Walk("wv-bh").start().inform().submit()
    path = f"{walk.path}confirmation/"
    assert "The e-mail came back" not in text_of(walk.client.get(path))
    OutboxMessage.objects.filter(kind=LINK_KIND).update(status=MessageStatus.BOUNCED)
    assert "The e-mail came back" in text_of(walk.client.get(path))


def test_a_username_taken_between_information_and_terms_is_asked_again() -> None:
    walk = Walk("wv-bh").start().inform()
    Walk("ms-um").start().inform(email="other@clinic.example.org").submit()
    response = walk.client.post(f"{walk.path}terms/", acceptance("wv-bh"))
    assert "This username is taken" in text_of(response)
    assert f'action="{walk.path}information/"' in response.content.decode()
    assert 'value="Reed"' in response.content.decode()
    walk.inform(username="dreed2").submit()
    assert PendingRegistration.objects.filter(username="dreed2").exists()


def test_terms_must_be_accepted() -> None:
    walk = Walk("wv-bh").start().inform()
    response = walk.client.post(
        f"{walk.path}terms/", {"terms_digest": acceptance("wv-bh")["terms_digest"]}
    )
    assert "tick that you agree" in text_of(response)
    assert PendingRegistration.objects.count() == 0


def test_the_guide_and_what_to_have_ready_stand_beside_the_form() -> None:
    document = get_contract("wv-bh").document
    page = Browser().get("/wv-bh/register/").content.decode()
    assert str(document.contract.guide_url) in page
    assert all(
        text in page.replace("&#x27;", "'") for text in document.registration.before_you_start
    )


def _pending(**changes: object) -> PendingRegistration:
    information = {name: value for name, value in person().items() if name != "confirm_email"}
    at = timezone.now()
    return PendingRegistration(
        **{
            **information,
            "contract_id": get_contract("wv-bh").id,
            "unit_key": "1234567893",
            "identifier": "1234567893",
            "identifier_type": "npi",
            "roster_entry_id": uuid7(),
            "evidence": {},
            "terms_version": "1",
            "terms_sha256": "0" * 64,
            "terms_accepted_at": at,
            "reserved_until": at + timedelta(hours=1),
            "created_at": at,
            **changes,
        }
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "unheard_of"},
        {"state": "released"},
        {"state": "completed", "ended_at": timezone.now()},
        {"state": "link_used"},
        {"follow_id": uuid7()},
        {"token_digest": b"x" * 32},
        {"ended_at": timezone.now()},
    ],
    ids=" ".join,
)
def test_the_database_refuses_states_that_do_not_fit(changes: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        _pending(**changes).save()


@pytest.mark.parametrize("changes", [{"username": "other"}, {"unit_key": "2", "username": "DReed"}])
def test_the_database_reserves_unit_and_username(changes: dict[str, object]) -> None:
    _pending().save()
    with pytest.raises(IntegrityError), transaction.atomic():
        _pending(**changes).save()


def test_the_application_cannot_change_evidence() -> None:
    with _rows("wv-bh"):
        now = timezone.now()
        EvidenceRecord.objects.create(
            provider_id=uuid7(),
            account_id=uuid7(),
            roster_entry_id=uuid7(),
            family="program_id",
            way="identifier_and_code",
            steps=[],
            revision=1,
            decided_at=now,
            terms_version="1",
            terms_sha256="0" * 64,
            terms_accepted_at=now,
            recorded_at=now,
        )
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            EvidenceRecord.objects.update(family="other")
