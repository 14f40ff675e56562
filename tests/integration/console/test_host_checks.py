"""Whether hosts lead here: proven by an answer that nobody else has, kept, and told to links."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper as DatabaseWrapper
from django.test import Client
from pytest_django.fixtures import Settings

from contracts.console.hosts.probing import Found, default_prober, probe_host
from contracts.console.hosts.targets import HostTarget, list_targets
from contracts.console.models import HostCheck, HostFinding, HostRole
from contracts.console.services.host_checks import (
    READY_EVERY,
    check_due_hosts,
    check_hosts,
    keep_finding,
    purge_checks,
)
from contracts.console.services.publications import Wish, plan_publication
from contracts.console.tasks import carry_out_publication, check_new_hosts
from core.audit.models import AuditEvent
from core.common import clock
from core.common.probing.asking import Answer, Prober
from core.staff.models import StaffRole
from tenants import registry
from tenants.configuration.document import ContractDocument
from tenants.host_identity import IDENTITY, identity_of, is_identity
from tenants.models import Contract, Host
from tenants.routing import absolute_reverse
from tenants.states import ContractState
from tests.support.naive import fails_with
from tests.support.publishing import publish_change
from tests.support.staff import make_staff, staff_client
from tests.unit.configuration.documents import changed

pytestmark = pytest.mark.django_db
PORTAL, OWN, OLD = "atrezzo.acentra.com", "ms-um.providers.example", "old.providers.example"
READY, LOST = Found(HostFinding.READY), Found(HostFinding.UNREACHABLE, "slow")
NUMBER = "0123456789abcdef" * 2


@pytest.fixture(autouse=True)
def _in_production(settings: Settings) -> None:
    """Hosts have their own names, and links wait for them; TLS has tests of its own."""
    settings.PORTAL_LOCAL_HOSTS = False
    settings.PORTAL_LINKS_WAIT_FOR_HOSTS = True
    settings.PORTAL_PUBLIC_SCHEME = "http"


def target(host: str = OWN, slug: str | None = "ms-um") -> HostTarget:
    return next(one for one in list_targets(slug) if one.host == host)


class Portal(Prober):
    """The way to this portal, without a wire: through all of its middleware."""

    def ask(self, host: str, path: str) -> Answer:
        told = Client(headers={"host": host}).get(path)
        location = told.headers.get("Location", "")
        return Answer("203.0.113.9", told.status_code, location, told.content, None)


@dataclass(frozen=True)
class Says(Prober):
    """A host that always answers the same."""

    status: int = 200
    location: str = ""
    body: bytes = b""

    def ask(self, host: str, path: str) -> Answer:
        return Answer("203.0.113.9", self.status, self.location, self.body, None)


def link(host: str = "") -> str:
    contract = registry.get_contract("ms-um")
    return absolute_reverse("registration:start", contract=contract, host=host)


def found_by(prober: Prober, host: str = OWN) -> tuple[HostFinding, str]:
    found = probe_host(target(host), prober)
    return found.finding, found.detail


def with_old_host() -> None:
    publish_change("ms-um", hosts={"primary": OWN, "redirects": [OLD], "aliases": ["um.example"]})


# --- What a host has to answer --------------------------------------------------------------------


def test_a_host_that_leads_here_proves_it() -> None:
    with_old_host()
    for host in (OWN, "um.example"):
        assert found_by(Portal(), host) == (HostFinding.READY, "")
    portal = next(one for one in list_targets() if one.host == PORTAL)
    assert (portal.role, portal.contract_id) == (HostRole.PORTAL, None)
    assert probe_host(portal, Portal()).finding is HostFinding.READY


def test_it_leads_here_for_its_own_contract_alone() -> None:
    """The right deployment, and another contract's answer."""
    other = registry.get_contract("wv-bh").id
    assert found_by(Portal())[0] is HostFinding.READY
    mistaken = replace(target(), contract_id=other)
    assert probe_host(mistaken, Portal()).detail == "stranger"


def test_only_who_holds_our_key_can_answer() -> None:
    for body in (b"", b"ours", b"0" * 64, "\u00e9".encode(), b"\xff" * 200):
        assert found_by(Says(body=body)) == (HostFinding.ELSEWHERE, "stranger")


def test_an_answer_that_is_not_compared_would_be_anybodys() -> None:
    """The naive way: whoever answers at all is us."""
    fails_with(
        "contracts.console.hosts.probing.is_identity",
        lambda *_parts, **_more: True,
        test_only_who_holds_our_key_can_answer,
        where="assert found_by",
    )


def test_an_earlier_answer_is_worth_nothing() -> None:
    """Somebody keeps what we said about another number, and says it again."""
    kept = Client(headers={"host": OWN}).get(f"{IDENTITY}{NUMBER}").content
    assert found_by(Says(body=kept)) == (HostFinding.ELSEWHERE, "stranger")


def test_the_answer_gives_nothing_away(settings: Settings) -> None:
    contract = registry.get_contract("ms-um")
    told = Client(headers={"host": OWN}).get(f"{IDENTITY}{NUMBER}")
    assert told.content.decode() == identity_of(NUMBER, host=OWN, contract_id=contract.id)
    assert (told["Content-Type"], told["Cache-Control"]) == ("text/plain", "no-store")
    assert len(told.content) == 64
    assert not told.cookies
    for odd in ("", "0" * 31, "0" * 33, "g" * 32, NUMBER + "/", NUMBER.upper()):
        assert Client(headers={"host": OWN}).get(f"{IDENTITY}{odd}").status_code == 404
    # Every key in use is believed: while keys are changed, processes have different ones.
    newer = {**settings.PORTAL_SECRET_KEYS, 9: "another key of some length, much later"}
    settings.PORTAL_SECRET_KEYS = newer
    assert told.content.decode() != identity_of(NUMBER, host=OWN, contract_id=contract.id)
    assert is_identity(told.content, NUMBER, host=OWN, contract_id=contract.id)


def test_a_host_of_a_contract_that_rests_leads_here_still() -> None:
    Contract.objects.filter(slug="ms-um").update(state=ContractState.SUSPENDED)
    registry.announce()
    assert found_by(Portal()) == (HostFinding.READY, "")
    assert Client(headers={"host": OWN}).get("/login/email/").status_code == 503


def test_old_hosts_redirect_with_the_path_kept() -> None:
    with_old_host()
    path = f"/login/email/?next={NUMBER}"
    keep_finding(target(), READY, at=clock.now())
    told = Client(headers={"host": OLD}).get(path)
    assert (told.status_code, told["Location"]) == (301, f"http://{OWN}{path}")
    assert found_by(Portal(), OLD) == (HostFinding.READY, "")
    for location in (f"http://{OWN}/", f"http://evil.example{path}", ""):
        moved = Says(status=301, location=location)
        assert found_by(moved, OLD) == (HostFinding.ELSEWHERE, "other_redirect")
    assert found_by(Says(body=b"page"), OLD) == (HostFinding.ELSEWHERE, "no_redirect")


def test_an_old_host_leads_to_the_portal_host_while_the_new_one_is_not_ready() -> None:
    with_old_host()
    told = Client(headers={"host": OLD}).post("/login/email/?a=1")
    assert (told.status_code, told["Location"]) == (307, f"http://{PORTAL}/ms-um/login/email/?a=1")
    assert found_by(Portal(), OLD) == (HostFinding.READY, "")


def test_a_host_that_redirects_or_fails_is_not_ours() -> None:
    assert found_by(Says(status=302, location="/")) == (HostFinding.ELSEWHERE, "redirects")
    assert found_by(Says(status=502)) == (HostFinding.ELSEWHERE, "fault")


def test_each_trouble_is_told_by_its_name(settings: Settings) -> None:
    def leads_to(*addresses: str) -> Prober:
        return Prober(resolve=lambda _host: addresses)

    assert found_by(leads_to()) == (HostFinding.NO_NAME, "")
    assert found_by(leads_to("169.254.169.254")) == (HostFinding.INSIDE, "")
    assert probe_host(target(), leads_to("10.0.0.1")).address == ""
    settings.PORTAL_LOCAL_HOSTS = True
    settings.PORTAL_PUBLIC_PORT = 9
    prober = default_prober()
    assert list(prober.resolve(f"{OWN}.localhost")) == ["127.0.0.1"]
    assert not prober.resolve(OWN)
    assert target().name == f"{OWN}.localhost"


# --- What is kept ---------------------------------------------------------------------------------


def test_the_same_again_makes_the_row_longer_and_another_finding_begins_one() -> None:
    at, minute = clock.now(), timedelta(minutes=5)
    for place, found in enumerate((LOST, LOST, READY, LOST)):
        keep_finding(target(), found, at=at + place * minute)
    rows = list(HostCheck.objects.filter(host=OWN).order_by("first_at"))
    assert [(one.finding, one.times) for one in rows] == [
        (HostFinding.UNREACHABLE, 2),
        (HostFinding.READY, 1),
        (HostFinding.UNREACHABLE, 1),
    ]
    assert [one.first_at for one in rows] == [at, at + 2 * minute, at + 3 * minute]
    assert [one.ended_at for one in rows] == [at + 2 * minute, at + 3 * minute, None]
    assert rows[0].last_at == at + minute
    # One that began before the newest changes nothing.
    assert keep_finding(target(), READY, at=at).pk == rows[-1].pk
    assert HostCheck.objects.count() == 3


def test_every_host_is_asked_when_it_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def probe(one: HostTarget, _prober: Prober) -> Found:
        asked.append(one.host)
        return READY if one.host == OWN else LOST

    monkeypatch.setattr("contracts.console.services.host_checks.probe_host", probe)
    at = clock.now()
    everything = len(list_targets())
    assert check_due_hosts(at=at) == everything == len(asked)
    assert check_due_hosts(at=at) == everything - 1
    assert asked.count(OWN) == 1
    assert check_due_hosts(at=at + READY_EVERY + timedelta(minutes=1)) == everything
    assert HostCheck.objects.get(host=PORTAL).contract_id is None


def test_what_ended_long_ago_is_forgotten() -> None:
    at = clock.now()
    keep_finding(target(), LOST, at=at - timedelta(days=900))
    keep_finding(target(), READY, at=at - timedelta(days=500))
    keep_finding(target(), READY, at=at)
    assert purge_checks(at=at) == 1
    assert HostCheck.objects.get().finding == HostFinding.READY


# --- What links name ------------------------------------------------------------------------------


def test_links_wait_until_the_host_leads_here() -> None:
    under_slug, own = f"http://{PORTAL}/ms-um/register/", f"http://{OWN}/register/"
    at = clock.now()
    assert link() == under_slug
    keep_finding(target(), LOST, at=at)
    assert link() == under_slug
    keep_finding(target(), READY, at=at + timedelta(minutes=1))
    assert link() == own
    # One check may have had bad luck; two in a row are no luck.
    keep_finding(target(), LOST, at=at + timedelta(minutes=2))
    assert link() == own
    keep_finding(target(), Found(HostFinding.NO_NAME), at=at + timedelta(minutes=3))
    assert link() == under_slug
    keep_finding(target(), READY, at=at + timedelta(minutes=4))
    assert link() == own
    events = AuditEvent.objects.filter(event_type__startswith="host.").order_by("id")
    assert [one.event_type for one in events] == ["host.ready", "host.not_ready", "host.ready"]


def test_a_mail_stays_on_the_host_of_the_registration_only_when_it_leads_here() -> None:
    """The name of the host comes from the header, and may lead to somebody else yet (adr/0016)."""
    with_old_host()
    under_slug = f"http://{PORTAL}/ms-um/register/"
    assert link(OWN) == link("um.example") == under_slug
    keep_finding(target("um.example"), READY, at=clock.now())
    assert link("um.example") == "http://um.example/register/"
    assert link(OWN) == under_slug
    assert link(PORTAL) == under_slug


def test_to_believe_the_header_would_mail_a_link_to_whoever_has_the_name() -> None:
    """The naive way: a configured host is ours."""
    fails_with(
        "tenants.registry.host_is_ready",
        lambda _host: True,
        test_a_mail_stays_on_the_host_of_the_registration_only_when_it_leads_here,
        where="assert link(OWN) == link",
    )


def test_a_host_that_is_taken_off_and_put_back_begins_anew() -> None:
    keep_finding(target(), READY, at=clock.now())
    publish_change("ms-um", hosts={})
    publish_change("ms-um", hosts={"primary": OWN})
    assert link() == f"http://{PORTAL}/ms-um/register/"
    keep_finding(target(), READY, at=clock.now())
    assert link() == f"http://{OWN}/register/"


def test_where_links_do_not_wait_every_host_is_ready(settings: Settings) -> None:
    settings.PORTAL_LINKS_WAIT_FOR_HOSTS = False
    assert link() == link(OWN) == f"http://{OWN}/register/"


def test_checks_of_many_hosts_run_beside_each_other() -> None:
    checks = check_hosts(list_targets(), prober=Says())
    assert {one.finding for one in checks} == {HostFinding.ELSEWHERE}
    assert Host.objects.filter(ready_at=None).count() == Host.objects.count()


def test_a_redirect_that_was_found_good_says_nothing_of_the_contracts_own_host() -> None:
    """Between the question and its answer the old host became the contract's own."""
    with_old_host()
    asked = target(OLD)
    assert asked.redirects
    publish_change("ms-um", hosts={"primary": OLD})
    keep_finding(asked, READY, at=clock.now())
    assert link() == f"http://{PORTAL}/ms-um/register/"
    keep_finding(target(OLD), READY, at=clock.now())
    assert link() == f"http://{OLD}/register/"


def test_what_a_question_reads_of_the_database_is_closed_after_it() -> None:
    opened: list[DatabaseWrapper] = []

    class Reads(Says):
        def ask(self, host: str, path: str) -> Answer:
            connection.ensure_connection()
            opened.append(connections[connection.alias])
            return super().ask(host, path)

    check_hosts(list_targets(), prober=Reads())
    assert opened
    assert [one for one in opened if one.connection is not None] == []


# --- At once after a publication ------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the contracts whose hosts were asked."""
    found: list[str] = []
    monkeypatch.setattr("contracts.console.tasks.check_reach", found.append)
    return found


def with_hosts(**hosts: object) -> ContractDocument:
    return changed(registry.get_contract("ms-um").document, hosts=hosts)


def test_a_new_host_is_asked_as_soon_as_it_is_published(asked: list[str]) -> None:
    wish = Wish(with_hosts(primary="um.example"), registry.get_contract("ms-um").revision, "New")
    made = plan_publication(wish=wish, author=make_staff(StaffRole.OPERATOR), at=clock.now())
    carry_out_publication(str(made.id))
    assert asked == ["ms-um"]
    carry_out_publication(str(made.id))  # it is published already
    assert asked == ["ms-um"]


def test_a_host_of_a_revision_that_is_published_again_is_asked_at_once(
    asked: list[str], settings: Settings
) -> None:
    settings.PORTAL_LOCAL_HOSTS = True  # the browser of the tests has no other portal host
    revision = registry.get_contract("ms-um").revision
    publish_change("ms-um", hosts={})
    path = f"/staff/contracts/ms-um/revisions/{revision}/rollback/"
    form = {"base": revision + 1, "reason": "Their host again"}
    answer = staff_client(StaffRole.OPERATOR).post(path, form)
    assert answer.status_code == 302, answer.content.decode()
    assert asked == ["ms-um"]


def test_hosts_for_which_no_link_waits_are_not_asked_again(
    asked: list[str], settings: Settings
) -> None:
    check_new_hosts("ms-um")
    assert asked == ["ms-um"]
    keep_finding(target(), READY, at=clock.now())
    check_new_hosts("ms-um")
    Host.objects.update(ready_at=None)
    settings.PORTAL_LINKS_WAIT_FOR_HOSTS = False
    check_new_hosts("ms-um")
    assert asked == ["ms-um"]
