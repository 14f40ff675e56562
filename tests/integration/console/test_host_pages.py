"""Hosts and sender in the console and on the command line: how they stand, and asking again."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from contracts.console.hosts.probing import Found
from contracts.console.hosts.targets import HostTarget, list_targets, portal_target
from contracts.console.models import HostCheck, HostFinding
from contracts.console.services import host_checks
from contracts.console.services.host_checks import keep_finding
from contracts.console.tasks import check_reachability
from core.audit.models import AuditEvent
from core.common import clock
from core.common.probing.asking import Prober
from core.notifications.channels.standing import Standing
from core.notifications.services.sender_checks import SenderTarget, keep_failure, keep_standing
from core.notifications.states import SenderStanding
from core.staff.models import StaffRole
from tenants import registry
from tenants.context import ActiveContract
from tenants.models import Contract
from tests.integration.console.test_host_checks import LOST, OWN, PORTAL, READY, target
from tests.support.publishing import publish_change
from tests.support.staff import staff_client

pytestmark = pytest.mark.django_db
PAGE = "/staff/contracts/ms-um/hosts/"
LIST = "/staff/contracts/ms-um/go-live/"
RECORD = {"type": "CNAME", "name": "t._domainkey.example.org", "value": "t.dkim.amazonses.com"}


@pytest.fixture
def admin(contract_c: ActiveContract) -> Client:
    return staff_client(StaffRole.CONTRACT_ADMIN, contract_c)


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch) -> Callable[[Found], list[str]]:
    """Let every host be found the same; the names that are asked for are returned."""

    def find(found: Found) -> list[str]:
        asked: list[str] = []

        def probe(one: HostTarget, _prober: Prober) -> Found:
            asked.append(one.host)
            return found

        monkeypatch.setattr(host_checks, "probe_host", probe)
        return asked

    return find


def read(client: Client, page: str = PAGE) -> str:
    return client.get(page).content.decode()


def command(*words: str) -> str:
    out = StringIO()
    call_command("contract", "hosts", *words, stdout=out)
    return out.getvalue()


def own() -> SenderTarget:
    return SenderTarget("email", registry.get_contract("ms-um").document.brand.sender_address)


def test_the_page_says_of_each_host_what_was_found_and_what_to_do(
    admin: Client, settings: Settings
) -> None:
    settings.PORTAL_LINKS_WAIT_FOR_HOSTS = True
    assert read(admin).count("Nobody has asked it yet.") == 2
    at = clock.now() - timedelta(days=1)
    keep_finding(target(), Found(HostFinding.NO_NAME), at=at)
    page = read(admin)
    assert "The name has no address." in page
    assert f"Let the DNS have {OWN} as a CNAME of {PORTAL}" in page
    assert "Until it leads here its pages stand under" in page
    ends = clock.now() + timedelta(days=60, minutes=1)
    found = Found(HostFinding.READY, "", "203.0.113.9", ends)
    keep_finding(target(), found, at=clock.now())
    page = read(admin)
    assert "203.0.113.9" in page
    assert "in 60 days" in page
    assert "What was found before" in page
    assert "Until it leads here" not in page
    assert "good for 60 days more" in read(admin, LIST)


def test_a_certificate_that_ends_soon_wants_a_look(admin: Client) -> None:
    ends = clock.now() + timedelta(days=9, minutes=1)
    keep_finding(target(), Found(HostFinding.READY, "", "203.0.113.9", ends), at=clock.now())
    assert f"Renew the certificate of {OWN}." in read(admin)
    assert f"Renew the certificate of {OWN}." in read(admin, LIST)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Found(HostFinding.INSIDE), "leads to an address that is not public"),
        (Found(HostFinding.UNREACHABLE, "slow", "203.0.113.9"), "in time at 203.0.113.9."),
        (Found(HostFinding.CERTIFICATE, "expired"), "Its certificate is over."),
        (Found(HostFinding.CERTIFICATE, "unheard of"), "does not speak TLS as browsers do"),
        (Found(HostFinding.ELSEWHERE, "stranger", "203.0.113.9"), "else answers at 203.0.113.9."),
        (Found(HostFinding.ELSEWHERE, "fault"), "See to the server that answers"),
    ],
)
def test_each_finding_has_a_sentence(admin: Client, found: Found, said: str) -> None:
    keep_finding(target(), found, at=clock.now())
    assert said in read(admin)


def test_what_was_found_for_another_contract_is_not_shown(admin: Client) -> None:
    """A host moved to this contract: whether it leads here for it nobody knows yet."""
    keep_finding(target(), READY, at=clock.now())
    other = Contract.objects.get(slug="wv-bh")
    HostCheck.objects.filter(host=OWN).update(contract=other)
    assert "Nobody has asked it yet." in read(admin)


def test_check_now_asks_this_contracts_hosts_and_is_counted(
    admin: Client, finds: Callable[[Found], list[str]]
) -> None:
    publish_change("ms-um", hosts={"primary": OWN, "redirects": ["old.providers.example"]})
    asked = finds(READY)
    for _ in range(2):
        page = admin.post(f"{PAGE}check/", follow=True).content.decode()
        assert "They were asked just now." in page
    assert sorted(asked) == sorted([OWN, "old.providers.example", PORTAL] * 2)
    page = admin.post(f"{PAGE}check/", follow=True).content.decode()
    assert "They were asked a moment ago." in page
    assert len(asked) == 6
    event = AuditEvent.objects.filter(event_type="hosts.check_asked").last()
    assert event is not None
    assert event.contract_id == registry.get_contract("ms-um").id


def test_who_only_looks_has_no_button(contract_c: ActiveContract) -> None:
    auditor = staff_client(StaffRole.AUDITOR, contract_c)
    assert "Check now" not in read(auditor)
    assert auditor.post(f"{PAGE}check/").status_code == 403


def test_the_records_that_the_dns_needs_are_shown_until_they_are_there(
    admin: Client, settings: Settings
) -> None:
    settings.PORTAL_CHANNELS = {}
    facts = {"identity": "example.org", "records": [RECORD]}
    keep_standing(own(), Standing(SenderStanding.PENDING, facts), at=clock.now())
    page = read(admin)
    assert "t._domainkey.example.org" in page
    assert "in the contract&#x27;s name" in page
    assert "is not verified for sending yet" in read(admin, LIST)
    later = clock.now() + timedelta(minutes=1)
    keep_standing(own(), Standing(SenderStanding.VERIFIED, facts), at=later)
    page = read(admin)
    assert "is verified and signs (DKIM)" in page
    assert "t._domainkey.example.org" not in page


def test_number_and_flow_are_told_as_the_provider_has_them(
    admin: Client, settings: Settings
) -> None:
    settings.PORTAL_CHANNELS = {}
    settings.AWS_SMS_ORIGINATION = settings.AWS_CONNECT_SOURCE_NUMBER = "+18005550100"
    settings.AWS_CONNECT_CONTACT_FLOW_ID = "flow-1"
    text, flow = SenderTarget("sms", "+18005550100"), SenderTarget("voice", "flow-1")
    keep_failure(text, "AccessDeniedException", at=clock.now())
    page = read(admin)
    assert "(sms-voice:DescribePhoneNumbers): the answer was AccessDeniedException." in page
    status = {"status": "active, saved"}
    keep_standing(flow, Standing(SenderStanding.PENDING, status), at=clock.now())
    keep_standing(text, Standing(SenderStanding.VERIFIED), at=clock.now())
    page = read(admin, LIST)
    assert "the provider has the contact flow as active, saved" in page
    assert "the provider has the number as ready" in page
    settings.AWS_CONNECT_CONTACT_FLOW_ID = ""
    assert "The deployment names none." in read(admin)


def test_the_scheduled_task_asks_what_is_due(finds: Callable[[Found], list[str]]) -> None:
    asked = finds(READY)
    assert check_reachability() == len(asked) > 2
    assert check_reachability() == 0


def test_a_contract_without_a_document_has_nothing_to_ask(admin: Client) -> None:
    Contract.objects.filter(slug="ms-um").update(revision=None, state="provisioning")
    assert "Nothing is published yet" in read(admin)


def test_operators_see_every_host_what_does_not_lead_here_first() -> None:
    operator = staff_client(StaffRole.OPERATOR)
    overview = "/staff/operations/"
    assert "not lead here" not in read(operator, overview)
    portal = next(one for one in list_targets() if one.host == PORTAL)
    keep_finding(portal, READY, at=clock.now())
    keep_finding(target(), LOST, at=clock.now())
    page = read(operator, "/staff/operations/hosts/")
    assert page.index("Nobody answers in time.") < page.index("It leads here.")
    assert 'href="/staff/contracts/ms-um/hosts/"' in page
    assert "host does not lead here, or soon" in read(operator, overview)


# --- contract hosts -------------------------------------------------------------------------------


def test_the_command_says_how_it_stands_and_ends_so(
    finds: Callable[[Found], list[str]], settings: Settings
) -> None:
    assert "look  ms-um.providers.example: Nobody has asked it yet." in command("ms-um")
    asked = finds(LOST)
    with pytest.raises(SystemExit) as ended:
        command("ms-um", "--check", "--exit-code")
    assert (ended.value.code, sorted(asked)) == (3, sorted([OWN, PORTAL]))
    said: dict[str, Any] = json.loads(command("ms-um", "--json"))
    (result,) = said["results"]
    hosts = {one["host"]: one for one in result["hosts"]}
    assert hosts[OWN]["ready"] is False
    assert (hosts[OWN]["finding"], hosts[OWN]["detail"]) == ("unreachable", "slow")
    assert hosts[OWN]["todo"].startswith("See that what stands before the portal")
    assert {one["channel"] for one in result["senders"]} == {"email", "sms", "voice"}
    finds(READY)
    command("ms-um", "--check", "--exit-code")
    settings.PORTAL_CHANNELS = {}
    facts = {"identity": "example.org", "records": [RECORD]}
    keep_standing(own(), Standing(SenderStanding.PENDING, facts), at=clock.now())
    assert f"{RECORD['name']} CNAME {RECORD['value']}" in command("ms-um")


def test_there_has_to_be_such_a_contract() -> None:
    with pytest.raises(CommandError, match="There is no contract nobody"):
        command("nobody")


def test_the_page_waits_for_the_answer_that_was_asked_for(admin: Client) -> None:
    def asked(ago: timedelta) -> str:
        return read(admin, f"{PAGE}?asked={int((clock.now() - ago).timestamp())}")

    page = asked(timedelta(seconds=5))
    assert "They are being asked." in page
    assert 'hx-trigger="every 2s"' in page
    page = asked(timedelta(minutes=2))
    assert "Not every answer is in yet." in page
    assert "hx-trigger" not in page
    portal = portal_target()
    assert portal is not None
    for one in [*list_targets("ms-um"), portal]:
        keep_finding(one, READY, at=clock.now() - timedelta(minutes=5))
    assert "They are being asked." in asked(timedelta(seconds=5))  # found, but before
    for one in list_targets("ms-um"):
        keep_finding(one, READY, at=clock.now())
    assert "They are being asked." in asked(timedelta(seconds=5))  # the portal host is out
    keep_finding(portal, READY, at=clock.now())
    assert "They were asked just now." in asked(timedelta(seconds=5))
    for wrong in ("", "x", "9" * 30, "-1"):
        assert "being asked" not in read(admin, f"{PAGE}?asked={wrong}")
