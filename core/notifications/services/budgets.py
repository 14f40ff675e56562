"""What a month's messages cost, and the alarms when a budget runs out.

A message counts when the provider took it; what it cost is reckoned by the price of a thousand in
the deployment's document. A contract has a budget of its own, the deployment one for all. The month
is that of the document's time zone. A spent budget keeps back courtesies alone (`kinds.Weight`):
never a code, a link or a security notice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from core.audit.recording import record
from core.common.ids import uuid7
from core.notifications.models import ChannelUse, OutboxMessage
from core.notifications.senders import document_for, find_contract_document
from core.notifications.services.outbox import enqueue
from core.notifications.states import Channel
from tenants import registry
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import ContractDocument
from tenants.configuration.revisions import day_in, zone_of

ALARM_KIND: Final = "budget_alarm"
_WARN_AT: Final = 0.8
"""The part of the budget at which the first mail goes out (own figure)."""
_COUNT: Final = f"""
INSERT INTO {ChannelUse._meta.db_table} AS used
    (id, month, contract_id, channel, messages, withheld)
VALUES (%(id)s, %(month)s, %(contract)s, %(channel)s, %(messages)s, %(withheld)s)
ON CONFLICT (month, contract_id, channel) DO UPDATE
    SET messages = used.messages + excluded.messages, withheld = used.withheld + excluded.withheld
RETURNING messages, (
    SELECT coalesce(sum(others.messages), 0) FROM {ChannelUse._meta.db_table} AS others
    WHERE others.month = used.month AND others.channel = used.channel AND others.id <> used.id
)
"""  # noqa: S608 - the table's own name


@dataclass(frozen=True)
class _Key:
    month: date
    contract_id: UUID | None
    channel: str


@dataclass(frozen=True)
class _Budget:
    """A budget with what was sent under it; `key` names the row that remembers the alarms."""

    key: _Key
    dollars: int
    limit: int
    sent: int
    document: ContractDocument | DeploymentDocument


def count_message(*, message: OutboxMessage, at: datetime) -> None:
    """Count a message that left, in the transaction that says so; sends the alarm when due.

    Records `budget.warned` and `budget.spent`, each once a month for a budget and channel.
    """
    own, of_all = _add(_key(message.contract_id, message.channel, at), messages=1)
    if message.kind == ALARM_KIND:
        return
    for budget in _budgets(message, at, lambda key: own if key.contract_id else of_all):
        if budget.sent >= budget.limit:
            _alarm(budget, "spent_at", "budget.spent", at=at)
        elif budget.sent >= _WARN_AT * budget.limit:
            _alarm(budget, "warned_at", "budget.warned", at=at)


def count_withheld(*, message: OutboxMessage, at: datetime) -> None:
    """Count a message that the budget kept back."""
    _add(_key(message.contract_id, message.channel, at), withheld=1)


def budget_is_spent(*, message: OutboxMessage, at: datetime) -> bool:
    """Tell whether the month's budget of the contract or of the deployment is used up."""
    return any(budget.sent >= budget.limit for budget in _budgets(message, at, _sent_under))


def _budgets(
    message: OutboxMessage, at: datetime, sent_under: Callable[[_Key], int]
) -> Iterator[_Budget]:
    """Yield the budgets that a message falls under, with what was sent so far.

    A key without a contract stands for the whole deployment. A contract that is out of service has
    no budget of its own for the time being.
    """
    deployment = registry.get_deployment()
    price = deployment.channels.of(message.channel).cents_per_thousand
    document = find_contract_document(message.contract_id)
    if document is not None:
        dollars: int | None = getattr(document.channels.monthly_budget_dollars, message.channel)
        if dollars is not None:
            key = _key(message.contract_id, message.channel, at)
            yield _Budget(key, dollars, _limit(dollars, price), sent_under(key), document)
    dollars = deployment.channels.of(message.channel).monthly_budget_dollars
    if dollars is not None:
        key = _key(None, message.channel, at)
        yield _Budget(key, dollars, _limit(dollars, price), sent_under(key), deployment)


def _limit(dollars: int, cents_per_thousand: int) -> int:
    """Return how many messages a sum pays for."""
    return dollars * 100 * 1000 // cents_per_thousand


def _sent_under(key: _Key) -> int:
    everybody = ChannelUse.objects.filter(month=key.month, channel=key.channel)
    uses = _uses(key) if key.contract_id else everybody
    return uses.aggregate(total=Sum("messages"))["total"] or 0


def _alarm(budget: _Budget, field: str, event: str, *, at: datetime) -> None:
    """Tell once: whoever sets the field has the mail to send."""
    _make(budget.key)
    untold = Q(spent_at__isnull=True) & Q(**{f"{field}__isnull": True})
    if not _uses(budget.key).filter(untold).update(**{field: at}):
        return
    use = _uses(budget.key).get()
    facts = {"channel": use.channel, "messages": budget.sent, "dollars": budget.dollars}
    record(event, contract_id=use.contract_id, subject=("channel_use", use.id), data=facts, at=at)
    to = alarm_address(budget.document)
    if to is not None:
        enqueue(
            kind=ALARM_KIND,
            to=to,
            subject_id=use.id,
            contract_id=use.contract_id,
            context={**facts, "spent": field == "spent_at"},
            at=at,
        )


def alarm_address(document: ContractDocument | DeploymentDocument) -> str | None:
    """Return who is told of a budget."""
    named = (contact.email for contact in document.support)
    return document.channels.alarm_to or next((email for email in named if email), None)


def _key(contract_id: UUID | None, channel: str, at: datetime) -> _Key:
    month = day_in(zone_of(document_for(contract_id)), at).replace(day=1)
    return _Key(month, contract_id, channel)


def _uses(key: _Key) -> QuerySet[ChannelUse]:
    whose = Q(contract_id=key.contract_id) if key.contract_id else Q(contract_id__isnull=True)
    return ChannelUse.objects.filter(whose, month=key.month, channel=key.channel)


def _add(key: _Key, *, messages: int = 0, withheld: int = 0) -> tuple[int, int]:
    """Count by one statement, which makes the month's row when it is the first to count.

    Returns how many messages that makes for the contract, and for the whole deployment.
    """
    values: dict[str, int | str | date | UUID | None] = {
        "id": uuid7(),
        "month": key.month,
        "contract": key.contract_id,
        "channel": key.channel,
        "messages": messages,
        "withheld": withheld,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        own, of_others = cursor.fetchone()
    return own, own + int(of_others)


def _make(key: _Key) -> None:
    whose: dict[str, Any] = {"contract_id": key.contract_id}
    ChannelUse.objects.get_or_create(month=key.month, channel=key.channel, **whose)


@dataclass(frozen=True)
class BudgetUse:
    """How much of a month's budget is used, for pages of staff."""

    contract_id: UUID | None
    channel: str
    dollars: int
    sent: int
    limit: int
    withheld: int

    @property
    def percent(self) -> int:
        """Return how much of it is used, in whole percent; more than a hundred is possible."""
        return self.sent * 100 // self.limit if self.limit else 100


def list_budget_use(*, at: datetime) -> list[BudgetUse]:
    """Return the use of each budget of the present month: the deployment's first, then contracts'.

    Contracts that are out of service have none for the time being.
    """
    deployment = registry.get_deployment()
    found = []
    for channel in Channel:
        way = deployment.channels.of(channel)
        price, dollars = way.cents_per_thousand, way.monthly_budget_dollars
        if dollars is not None:
            found.append(_use_of(_key(None, channel, at), dollars, price))
        for contract in registry.list_contracts():
            own = getattr(contract.document.channels.monthly_budget_dollars, channel)
            if own is not None:
                found.append(_use_of(_key(contract.id, channel, at), own, price))
    return found


def _use_of(key: _Key, dollars: int, price: int) -> BudgetUse:
    withheld = _uses(key).aggregate(total=Sum("withheld"))["total"] or 0
    return BudgetUse(
        contract_id=key.contract_id,
        channel=key.channel,
        dollars=dollars,
        sent=_sent_under(key),
        limit=_limit(dollars, price),
        withheld=withheld,
    )
