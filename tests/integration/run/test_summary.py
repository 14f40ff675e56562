"""What `make run` prints to try is what still can be tried."""

import pytest

from config.run.summary import summary
from contracts.registration.models import PendingRegistration
from contracts.registration.services.reservations import end_registrations
from contracts.registration.states import RegistrationState
from contracts.roster.models import RosterEntry
from core.common.clock import now
from tenants.context import contract_context
from tenants.registry import get_contract
from tests.integration.registration.journeys import CLAIMS, Journey

pytestmark = pytest.mark.django_db


def codes_printed() -> str:
    return summary(8000).partition("To try")[2]


def test_a_registration_that_was_used_is_not_printed_again() -> None:
    assert "0012345678" in codes_printed()
    journey = Journey("wv-bh").start().inform().submit()
    assert "0012345678" not in codes_printed(), "reserved"
    journey.follow()
    journey.prove_email()
    printed = codes_printed()
    assert "0012345678" not in printed, "registered"
    assert "0090000012" in printed
    assert "0012345702" in printed, "what is refused anyway can be tried again"


def test_a_registration_that_was_given_up_is_printed_again() -> None:
    Journey("wv-bh").start().inform().submit()
    pending = PendingRegistration.objects.get()
    end_registrations([pending], state=RegistrationState.RELEASED, at=now())
    assert "0012345678" in codes_printed()


def test_of_two_locations_with_one_name_the_free_one_is_printed() -> None:
    Journey("acentra-sample", host="localhost").start().inform().submit()
    printed = codes_printed()
    assert CLAIMS["acentra-sample"]["code"].replace("-", "") not in printed
    assert "W4HD8NPC3Z" in printed


def test_the_number_to_ask_a_code_for_has_none() -> None:
    with contract_context(get_contract("acentra-sample")):
        entry = RosterEntry.objects.get(identifier="1002000085")
        assert entry.notice_email
        assert not entry.issued_codes.exists()
    assert "1002000085" in codes_printed()


def test_the_old_hosts_that_redirect_are_named() -> None:
    assert "http://portal.kepro.com.localhost:8000/" in summary(8000)
