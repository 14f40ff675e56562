"""Somebody signed in adds a provider to the account, in the same or another contract."""

from urllib.parse import urlsplit

import pytest

from contracts.evidence.models import EvidenceRecord
from contracts.registration.models import Journey as JourneyRow
from contracts.registration.models import PendingRegistration, TermsAcceptance
from contracts.roster.models import RosterEntry
from core.accounts.models import ContractAccess, User
from core.audit.models import AuditEvent
from core.common.clock import now
from core.common.ids import uuid7
from core.groups.models import Membership, Provider, ProviderGroup
from core.mfa.models import Factor
from core.notifications.models import LocalMessage
from tenants.context import contract_context
from tenants.registry import get_contract
from tests.integration.registration.journeys import (
    CLAIMS,
    Browser,
    Journey,
    acceptance,
    text_of,
)
from tests.support.people import PHONE
from tests.support.publishing import publish_methods

pytestmark = pytest.mark.django_db

_ADDRESS = "dana.reed@clinic.example.org"


@pytest.fixture
def signed_in() -> Browser:
    """Return the browser of somebody who registered, and is signed in."""
    journey = Journey("wv-bh").start().inform().submit()
    journey.follow()
    journey.prove_email()
    return journey.client


def _other_claim() -> dict[str, str]:
    with contract_context(get_contract("wv-bh")):
        entry = (
            RosterEntry.objects.exclude(identifier=CLAIMS["wv-bh"]["identifier"])
            .exclude(code="")
            .filter(identifier_type="npi", ends_on=None, starts_on__lt="2020-01-01")
            .first()
        )
        assert entry is not None
        return {"identifier": entry.identifier, "code": entry.code}


def test_a_second_identifier_joins_the_same_group_without_asking_for_terms_again(
    signed_in: Browser,
) -> None:
    found = signed_in.post("/wv-bh/providers/add/", _other_claim())
    page = signed_in.get(found["Location"])
    assert "Terms of use agreement" not in text_of(page)
    done = signed_in.post(found["Location"])
    assert done["Location"] == f"{found['Location']}done/"
    assert "added to your account" in text_of(signed_in.get(done["Location"]))
    assert Provider.objects.count() == 2
    assert ProviderGroup.objects.count() == Membership.objects.count() == 1
    with contract_context(get_contract("wv-bh")):
        assert EvidenceRecord.objects.count() == 2
    assert AuditEvent.objects.filter(event_type="provider.added").count() == 1


def test_another_contract_is_found_from_the_portal_host_and_asks_for_its_terms(
    signed_in: Browser,
) -> None:
    found = signed_in.post("/providers/add/", CLAIMS["ms-um"])
    assert found["Location"].startswith("/ms-um/providers/add/")
    assert "Terms of use agreement" in text_of(signed_in.get(found["Location"]))
    digest = acceptance("ms-um")["terms_digest"]
    refused = signed_in.post(found["Location"], {"terms_digest": digest})
    assert "tick that you agree" in text_of(refused)
    assert Provider.objects.count() == 1
    signed_in.post(found["Location"], acceptance("ms-um"))
    slugs = ContractAccess.objects.values_list("contract__slug", flat=True)
    assert set(slugs) == {"wv-bh", "ms-um"}
    assert TermsAcceptance.objects.count() == 2


def test_confirming_twice_adds_once(signed_in: Browser) -> None:
    found = signed_in.post("/wv-bh/providers/add/", _other_claim())
    for _ in range(2):
        assert signed_in.post(found["Location"]).status_code == 302
    assert Provider.objects.count() == 2


def test_what_is_registered_is_not_added_and_wrong_numbers_are_refused(signed_in: Browser) -> None:
    taken = signed_in.post("/wv-bh/providers/add/", CLAIMS["wv-bh"])
    assert taken["Location"].endswith("/join/")
    assert Provider.objects.count() == 1
    wrong = signed_in.post("/wv-bh/providers/add/", {**CLAIMS["wv-bh"], "code": "0000000001"})
    assert "could not register" in text_of(wrong)


def test_only_signed_in_people_add_and_only_to_their_own_account(signed_in: Browser) -> None:
    assert "next=" in Browser().get("/providers/add/")["Location"]
    found = signed_in.post("/wv-bh/providers/add/", _other_claim())
    stranger = User.objects.create(username="s", email="s@example.org", password="!")
    other = Browser()
    other.force_login(stranger)
    other.post(found["Location"], acceptance("wv-bh"))
    assert Provider.objects.count() == 1


def test_the_mail_to_the_owner_of_an_address_leads_to_the_addition(signed_in: Browser) -> None:
    Journey("va-dmas").start().inform(username="dana2").submit()
    path = urlsplit(LocalMessage.objects.filter(to=_ADDRESS).latest("sent_at").link).path
    assert "Meridian Home Care" in text_of(signed_in.get(path))
    found = signed_in.post(path)
    assert "Meridian Home Care" in text_of(signed_in.get(found["Location"]))
    done = signed_in.post(found["Location"], acceptance("va-dmas"))
    assert done["Location"].endswith("/done/")
    added = Provider.objects.get(contract__slug="va-dmas")
    assert f"/setup/providers/{added.id}/" in signed_in.get(done["Location"]).content.decode()
    assert PendingRegistration.objects.get(contract__slug="va-dmas").state == "superseded"
    assert Provider.objects.filter(contract__slug="va-dmas").exists()
    assert User.objects.count() == 1


def test_opening_that_mail_changes_nothing_and_pressing_twice_takes_it_up_once(
    signed_in: Browser,
) -> None:
    Journey("va-dmas").start().inform(username="dana2").submit()
    path = urlsplit(LocalMessage.objects.filter(to=_ADDRESS).latest("sent_at").link).path
    events = AuditEvent.objects.count()
    journeys = JourneyRow.objects.filter(purpose="add_provider")
    for _ in range(2):
        assert signed_in.get(path).status_code == 200
        assert signed_in.head(path).status_code == 200
    assert (AuditEvent.objects.count(), journeys.count()) == (events, 0)
    pages = {signed_in.post(path)["Location"] for _ in range(2)}
    assert (len(pages), journeys.count()) == (1, 1)


def test_nobody_else_takes_up_that_registration(signed_in: Browser) -> None:
    Journey("va-dmas").start().inform(username="xyz", email="x@example.org").submit()
    pending = PendingRegistration.objects.get(contract__slug="va-dmas")
    for answer in (signed_in.get, signed_in.post):
        shown = answer(f"/va-dmas/providers/add/claim/{pending.id}/")
        assert shown["Location"] == "/va-dmas/providers/add/?ended=1"


def test_a_provider_that_somebody_else_registers_just_now_is_not_added(
    signed_in: Browser,
) -> None:
    Journey("va-dmas").start().inform(username="other", email="other@example.org").submit()
    found = signed_in.post("/va-dmas/providers/add/", CLAIMS["va-dmas"])
    answer = signed_in.post(found["Location"], acceptance("va-dmas"))
    assert "could not register" in text_of(answer)
    assert not Provider.objects.filter(contract__slug="va-dmas").exists()
    reasons = AuditEvent.objects.filter(event_type="registration.refused")
    assert reasons.latest("at").result == "reserved"


def test_signed_in_people_are_led_from_register_to_add(signed_in: Browser) -> None:
    assert signed_in.get("/wv-bh/register/")["Location"] == "/wv-bh/providers/add/"


@pytest.mark.parametrize(
    ("methods", "has_phone", "next_step"),
    [
        (("totp", "passkey"), True, "Your account has none of that yet"),
        (("phone",), False, "Your account has none of that yet"),
        (("phone",), True, "We have the following number on record"),
    ],
)
def test_a_program_that_does_not_accept_the_factor_asks_for_one_and_adds_nothing(
    signed_in: Browser, methods: tuple[str, ...], has_phone: bool, next_step: str
) -> None:
    if has_phone:
        user, at = User.objects.get(), now()
        Factor.objects.create(user=user, kind="phone", phone=PHONE, verified_at=at, created_at=at)
    found = signed_in.post("/ms-um/providers/add/", CLAIMS["ms-um"])["Location"]
    publish_methods("ms-um", *methods)
    for answer in (signed_in.get(found), signed_in.post(found, acceptance("ms-um"))):
        assert answer["Location"].startswith("/ms-um/step-up/?next=")
        page = text_of(signed_in.get(answer["Location"]))
        assert "Mississippi UM Program asks for" in page
        assert next_step in page
    assert not Provider.objects.filter(contract__slug="ms-um").exists()
    assert not TermsAcceptance.objects.filter(contract__slug="ms-um").exists()
    assert JourneyRow.objects.get(contract__slug="ms-um").provider_id is None


def test_the_mailed_page_says_why_to_sign_in_whoever_opens_it() -> None:
    for pending_id in (uuid7(), uuid7()):
        page = Browser().get(f"/ms-um/providers/add/claim/{pending_id}/", follow=True)
        assert "Login options" in text_of(page)
        assert "Sign in to add your provider to your account." in text_of(page)


def test_the_mail_opened_again_says_that_the_provider_is_there_already(
    signed_in: Browser,
) -> None:
    Journey("va-dmas").start().inform(username="dana2").submit()
    pending = PendingRegistration.objects.get(username="dana2")
    claim = f"/va-dmas/providers/add/claim/{pending.id}/"
    found = signed_in.post(claim)
    signed_in.post(found["Location"], acceptance("va-dmas"))
    assert Provider.objects.filter(contract__slug="va-dmas").exists()
    for again in (signed_in.get(claim, follow=True), signed_in.post(claim, follow=True)):
        assert "is in your account already" in text_of(again)
        assert "Register new provider" not in text_of(again)
