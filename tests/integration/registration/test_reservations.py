"""A reservation ends on the second; a link's life and its mail follow the delivery."""

from datetime import timedelta

import pytest
from django.utils import timezone

from contracts.registration.models import Journey as JourneyRow
from contracts.registration.models import PendingRegistration
from contracts.registration.services.providers import proof_counts
from contracts.registration.tasks import release_expired
from contracts.roster.models import RosterEntry
from contracts.roster.services.codes import issue_codes
from core.accounts.models import LimitCount, User
from core.audit.models import AuditEvent
from core.notifications.models import LocalMessage
from tenants.context import contract_context
from tenants.registry import get_contract
from tests.integration.registration.journeys import Browser, Journey, is_refused, link_to, text_of

pytestmark = pytest.mark.django_db

_ADDRESS = "dana.reed@clinic.example.org"


def _end_reservation() -> None:
    PendingRegistration.objects.update(reserved_until=timezone.now())


def test_the_link_dies_on_the_second() -> None:
    Journey("wv-bh").start().inform().submit()
    pending = PendingRegistration.objects.get()
    assert pending.link_expires_at is not None
    sent_at = LocalMessage.objects.get(to=_ADDRESS).sent_at
    assert abs(pending.link_expires_at - sent_at - timedelta(minutes=20)) < timedelta(seconds=5)
    PendingRegistration.objects.update(link_expires_at=timezone.now())
    assert is_refused(link_to(_ADDRESS))


def test_the_token_is_stored_as_a_digest_only() -> None:
    Journey("wv-bh").start().inform().submit()
    token = link_to(_ADDRESS).rstrip("/").rpartition("/")[2]
    pending = PendingRegistration.objects.get()
    assert pending.token_digest is not None
    assert token.encode() not in bytes(pending.token_digest)
    assert len(bytes(pending.token_digest)) == 32


def test_the_task_releases_identifier_username_and_personal_data() -> None:
    journey = Journey("wv-bh").start().inform().submit()
    _end_reservation()
    release_expired.delay()
    pending = PendingRegistration.objects.get()
    assert (pending.state, pending.username, pending.email, pending.fax) == ("released", "", "", "")
    assert pending.token_digest is None
    assert AuditEvent.objects.filter(event_type="registration.released").count() == 1
    assert is_refused(link_to(_ADDRESS))
    assert "has ended" in text_of(journey.client.get(f"{journey.path}confirmation/"))
    Journey("wv-bh").start().inform().submit()
    assert PendingRegistration.objects.filter(state="submitted").count() == 1


def test_a_live_registration_is_not_released() -> None:
    Journey("wv-bh").start().inform().submit()
    release_expired.delay()
    assert PendingRegistration.objects.get().state == "submitted"


def test_an_ended_reservation_stands_in_nobodys_way_before_the_task_comes_round() -> None:
    Journey("wv-bh").start().inform().submit()
    _end_reservation()
    Journey("wv-bh").start().inform(email="new@clinic.example.org").submit()
    states = PendingRegistration.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == ["released", "submitted"]


def test_old_journeys_and_counts_are_deleted() -> None:
    Journey("wv-bh").start()
    JourneyRow.objects.update(expires_at=timezone.now())
    LimitCount.objects.update(window_ends_at=timezone.now())
    release_expired.delay()
    assert (JourneyRow.objects.count(), LimitCount.objects.count()) == (0, 0)


def test_a_used_link_whose_reservation_ended_completes_nothing() -> None:
    journey = Journey("wv-bh").start().inform().submit()
    journey.follow()
    _end_reservation()
    release_expired.delay()
    response = journey.client.post("/wv-bh/mfa/method/", {"method": "email"})
    assert "mfa/email" not in response.get("Location", "")
    assert User.objects.count() == 0


def test_a_new_link_after_the_first_was_used_takes_over() -> None:
    journey = Journey("wv-bh").start().inform().submit()
    journey.follow()
    Browser().post("/wv-bh/register/reset/", {"username": "dreed"})
    again = Journey("wv-bh")
    again.follow()
    again.prove_email()
    assert User.objects.get().username == "dreed"


def test_an_address_with_an_account_is_mailed_and_the_page_looks_the_same() -> None:
    first = Journey("wv-bh").start().inform().submit()
    first.follow()
    first.prove_email()
    fresh = Journey("va-dmas").start().inform(email="new@clinic.example.org", username="new")
    known = Journey("ms-um").start().inform(username="dana2")
    pages = []
    for journey in (fresh.submit(), known.submit()):
        page = text_of(journey.client.get(f"{journey.path}confirmation/"))
        pages.append(page.partition("until")[0])
    assert pages[0].replace("n•••••w", "d•••••d") == pages[1]
    mail = LocalMessage.objects.filter(to=_ADDRESS).latest("sent_at")
    assert "has an account already" in mail.text
    assert "/providers/add/claim/" in mail.link


def _issue_anew(*, revoke: bool = True) -> str:
    """Issue another code for the entry of the only registration under way."""
    with contract_context(get_contract("acentra-sample")):
        entry = RosterEntry.objects.filter(id=PendingRegistration.objects.get().roster_entry_id)
        (new,) = issue_codes(entries=entry, by=None, at=timezone.now(), revoke=revoke)
    return new.code


def test_a_code_issued_anew_frees_what_its_predecessor_reserved() -> None:
    first = Journey("acentra-sample").start().inform().submit()
    first.follow()
    code = _issue_anew()
    Journey("acentra-sample").start(code=code).inform(email="new@clinic.example.org").submit()
    states = PendingRegistration.objects.order_by("id").values_list("state", "email")
    assert list(states) == [("released", ""), ("submitted", "new@clinic.example.org")]
    assert "has ended" in text_of(first.client.get(f"{first.path}confirmation/"))


def test_a_further_code_leads_back_to_what_one_that_works_reserved() -> None:
    Journey("acentra-sample").start().inform().submit()
    Journey("acentra-sample").start(code=_issue_anew(revoke=False))
    pending = PendingRegistration.objects.get()
    assert (pending.state, pending.email) == ("submitted", _ADDRESS)
    assert JourneyRow.objects.latest("created_at").pending_id == pending.id


def test_a_proof_counts_while_its_entry_is_in_force() -> None:
    Journey("wv-bh").start().inform().submit()
    contract, pending = get_contract("wv-bh"), PendingRegistration.objects.get()
    assert proof_counts(contract, pending, at=timezone.now())
    with contract_context(contract):
        RosterEntry.objects.filter(id=pending.roster_entry_id).update(removed_at=timezone.now())
    assert not proof_counts(contract, pending, at=timezone.now())
