"""What a month's messages cost, the alarms, and what a spent budget never keeps back."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from contracts.console.services.going_live import TRIAL_KINDS
from contracts.console.services.waivers import WAIVER_END_KIND
from contracts.roster.kinds import REMINDER_KIND as ROSTER_REMINDER_KIND
from core.accounts.services.inactivity import WARNING_KIND
from core.audit.models import AuditEvent
from core.common import clock as real_clock
from core.groups.services.weekly import WEEKLY_KIND
from core.mfa.services.unfinished import REMINDER_KIND
from core.notifications import kinds, senders
from core.notifications.kinds import MessageKind, Weight, get_kind
from core.notifications.models import ChannelUse, OutboxMessage
from core.notifications.services import budgets, holding
from core.notifications.services.delivery import deliver_message
from core.notifications.services.outbox import enqueue
from tenants import registry
from tenants.configuration.channels import ChannelsSection, ContractChannelsSection
from tenants.context import ActiveContract
from tests.integration.notifications.conftest import AT, Clock, FakeChannel, Minter, put
from tests.support.people import make_person
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
# A thousand texts cost 10,000 dollars here, so a budget of 100 dollars is 10 texts.
PRICE = 1_000_000


@dataclass
class Money:
    """Sets the budgets of the two contracts and of the deployment for texts."""

    monkeypatch: pytest.MonkeyPatch
    contracts: dict[UUID, ContractChannelsSection]
    deployment: ChannelsSection

    def of_contract(self, contract: ActiveContract, dollars: int) -> None:
        self.contracts[contract.id] = ContractChannelsSection.model_validate(
            {"monthly_budget_dollars": {"sms": dollars}, "alarm_to": f"{contract.slug}@example.org"}
        )

    def of_deployment(self, dollars: int | None) -> None:
        sms = {"monthly_budget_dollars": dollars, "cents_per_thousand": PRICE}
        self.deployment = ChannelsSection.model_validate(
            {"sms": sms, "alarm_to": "operators@example.org"}
        )


@pytest.fixture
def money(monkeypatch: pytest.MonkeyPatch, minter: Minter, announced: list[UUID]) -> Money:
    made = Money(monkeypatch, {}, ChannelsSection())
    made.of_deployment(None)
    found_deployment, found_contract = (
        registry.get_deployment,
        registry.get_contract_by_id,
    )

    def deployment() -> Any:
        return found_deployment().model_copy(update={"channels": made.deployment})

    def contract(contract_id: UUID) -> Any:
        document = found_contract(contract_id).document
        section = made.contracts.get(contract_id, ContractChannelsSection())
        return SimpleNamespace(document=document.model_copy(update={"channels": section}))

    money_of = SimpleNamespace(get_deployment=deployment, get_contract_by_id=contract)
    monkeypatch.setattr(budgets, "registry", money_of)
    monkeypatch.setattr(senders, "registry", money_of)
    courtesy = MessageKind(
        name="a_courtesy",
        channel="sms",
        at_most_once=False,
        prepare=minter.prepare,
        weight=Weight.COURTESY,
    )
    monkeypatch.setattr(kinds, "_kinds", {**kinds._kinds, "a_courtesy": courtesy})
    return made


def text(contract: ActiveContract | None, clock: Clock, kind: str = "sample_code") -> str | None:
    message = put(
        kind, to="+13045550123", contract_id=contract.id if contract else None, at=clock.at
    )
    return deliver_message(message_id=message.id, clock=clock)


def alarms(event: str = "budget.spent") -> int:
    return AuditEvent.objects.filter(event_type=event).count()


def alarm_mails() -> list[str]:
    return list(OutboxMessage.objects.filter(kind="budget_alarm").values_list("to", flat=True))


def test_messages_are_counted_by_month_contract_and_channel(
    money: Money,
    contract_a: ActiveContract,
    contract_b: ActiveContract,
    channel: FakeChannel,
    clock: Clock,
) -> None:
    for contract in (contract_a, contract_a, contract_b, None):
        text(contract, clock)
    deliver_message(message_id=put("sample_link", contract_id=contract_a.id).id, clock=clock)
    counts = {
        (use.contract_id, use.channel): use.messages
        for use in ChannelUse.objects.filter(month=date(2026, 5, 1))
    }
    assert counts == {
        (contract_a.id, "sms"): 2,
        (contract_b.id, "sms"): 1,
        (None, "sms"): 1,
        (contract_a.id, "email"): 1,
    }


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        (datetime(2026, 6, 1, 3, 59, 59, tzinfo=UTC), date(2026, 5, 1)),
        (datetime(2026, 6, 1, 4, 0, 0, tzinfo=UTC), date(2026, 6, 1)),
    ],
)
def test_a_month_begins_in_the_time_zone_of_the_contract(
    money: Money,
    contract_a: ActiveContract,
    channel: FakeChannel,
    moment: datetime,
    month: date,
) -> None:
    text(contract_a, Clock(moment))
    assert ChannelUse.objects.get().month == month


def test_somebody_is_told_at_four_fifths_and_at_the_end_once_each(
    money: Money, contract_a: ActiveContract, channel: FakeChannel, clock: Clock
) -> None:
    money.of_contract(contract_a, 100)
    told = []
    for _ in range(12):
        text(contract_a, clock)
        told.append((alarms("budget.warned"), alarms("budget.spent")))
    assert told == [(0, 0)] * 7 + [(1, 0)] * 2 + [(1, 1)] * 3
    assert alarm_mails() == [f"{contract_a.slug}@example.org"] * 2


def test_a_spent_budget_never_keeps_a_code_or_a_link_back(
    money: Money, contract_a: ActiveContract, channel: FakeChannel, clock: Clock
) -> None:
    money.of_contract(contract_a, 0)
    assert text(contract_a, clock) == "sent"
    assert text(contract_a, clock, "a_courtesy") == "cancelled"
    assert text(contract_a, clock) == "sent"
    use = ChannelUse.objects.get(contract_id=contract_a.id, channel="sms")
    assert (use.messages, use.withheld) == (2, 1)
    withheld = AuditEvent.objects.get(event_type="message.withheld")
    assert withheld.data["reason"] == "budget spent"


def test_no_kind_that_carries_a_code_can_be_kept_back() -> None:
    trials = set(TRIAL_KINDS.values())  # not sent twice either, and they carry none
    once = [kind for kind in kinds._kinds.values() if kind.at_most_once]
    codes = [kind for kind in once if kind.name not in trials]
    assert len(codes) >= 3
    assert {kind.weight for kind in codes} == {Weight.ASKED}


def test_one_contracts_budget_is_not_anothers(
    money: Money,
    contract_a: ActiveContract,
    contract_b: ActiveContract,
    channel: FakeChannel,
    clock: Clock,
) -> None:
    money.of_contract(contract_a, 0)
    assert text(contract_a, clock, "a_courtesy") == "cancelled"
    assert text(contract_b, clock, "a_courtesy") == "sent"


def test_the_deployments_budget_is_that_of_all_contracts_together(
    money: Money,
    contract_a: ActiveContract,
    contract_b: ActiveContract,
    channel: FakeChannel,
    clock: Clock,
) -> None:
    money.of_deployment(100)
    for contract in [contract_a, contract_b] * 5:
        text(contract, clock)
    assert (alarms("budget.warned"), alarms("budget.spent")) == (1, 1)
    assert alarm_mails() == ["operators@example.org"] * 2
    assert text(contract_a, clock, "a_courtesy") == "cancelled"
    assert text(contract_b, clock) == "sent"


def test_a_new_month_begins_with_nothing_spent(
    money: Money, contract_a: ActiveContract, channel: FakeChannel, clock: Clock
) -> None:
    money.of_contract(contract_a, 10)
    text(contract_a, clock)
    assert text(contract_a, clock, "a_courtesy") == "cancelled"
    clock.forward(days=31)
    assert text(contract_a, clock, "a_courtesy") == "sent"


def test_without_a_budget_nobody_is_told(
    money: Money, contract_a: ActiveContract, channel: FakeChannel, clock: Clock
) -> None:
    for _ in range(3):
        text(contract_a, clock)
    assert alarm_mails() == []


def test_the_alarm_says_what_was_used_and_what_follows(
    money: Money, contract_a: ActiveContract, channel: FakeChannel, clock: Clock
) -> None:
    money.of_contract(contract_a, 10)
    text(contract_a, clock)
    message = OutboxMessage.objects.get(kind="budget_alarm")
    rendered = get_kind("budget_alarm").prepare(message, AT)
    assert rendered is not None
    assert rendered.subject == "Budget spent: Text message, May 2026"
    for part in (rendered.text, rendered.html):
        assert "$10" in part
        assert "Codes, links and security notices go out as before" in part


def test_where_no_address_is_named_the_first_support_contact_is_told(
    contract_a: ActiveContract,
) -> None:
    address = budgets.alarm_address(contract_a.document)
    assert address in [contact.email for contact in contract_a.document.support]


def test_a_count_that_breaks_takes_no_message_with_it(
    money: Money,
    contract_a: ActiveContract,
    channel: FakeChannel,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(budgets, "_WARN_AT", None)
    money.of_contract(contract_a, 100)
    assert text(contract_a, clock) == "sent"
    assert OutboxMessage.objects.filter(kind="sample_code", status="sent").exists()


@pytest.mark.django_db(transaction=True)
def test_messages_at_the_same_moment_are_all_counted_and_told_once(
    money: Money, contract_a: ActiveContract, channel: FakeChannel, clock: Clock
) -> None:
    money.of_contract(contract_a, 50)
    at_once(8, lambda _: text(contract_a, clock))
    assert ChannelUse.objects.get(contract_id=contract_a.id).messages == 8
    assert (alarms("budget.spent"), len(set(alarm_mails()))) == (1, 1)


def test_a_spent_budget_holds_back_what_tells_ahead_of_time_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    courtesies = {kind.name for kind in kinds._kinds.values() if kind.weight is Weight.COURTESY}
    told_ahead = {WARNING_KIND, WAIVER_END_KIND, WEEKLY_KIND, ROSTER_REMINDER_KIND}
    assert courtesies == {*told_ahead, *TRIAL_KINDS.values()}
    monkeypatch.setattr(holding, "budget_is_spent", lambda **_known: True)
    user = make_person()
    user.refresh_from_db()
    since = {"since": user.created_at.isoformat(), "closes_on": "2026-05-20", "days": 60}
    status = {}
    for kind, context in (
        (WARNING_KIND, since),
        ("password_changed", {}),
        (REMINDER_KIND, {}),
    ):
        message = enqueue(
            kind=kind,
            to=user.email,
            subject_id=user.id,
            account_id=user.id,
            context=context,
            at=real_clock.now(),
        )
        deliver_message(message_id=message.id, clock=real_clock.now)
        message.refresh_from_db()
        status[kind] = (message.status, message.failure)
    assert status.pop(WARNING_KIND) == ("cancelled", "budget spent")
    assert set(status.values()) == {("sent", "")}
