"""The lines of a contract's go-live list: what the portal knows by itself, and since when."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse

from contracts.console.going_live.items import ITEMS
from contracts.console.going_live.line import Line, LineState
from contracts.console.hosts.facts import host_facts, host_lines
from contracts.console.hosts.sender_facts import sender_facts, sender_lines
from contracts.console.models import GoLiveTick
from contracts.console.services.going_live import TRIAL_KINDS, list_trials, present_ticks
from contracts.roster.models import RosterImport
from contracts.roster.services.staging import count_present
from core.notifications.models import OutboxMessage
from core.notifications.states import LEFT, Channel
from core.staff.models import StaffRole
from core.staff.selectors import list_staff
from tenants import registry
from tenants.configuration.document import ContractDocument
from tenants.configuration.gate_titles import GATE_TITLES
from tenants.configuration.publishing import plan_contract
from tenants.context import ActiveContract, contract_context
from tenants.models import Contract
from tenants.states import ContractState


@dataclass(frozen=True)
class TickLine:
    """One line that a person vouches for. `tick` is None while nobody does."""

    item: str
    title: str
    tick: GoLiveTick | None


@dataclass(frozen=True)
class Trial:
    """One way to reach oneself. `last` is the newest such message that anybody asked for."""

    channel: str
    label: str
    last: OutboxMessage | None

    @property
    def has_left(self) -> bool:
        """Tell whether the provider took it."""
        return self.last is not None and self.last.status in LEFT


def gate_lines(contract: Contract, document: ContractDocument, *, at: datetime) -> list[Line]:
    """Return every gate as it stands for what is published, since that was."""
    failures = plan_contract(document=document, at=at).failures
    revision = contract.revision
    return [
        Line(
            title=title,
            state=LineState.OPEN if found else LineState.GOOD,
            detail=" ".join(f"{one.field}: {one.message}" for one in found),
            by=revision.published_by if revision else None,
            since=revision.published_at if revision else None,
            todo="Change it in a draft, and publish that." if found else "",
            url=reverse("console:draft", args=[contract.slug]),
        )
        for name, title in GATE_TITLES.items()
        for found in [[one for one in failures if one.gate == name]]
    ]


def fact_lines(contract: Contract, document: ContractDocument, *, at: datetime) -> list[Line]:
    """Return what the portal knows beyond the document."""
    active = registry.find_contract(contract.slug)
    return [
        _service(contract),
        *host_lines(contract, host_facts(contract, at=at)),
        *sender_lines(contract, sender_facts(contract, document)),
        *([_roster(active)] if active else []),
        _admin(contract, at=at),
    ]


def tick_lines(contract: Contract) -> list[TickLine]:
    """Return the lines that people vouch for, in their order (one query)."""
    ticks: Mapping[str, GoLiveTick] = {one.item: one for one in present_ticks(contract.pk)}
    return [TickLine(item, title, ticks.get(item)) for item, title in ITEMS.items()]


def trials(contract: Contract) -> list[Trial]:
    """Return the ways to reach oneself, each with the last try (one query)."""
    newest = {one.kind: one for one in list_trials(contract.pk).order_by("id")}
    labels = {Channel.EMAIL: "mail", Channel.SMS: "text", Channel.VOICE: "call"}
    return [
        Trial(channel.value, label, newest.get(TRIAL_KINDS[channel.value]))
        for channel, label in labels.items()
    ]


def people_in(
    lines: Sequence[Line], ticks: Sequence[TickLine], tried: Sequence[Trial]
) -> Iterator[UUID | None]:
    """Yield whom the list names."""
    yield from (one.by for one in lines)
    yield from (one.tick.ticked_by for one in ticks if one.tick)
    yield from (one.last.account_id for one in tried if one.last)


def _service(contract: Contract) -> Line:
    title = "The contract is ready"
    if contract.state == ContractState.READY:
        return Line(title, LineState.GOOD, since=contract.state_since or contract.ready_at)
    detail = f"It is {contract.get_state_display().lower()}."
    url = reverse("console:state", args=[contract.slug])
    todo = "See under Status how it comes back."
    return Line(title, LineState.OPEN, detail, since=contract.state_since, todo=todo, url=url)


def _roster(active: ActiveContract) -> Line:
    title = "The roster is loaded"
    with contract_context(active):
        number = count_present()
        last = RosterImport.objects.filter(applied=True).order_by("-id").first()
    if not number:
        url = reverse("roster:overview", args=[active.slug])
        detail, todo = "It has no entry: nobody can register.", "Upload the roster."
        return Line(title, LineState.OPEN, detail, todo=todo, url=url)
    entries = "1 entry" if number == 1 else f"{number:,} entries"
    return Line(
        title,
        LineState.GOOD,
        f"{entries}.",
        by=last.read_by if last else None,
        since=last.read_at if last else None,
    )


def _admin(contract: Contract, *, at: datetime) -> Line:
    title = "Somebody is contract admin"
    role = StaffRole.CONTRACT_ADMIN
    held = list_staff(at=at).filter(role=role, contract_id=contract.pk, user__is_active=True)
    first = held.first()
    if first is None:
        todo, url = "Invite one: operators do.", reverse("staff:members")
        return Line(title, LineState.OPEN, "Nobody is.", todo=todo, url=url)
    return Line(title, LineState.GOOD, by=first.user_id, since=first.granted_at)
