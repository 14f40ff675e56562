"""A provider is registered in each program, from the first page to the account."""

from datetime import UTC, datetime

import pytest

from contracts.evidence.models import EvidenceRecord
from contracts.registration.models import PendingRegistration, TermsAcceptance
from contracts.roster.models import RosterEntry
from core.accounts.models import ContractAccess, User
from core.audit.models import AuditEvent
from core.groups.models import Membership, Provider, Role
from core.notifications.models import LocalMessage
from tenants.context import contract_context
from tenants.registry import get_contract
from tests.integration.registration.journeys import (
    CLAIMS,
    Browser,
    Journey,
    is_refused,
    link_to,
    person,
    text_of,
)

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("slug", CLAIMS)
def test_each_program_registers_a_provider(slug: str) -> None:
    journey = Journey(slug).start().inform().submit()
    journey.follow()
    journey.prove_email()

    contract = get_contract(slug)
    user = User.objects.get(username="dreed")
    provider = Provider.objects.get(contract_id=contract.id)
    assert (user.email, user.fax, user.state) == (
        "dana.reed@clinic.example.org",
        "+13045550124",
        "WV",
    )
    membership = Membership.objects.get(user=user)
    assert (membership.group_id, membership.role) == (provider.group_id, Role.GROUP_ADMIN)
    assert ContractAccess.objects.filter(user=user, contract_id=contract.id).exists()
    pending = PendingRegistration.objects.get()
    assert (pending.state, pending.account_id) == ("completed", user.id)
    assert TermsAcceptance.objects.get(account=user).sha256 == pending.terms_sha256
    with contract_context(contract):
        evidence = EvidenceRecord.objects.get()
        assert (evidence.account_id, evidence.provider_id) == (user.id, provider.id)
        assert evidence.family == contract.document.registration.rule.family
        assert all(step["passed"] for step in evidence.steps)


@pytest.mark.parametrize("change", [{"removed_at": START}, {"ends_on": START.date()}])
def test_a_provider_that_left_the_roster_meanwhile_is_not_registered(
    change: dict[str, object],
) -> None:
    journey = Journey("wv-bh").start().inform().submit()
    journey.follow()
    with contract_context(get_contract("wv-bh")):
        RosterEntry.objects.filter(identifier="1234567893").update(**change)
    with pytest.raises(AssertionError, match="no longer on the program"):
        journey.prove_email()
    assert not Provider.objects.exists()
    assert not User.objects.filter(username="dreed").exists()
    assert PendingRegistration.objects.get().state == "link_used"


def test_the_completed_registration_is_told_to_the_address_on_file() -> None:
    journey = Journey("wv-bh").start().inform().submit()
    journey.follow()
    journey.prove_email()
    notice = LocalMessage.objects.get(to="office000@wv-bh.example.org")
    assert "Cedar Hollow Counseling" in notice.text
    assert "Dana" not in notice.text


def test_every_step_leaves_an_audit_event() -> None:
    journey = Journey("wv-bh").start().inform().submit()
    journey.follow()
    journey.prove_email()
    recorded = set(AuditEvent.objects.values_list("event_type", flat=True))
    assert recorded >= {
        "registration.started",
        "registration.submitted",
        "registration.link_followed",
        "registration.completed",
        "account.created",
        "provider.registered",
        "membership.granted",
    }
    contract_ids = AuditEvent.objects.filter(event_type__startswith="registration.")
    assert set(contract_ids.values_list("contract_id", flat=True)) == {get_contract("wv-bh").id}


def test_the_portal_host_finds_the_contract_by_identifier_and_code() -> None:
    response = Browser().post("/register/", CLAIMS["ms-um"])
    assert response["Location"].startswith("/ms-um/register/")


def test_the_provider_found_is_shown_by_name_and_place() -> None:
    journey = Journey("wv-bh").start()
    page = text_of(journey.client.get(f"{journey.path}provider/"))
    assert "Cedar Hollow Counseling" in page
    assert "Rowan Hill, WV" in page
    assert "Not you?" in page


def test_the_confirmation_masks_the_address_and_names_the_life_of_the_link() -> None:
    journey = Journey("wv-bh").start().inform().submit()
    page = text_of(journey.client.get(f"{journey.path}confirmation/"))
    assert "d•••••d@clinic.example.org" in page
    assert "dana.reed" not in page
    assert "20 minutes" in page


def test_the_link_page_does_nothing_on_get() -> None:
    journey = Journey("wv-bh").start().inform().submit()
    path = link_to("dana.reed@clinic.example.org")
    for _ in range(3):
        assert Browser().get(path).status_code == 200
        Browser().head(path)
    assert PendingRegistration.objects.get().state == "submitted"
    assert journey.follow().endswith("/mfa/method/")


def test_a_link_works_once_and_looks_then_like_an_unknown_one() -> None:
    journey = Journey("wv-bh").start().inform().submit()
    path = link_to("dana.reed@clinic.example.org")
    journey.follow()
    used = Browser().post(path)
    unknown = Browser().post("/wv-bh/register/link/" + "x" * 43 + "/")
    assert used["Location"] == unknown["Location"] == "/wv-bh/register/link-ended/"
    assert "Reset" in text_of(Browser().get(used["Location"]))


def test_another_contract_does_not_take_the_link() -> None:
    Journey("wv-bh").start().inform().submit()
    path = link_to("dana.reed@clinic.example.org").replace("/wv-bh/", "/va-dmas/")
    assert is_refused(path)


def test_sending_the_terms_twice_makes_one_registration_and_one_mail() -> None:
    journey = Journey("wv-bh").start().inform().submit()
    journey.submit()
    assert PendingRegistration.objects.count() == 1
    assert LocalMessage.objects.filter(to="dana.reed@clinic.example.org").count() == 1


def test_a_second_tab_is_led_to_the_registration_of_the_first() -> None:
    client = Browser()
    first = Journey("wv-bh", client).start().inform()
    second = Journey("wv-bh", client).start().inform(username="other", email="o@clinic.example.org")
    first.submit()
    second.submit()
    assert PendingRegistration.objects.get().username == "dreed"
    page = text_of(client.get(f"{second.path}confirmation/"))
    assert "d•••••d@clinic.example.org" in page


def test_two_tabs_with_two_programs_do_not_mix() -> None:
    client = Browser()
    one = Journey("wv-bh", client).start()
    two = Journey("ms-um", client).start()
    one.inform().submit()
    two.inform(username="dreed2", email="dana2@clinic.example.org").submit()
    slugs = PendingRegistration.objects.values_list("username", "contract__slug")
    assert dict(slugs) == {"dreed": "wv-bh", "dreed2": "ms-um"}


def test_the_back_button_keeps_what_was_typed() -> None:
    journey = Journey("wv-bh").start().inform()
    page = journey.client.get(f"{journey.path}information/").content.decode()
    assert 'value="dreed"' in page
    assert 'value="dana.reed@clinic.example.org"' in page
    assert 'value="304-555-0124"' in page


def test_pages_out_of_order_lead_to_the_right_one() -> None:
    journey = Journey("wv-bh").start()
    early = journey.client.get(f"{journey.path}terms/")
    assert early["Location"] == f"{journey.path}information/"
    not_yet = journey.client.get(f"{journey.path}confirmation/")
    assert not_yet["Location"] == f"{journey.path}provider/"
    journey.inform().submit()
    for page in ("provider", "information", "terms"):
        late = journey.client.get(f"{journey.path}{page}/")
        assert late["Location"] == f"{journey.path}confirmation/"


def test_a_journey_opens_in_its_own_browser_and_contract_only() -> None:
    journey = Journey("wv-bh").start()
    stranger = Browser().get(f"{journey.path}information/")
    assert stranger["Location"] == "/wv-bh/register/?ended=1"
    elsewhere = journey.path.replace("/wv-bh/", "/va-dmas/")
    assert journey.client.get(f"{elsewhere}information/").status_code == 302
    assert "start here again" in text_of(Browser().get("/wv-bh/register/?ended=1"))


def test_the_same_numbers_lead_back_while_the_registration_waits() -> None:
    Journey("wv-bh").start().inform().submit()
    returning = Journey("wv-bh").start()
    response = returning.client.get(f"{returning.path}provider/")
    assert response["Location"] == f"{returning.path}confirmation/"


def test_a_mistyped_address_is_corrected_and_the_old_one_told() -> None:
    Journey("wv-bh").start().inform(email="dana.red@clinic.example.org").submit()
    old_link = link_to("dana.red@clinic.example.org")
    again = Journey("wv-bh").start()
    right = "dana.reed@clinic.example.org"
    answers = {"email": right, "confirm_email": right}
    response = again.client.post(f"{again.path}address/", answers, follow=True)
    assert "We corrected the address" in text_of(response)
    assert is_refused(old_link)
    told = LocalMessage.objects.filter(to="dana.red@clinic.example.org").latest("sent_at")
    assert "no longer uses this address" in told.subject
    assert right not in told.text
    assert AuditEvent.objects.filter(event_type="registration.address_corrected").count() == 1
    again.follow(right)
    again.prove_email(right)
    assert User.objects.get().email == right


def test_a_corrected_address_ends_what_was_begun_with_the_old_link() -> None:
    stranger = Journey("wv-bh").start().inform(email="stranger@example.org").submit()
    stranger.follow("stranger@example.org")
    owner = Journey("wv-bh").start()
    right = "dana.reed@clinic.example.org"
    owner.client.post(f"{owner.path}address/", {"email": right, "confirm_email": right})
    response = stranger.client.post("/wv-bh/mfa/method/", {"method": "email"})
    assert User.objects.count() == 0
    assert "mfa/email" not in response.get("Location", "")


def test_resend_kills_the_older_link() -> None:
    journey = Journey("wv-bh").start().inform().submit()
    first = link_to("dana.reed@clinic.example.org")
    response = journey.client.post(f"{journey.path}resend/", follow=True)
    assert "We sent a new link" in text_of(response)
    assert is_refused(first)
    too_soon = journey.client.post(f"{journey.path}resend/", follow=True)
    assert "Please wait" in text_of(too_soon)


def test_reset_mails_a_new_link_and_answers_the_same_for_anybody() -> None:
    Journey("wv-bh").start().inform().submit()
    known = Browser().post("/wv-bh/register/reset/", {"username": "DReed"})
    unknown = Browser().post("/wv-bh/register/reset/", {"username": "nobody"})
    assert text_of(known) == text_of(unknown)
    assert LocalMessage.objects.filter(to="dana.reed@clinic.example.org").count() == 2


def test_the_information_page_asks_for_what_the_document_requires() -> None:
    journey = Journey("wv-bh").start()
    response = journey.client.post(f"{journey.path}information/", person(fax="", first_name=""))
    page = text_of(response)
    assert "Enter the fax." in page
    assert "Enter the first name." in page
    assert "<title>Error: Enter user information" in response.content.decode()
    assert 'value="Reed"' in response.content.decode()


def test_username_availability_is_told_inside_a_journey_only() -> None:
    Journey("wv-bh").start().inform().submit()
    journey = Journey("ms-um").start()
    ask = f"{journey.path}username/"
    assert "taken" in text_of(journey.client.get(ask, {"username": "dREED"}))
    assert "free" in text_of(journey.client.get(ask, {"username": "somebody"}))
    assert Browser().get(ask, {"username": "dreed"}).status_code == 302
    without_script = journey.client.post(
        f"{journey.path}information/", {**person(first_name=""), "check_username": "1"}
    )
    assert "This username is taken" in text_of(without_script)
    assert "Enter the first name" not in text_of(without_script)
    assert 'value="Reed"' in without_script.content.decode()


def test_a_reserved_username_is_refused_at_the_field() -> None:
    Journey("wv-bh").start().inform().submit()
    journey = Journey("ms-um").start()
    response = journey.client.post(f"{journey.path}information/", person(username="DReed"))
    assert "This username is taken" in text_of(response)


def test_terms_are_public_in_every_version() -> None:
    terms = get_contract("wv-bh").document.terms[0]
    page = text_of(Browser().get("/wv-bh/terms/"))
    assert terms.text[0].split()[0] in page
    assert terms.party.legal_name in page
    assert Browser().get(f"/wv-bh/terms/{terms.version}/").status_code == 200
    assert Browser().get("/wv-bh/terms/none-such/").status_code == 404
    assert "/wv-bh/terms/" in Browser().get("/terms/").content.decode()
