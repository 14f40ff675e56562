"""Staff release an identifier that is registered by mistake, or move it to another group."""

import re
from dataclasses import dataclass

import pytest
from django.test import Client

from contracts.roster.models import RosterEntry
from core.accounts.models import ContractAccess, User
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.models import Membership, Provider, ProviderStatus
from core.groups.services.giving_up import hand_over_provider, loss_of
from core.groups.services.roles import ChangedMeanwhileError
from core.notifications.models import LocalMessage
from core.staff.models import StaffRole
from tenants import registry
from tenants.context import ActiveContract, contract_context
from tests.integration.roster.conftest import CLINIC, NO_CODE, WriteRoster, take
from tests.support.people import deliver_all, make_person, make_provider
from tests.support.staff import staff_client
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db


@dataclass
class Registered:
    """Two providers of two groups, and the page of the first one's entry."""

    provider: Provider
    other: Provider
    mia: User
    noah: User
    page: str


@pytest.fixture
def registered(contract_a: ActiveContract, write_roster: WriteRoster) -> Registered:
    return furnish(contract_a, write_roster)


def furnish(contract: ActiveContract, write_roster: WriteRoster) -> Registered:
    with contract_context(contract):
        take(write_roster([CLINIC, NO_CODE]))
        entry = RosterEntry.objects.get(identifier=CLINIC["identifier"])
    mia, noah = make_person("mia"), make_person("noah", phone=None)
    mine = make_provider(mia, contract, identifier=CLINIC["identifier"])
    theirs = make_provider(noah, contract, identifier=NO_CODE["identifier"])
    Provider.objects.filter(pk=mine.pk).update(roster_entry_id=entry.id)
    page = f"/staff/contracts/wv-bh/roster/entries/{entry.id}/"
    return Registered(mine, theirs, mia, noah, page)


def opened(client: Client, path: str) -> dict[str, str]:
    html = client.get(path).content.decode()
    seen = re.search(r'name="seen" value="(\w+)"', html)
    assert seen is not None
    return {"seen": seen.group(1)}


def told(user: User) -> str:
    deliver_all()
    mails = LocalMessage.objects.filter(to=user.email, channel="email")
    return " ".join(mail.subject for mail in mails)


def test_an_identifier_is_released_with_a_reason(registered: Registered) -> None:
    client = staff_client(StaffRole.CONTRACT_ADMIN, registry.get_contract("wv-bh"))
    path = f"{registered.page}providers/{registered.provider.id}/release/"
    assert "Release …" in client.get(registered.page).content.decode()
    page = client.get(path).content.decode()
    assert "the group ends with it" in page
    assert "1 user loses a role here" in re.sub(r"\s+", " ", page)
    button = opened(client, path)
    assert "Enter the reason" in client.post(path, button).content.decode()
    done = client.post(path, {**button, "reason": "Registered by mistake"})
    assert done.headers["Location"] == registered.page
    registered.provider.refresh_from_db()
    assert registered.provider.status == ProviderStatus.ENDED
    assert "released by the program" in told(registered.mia)
    event = AuditEvent.objects.get(event_type="provider.released")
    assert event.data["reason"] == "Registered by mistake"
    shown = client.get(registered.page).content.decode()
    assert "Identifier released by staff: Registered by mistake" in shown
    assert client.get(path).status_code == 404


def test_a_provider_is_moved_to_the_group_that_is_named(registered: Registered) -> None:
    client = staff_client(StaffRole.OPERATOR)
    path = f"{registered.page}providers/{registered.provider.id}/move/"
    typed = {**opened(client, path), "reason": "Bought", "other": "1234567893"}
    assert "a provider of the same group" in client.post(path, typed).content.decode()
    typed["other"] = "1999999992"
    assert "Nobody is registered" in client.post(path, typed).content.decode()
    typed["other"] = registered.other.identifier
    asked = client.post(path, typed).content.decode()
    assert registered.noah.get_full_name() in asked
    registered.provider.refresh_from_db()
    assert registered.provider.group_id != registered.other.group_id
    done = client.post(path, {**typed, "to": str(registered.other.group_id)})
    assert done.headers["Location"] == registered.page
    registered.provider.refresh_from_db()
    assert registered.provider.group_id == registered.other.group_id
    assert registered.provider.status == ProviderStatus.ACTIVE
    assert not Membership.objects.filter(user=registered.mia, until=None).exists()
    access = ContractAccess.objects.filter(until=None)
    assert not access.filter(user=registered.mia).exists()
    assert access.filter(user=registered.noah).exists()
    assert "was moved by the program" in told(registered.mia)
    assert "moved to your group" in told(registered.noah)
    assert AuditEvent.objects.get(event_type="provider.moved").data["reason"] == "Bought"


def test_who_may_not(registered: Registered) -> None:
    path = f"{registered.page}providers/{registered.provider.id}/release/"
    assert staff_client(StaffRole.AUDITOR, name="aud").get(path).status_code == 403
    other = registry.get_contract("ms-um")
    stranger = staff_client(StaffRole.CONTRACT_ADMIN, other, name="carl")
    assert stranger.get(path).status_code == 404
    theirs = f"{registered.page}providers/{registered.other.id}/release/"
    assert staff_client(StaffRole.OPERATOR, name="oli").get(theirs).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_several_moves_at_once_one_is_made(
    contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    registered = furnish(contract_a, write_roster)
    seen = loss_of(registered.provider).version

    def act(_: int) -> bool:
        try:
            hand_over_provider(
                provider_id=registered.provider.id,
                to=registered.other.group_id,
                reason="Bought",
                seen=seen,
                by=registered.noah.id,
                at=clock.now(),
            )
        except ChangedMeanwhileError:
            return False
        return True

    assert at_once(3, act).count(True) == 1
    assert AuditEvent.objects.filter(event_type="provider.moved").count() == 1
