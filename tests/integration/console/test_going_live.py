"""The go-live list: what it knows, who ticks, and trial messages to nobody but oneself."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django.fixtures import Settings

from contracts.console.going_live.items import ITEMS
from contracts.console.going_live.line import LineState
from contracts.console.going_live.lines import fact_lines, gate_lines
from contracts.console.models import GoLiveTick
from contracts.console.services.going_live import (
    TRIAL_KINDS,
    TrialTooSoonError,
    send_trial,
    take_back,
    tick,
)
from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.common.ids import uuid7
from core.notifications.models import LocalMessage, OutboxMessage
from core.staff.models import StaffRole
from tenants import registry
from tenants.configuration.document import ContractDocument
from tenants.configuration.gate_titles import GATE_TITLES
from tenants.context import ActiveContract
from tenants.models import Contract
from tenants.states import ContractState
from tests.support.people import deliver_all
from tests.support.publishing import publish_change
from tests.support.sign_in import sign_in_directly
from tests.support.staff import make_staff, staff_client
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
LIST = "/staff/contracts/wv-bh/go-live/"
BY = uuid7()


@pytest.fixture
def carla(contract_a: ActiveContract) -> User:
    return make_staff(StaffRole.CONTRACT_ADMIN, contract_a, name="carla")


@pytest.fixture
def admin(carla: User) -> Client:
    client = Client()
    sign_in_directly(client, carla, option="phone")
    return client


def facts(slug: str = "wv-bh") -> dict[str, tuple[LineState, str]]:
    contract = Contract.objects.select_related("revision").get(slug=slug)
    document = registry.get_configured(slug).document
    return {
        line.title: (line.state, line.detail)
        for line in fact_lines(contract, document, at=clock.now())
    }


def test_every_gate_and_every_line_is_listed(admin: Client) -> None:
    page = admin.get(LIST).content.decode()
    for title in (*GATE_TITLES.values(), *ITEMS.values()):
        assert title.replace("'", "&#x27;") in page
    assert "Send me a trial call" in page


def test_a_gate_that_has_closed_since_publication_is_open_work(
    contract_a: ActiveContract,
) -> None:
    """A waiver is over one day, and nobody has published anything."""
    contract = Contract.objects.select_related("revision").get(slug="wv-bh")
    document: ContractDocument = contract_a.document
    assert document.waivers
    late = clock.now() + timedelta(days=4000)
    lines = {line.title: line for line in gate_lines(contract, document, at=late)}
    closed = lines[GATE_TITLES["waivers_are_current"]]
    assert closed.state is LineState.OPEN
    assert closed.detail
    assert lines[GATE_TITLES["hosts_are_free"]].state is LineState.GOOD


def test_a_state_other_than_ready_and_a_missing_admin_are_open_work(
    contract_a: ActiveContract,
) -> None:
    assert facts()["Somebody is contract admin"][0] is LineState.OPEN
    make_staff(StaffRole.CONTRACT_ADMIN, contract_a, name="carla")
    assert facts()["Somebody is contract admin"][0] is LineState.GOOD
    assert facts()["The contract is ready"][0] is LineState.GOOD
    Contract.objects.filter(slug="wv-bh").update(state=ContractState.SUSPENDED)
    registry.announce()
    assert facts()["The contract is ready"] == (LineState.OPEN, "It is suspended.")


def test_the_roster_line_says_how_many_entries_there_are() -> None:
    state, detail = facts()["The roster is loaded"]
    assert state is LineState.GOOD
    assert detail == "220 entries."


def test_a_sender_that_is_not_verified_is_named_with_the_one_in_its_place(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    title = "Mail goes out from the contract's own address"
    assert facts()[title] == (
        LineState.NOTE,
        "Mail stays on this machine, in the local mailbox.",
    )
    settings.PORTAL_CHANNELS = {}
    deployment = registry.get_deployment()
    email = deployment.channels.email
    for verified, state in ((("mail@portal.example",), LineState.OPEN), ((), LineState.NOTE)):
        ways = deployment.channels.model_copy(
            update={"email": email.model_copy(update={"senders": verified})}
        )
        changed = deployment.model_copy(update={"channels": ways})
        monkeypatch.setattr(registry, "get_deployment", lambda changed=changed: changed)
        found = facts()[title]
        assert found[0] is state
        assert ("mail goes out from mail@portal.example" in found[1]) is bool(verified)


def test_a_contract_without_a_host_of_its_own_stands_under_its_slug() -> None:
    assert facts("wv-bh")["Its pages have an address"][1].startswith("They stand under /wv-bh/")
    publish_change("wv-bh", hosts={"primary": "wv.providers.example"})
    assert facts("wv-bh")["wv.providers.example leads here"] == (
        LineState.NOTE,
        "Nobody has asked it yet.",
    )
    assert Client().get("/wv-bh/login/email/").status_code == 200


def test_every_line_that_is_open_says_what_to_do_next(admin: Client) -> None:
    Contract.objects.filter(slug="wv-bh").update(state=ContractState.SUSPENDED)
    registry.announce()
    contract = Contract.objects.select_related("revision").get(slug="wv-bh")
    document = registry.get_configured("wv-bh").document
    late = clock.now() + timedelta(days=4000)
    lines = [
        *fact_lines(contract, document, at=clock.now()),
        *gate_lines(contract, document, at=late),
    ]
    waiting = [line for line in lines if line.state is LineState.OPEN]
    assert len(waiting) >= 2
    assert all(line.todo and line.url for line in waiting)
    assert "See under Status how it comes back." in admin.get(LIST).content.decode()


def test_a_line_is_ticked_with_who_and_since_when_and_taken_back(
    admin: Client, carla: User
) -> None:
    assert admin.post(f"{LIST}terms_read/tick/").headers["Location"] == LIST
    assert f"by {carla.get_full_name()}" in admin.get(LIST).content.decode()
    again = admin.post(f"{LIST}terms_read/tick/", follow=True).content.decode()
    assert "ticked it meanwhile" in again
    assert admin.post(f"{LIST}terms_read/take-back/").headers["Location"] == LIST
    again = admin.post(f"{LIST}terms_read/take-back/", follow=True).content.decode()
    assert "not ticked any more" in again
    row = GoLiveTick.objects.get()
    assert (row.ticked_by, row.taken_back_by) == (carla.id, carla.id)
    names = ("go_live.ticked", "go_live.taken_back")
    assert AuditEvent.objects.filter(event_type__in=names).count() == 2
    for unknown in ("nothing", "%00"):
        for act in ("tick", "take-back"):
            assert admin.post(f"{LIST}{unknown}/{act}/").status_code == 404


@pytest.mark.parametrize("channel", list(TRIAL_KINDS))
def test_a_trial_goes_to_oneself_in_the_contracts_name(
    admin: Client, carla: User, contract_a: ActiveContract, channel: str
) -> None:
    given = {"to": "somebody@else.example", "phone": "+13045550000"}
    assert admin.post(f"{LIST}try/{channel}/", given).status_code == 302
    row = OutboxMessage.objects.get(kind=TRIAL_KINDS[channel])
    own = carla.email if channel == "email" else carla.factors.get(kind="phone").phone
    assert (row.to, row.contract_id) == (own, contract_a.id)
    deliver_all()
    message = LocalMessage.objects.get(to=own)
    assert contract_a.name in message.text
    if channel != "voice":
        assert "Handed over" in admin.get(LIST).content.decode()
    assert AuditEvent.objects.get(event_type="go_live.trial").data["channel"] == channel


def test_a_second_trial_has_to_wait_a_minute(carla: User, contract_a: ActiveContract) -> None:
    at = clock.now()
    send_trial(contract_id=contract_a.id, channel="email", user=carla, at=at)
    with pytest.raises(TrialTooSoonError):
        send_trial(contract_id=contract_a.id, channel="email", user=carla, at=at)
    later = at + timedelta(minutes=1)
    send_trial(contract_id=contract_a.id, channel="email", user=carla, at=later)


def test_without_a_proven_phone_there_is_no_text(
    admin: Client, carla: User, contract_a: ActiveContract
) -> None:
    carla.factors.filter(kind="phone").update(kind="totp", phone="")
    shown = admin.post(f"{LIST}try/sms/", follow=True).content.decode()
    assert "no verified phone" in shown
    assert not OutboxMessage.objects.filter(kind=TRIAL_KINDS["sms"]).exists()


def test_who_may_not_configure_the_contract_looks_on(contract_a: ActiveContract) -> None:
    desk = staff_client(StaffRole.HELP_DESK)
    shown = desk.get(LIST).content.decode()
    assert "Send me" not in shown
    for path in ("terms_read/tick/", "terms_read/take-back/", "try/email/"):
        assert desk.post(f"{LIST}{path}").status_code == 403
    other = staff_client(StaffRole.CONTRACT_ADMIN, registry.get_contract("ms-um"), name="mona")
    assert other.get(LIST).status_code == other.post(f"{LIST}try/email/").status_code == 404
    assert not GoLiveTick.objects.exists()


def test_the_database_keeps_one_tick_for_a_line(contract_a: ActiveContract) -> None:
    row = {"contract_id": contract_a.id, "item": "terms_read", "ticked_by": BY}
    GoLiveTick.objects.create(**row, ticked_at=clock.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        GoLiveTick.objects.create(**row, ticked_at=clock.now())


@pytest.mark.django_db(transaction=True)
def test_two_who_tick_and_take_back_at_once_do_it_once() -> None:
    contract, at = registry.get_contract("wv-bh").id, clock.now()

    def vouch(_place: int) -> bool:
        return tick(contract_id=contract, item="terms_read", by=BY, at=at)

    def withdraw(_place: int) -> bool:
        return take_back(contract_id=contract, item="terms_read", by=BY, at=at)

    assert sorted(at_once(2, vouch)) == [False, True]
    assert sorted(at_once(2, withdraw)) == [False, True]


@pytest.mark.django_db(transaction=True)
def test_pressed_several_times_at_once_one_trial_goes_out(carla: User) -> None:
    contract, at = registry.get_contract("wv-bh").id, clock.now()

    def press(_place: int) -> bool:
        try:
            send_trial(contract_id=contract, channel="email", user=carla, at=at)
        except TrialTooSoonError:
            return False
        return True

    assert sorted(at_once(4, press)) == [False, False, False, True]
    assert OutboxMessage.objects.filter(kind__in=TRIAL_KINDS.values()).count() == 1
