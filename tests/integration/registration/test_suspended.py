"""A program is taken out of service while people are on its pages: a clear page, nothing lost."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from contracts.registration import source
from contracts.registration.models import Journey as JourneyRow
from contracts.registration.models import PendingRegistration
from contracts.registration.services import completion
from contracts.roster.models import RosterEntry
from contracts.roster.services.index import rebuild_index
from core.accounts.models import User
from core.notifications.models import LocalMessage
from tenants import registry
from tenants.context import contract_context
from tenants.errors import UnknownContractError
from tests.integration.registration.journeys import (
    CLAIMS,
    PASSWORD,
    Browser,
    Journey,
    text_of,
)
from tests.support.publishing import suspend

pytestmark = pytest.mark.django_db

_ADDRESS = "dana.reed@clinic.example.org"


def _is_not_available(response: Any) -> bool:
    contact = registry.get_deployment().support[0]
    page = text_of(response)
    assert "This program is not available now" in page, (response.status_code, page)
    assert str(contact.email) in page
    assert response["Retry-After"]
    return bool(response.status_code == 503)


def _out_of_service() -> SimpleNamespace:
    """Return what a service sees of a contract that was suspended since the request began."""

    def gone(contract_id: UUID) -> None:
        raise UnknownContractError(str(contract_id))

    return SimpleNamespace(get_contract_by_id=gone)


@pytest.fixture
def signed_in() -> Browser:
    """Return the browser of somebody who registered and is signed in."""
    journey = Journey("wv-bh").start().inform().submit()
    journey.follow()
    journey.prove_email()
    return journey.client


def test_the_choice_leaves_out_a_suspended_program_and_says_so_when_none_is_left() -> None:
    with contract_context(registry.get_contract("ms-um")):
        same = RosterEntry.objects.filter(identifier=CLAIMS["wv-bh"]["identifier"])
        same.update(code=CLAIMS["wv-bh"]["code"])
        rebuild_index()
    client = Browser()
    choose = client.post("/register/", CLAIMS["wv-bh"])["Location"]
    suspend("ms-um")
    page = text_of(client.get(choose))
    assert "Cedar Hollow Counseling" in page
    assert "Copper Ridge Hospital" not in page
    suspend("wv-bh")
    assert _is_not_available(client.get(choose))
    assert JourneyRow.objects.count() == 2


def test_a_journey_of_a_suspended_program_is_kept(signed_in: Browser) -> None:
    signed_in.post("/providers/add/", CLAIMS["ms-um"])
    journey = JourneyRow.objects.get(account_id__isnull=False)
    suspend("ms-um")
    for path in (f"/providers/add/{journey.id}/", f"/wv-bh/providers/add/{journey.id}/"):
        assert _is_not_available(signed_in.get(path))
        assert _is_not_available(signed_in.post(path))
    journey.refresh_from_db()
    assert journey.provider_id is None


def test_a_claimed_registration_of_a_suspended_program_is_kept(signed_in: Browser) -> None:
    Journey("va-dmas").start().inform(username="dana2").submit()
    pending = PendingRegistration.objects.get(contract__slug="va-dmas")
    suspend("va-dmas")
    path = f"/providers/add/claim/{pending.id}/"
    assert _is_not_available(signed_in.get(path))
    assert _is_not_available(signed_in.post(path))
    pending.refresh_from_db()
    assert pending.is_live


def test_mfa_registration_goes_on_when_the_program_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    walk = Journey("wv-bh").start().inform().submit()
    page = walk.follow()
    with monkeypatch.context() as patched:
        patched.setattr(source, "registry", _out_of_service())
        assert _is_not_available(walk.client.get(page))
    assert walk.client.get(page).status_code == 200


def test_the_last_step_leaves_nothing_half_done_and_completes_when_the_program_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    walk = Journey("wv-bh").start().inform().submit()
    mfa = walk.follow().removesuffix("method/")
    walk.client.post(f"{mfa}method/", {"method": "email"})
    walk.client.post(f"{mfa}email/", {"action": "send", "email": _ADDRESS})
    code = LocalMessage.objects.exclude(code="").latest("sent_at").code
    walk.client.post(f"{mfa}email/", {"action": "verify", "code": code})
    password = {"password": PASSWORD, "confirmation": PASSWORD}
    with monkeypatch.context() as patched:
        patched.setattr(completion, "registry", _out_of_service())
        assert _is_not_available(walk.client.post(f"{mfa}password/", password))
    assert not User.objects.exists()
    assert PendingRegistration.objects.get().state == "link_used"
    assert walk.client.get(f"{mfa}password/").status_code == 302
    assert PendingRegistration.objects.get().account_id == User.objects.get().id
