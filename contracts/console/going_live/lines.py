"""The lines of a contract's go-live list: what the portal knows by itself, and since when."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.conf import settings

from contracts.console.going_live.items import ITEMS
from contracts.console.models import GoLiveTick
from contracts.console.services.going_live import TRIAL_KINDS, list_trials, present_ticks
from contracts.roster.models import RosterImport
from contracts.roster.services.staging import count_present
from core.notifications.models import OutboxMessage
from core.notifications.senders import sender_for
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


class LineState(StrEnum):
    """Whether a line is in order. A note is neither: it works, and somebody should know how."""

    GOOD = "good"
    OPEN = "open"
    NOTE = "note"


@dataclass(frozen=True)
class Line:
    """One line: what it asks for, how it stands, and who brought that about when."""

    title: str
    state: LineState
    detail: str = ""
    by: UUID | None = None
    since: datetime | None = None


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
        )
        for name, title in GATE_TITLES.items()
        for found in [[one for one in failures if one.gate == name]]
    ]


def fact_lines(contract: Contract, document: ContractDocument, *, at: datetime) -> list[Line]:
    """Return what the portal knows beyond the document."""
    active = registry.find_contract(contract.slug)
    return [
        _service(contract),
        _host(contract, document),
        _sender(contract, document),
        _number(contract, Channel.SMS, "Texts have a number"),
        _number(contract, Channel.VOICE, "Calls have a number"),
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
    return Line(title, LineState.OPEN, detail, since=contract.state_since)


def _host(contract: Contract, document: ContractDocument) -> Line:
    title = "Its pages have an address"
    path = f"/{contract.slug}/ on the portal host"
    host = document.hosts.primary
    if host is None:
        return Line(title, LineState.GOOD, f"They stand under {path}.")
    detail = (
        f"They stand under {path} whether or not {host} leads here yet. "
        f"Links in mails name {host}: see that its name and certificate are set up before "
        "the first mail goes out."
    )
    return Line(title, LineState.NOTE, detail)


def _sender(contract: Contract, document: ContractDocument) -> Line:
    title, wanted = "Mail goes out from the contract's own address", document.brand.sender_address
    used = sender_for(contract.pk)
    if _is_local(Channel.EMAIL):
        return Line(title, LineState.NOTE, "Mail stays on this machine, in the local mailbox.")
    if not registry.get_deployment().channels.email.senders:
        detail = f"The deployment lists no verified addresses, so {wanted} has to be one."
        return Line(title, LineState.NOTE, detail)
    if used.address == wanted:
        return Line(title, LineState.GOOD, f"{wanted} is verified for sending.")
    detail = (
        f"{wanted} is not verified for sending yet. Until it is, mail goes out from {used.address} "
        f"in the contract's name, and answers go to {used.reply_to}."
    )
    return Line(title, LineState.OPEN, detail)


def _number(contract: Contract, channel: Channel, title: str) -> Line:
    if _is_local(channel):
        return Line(title, LineState.NOTE, "They stay on this machine, in the local mailbox.")
    number = sender_for(contract.pk, channel=channel.value).number or _of_deployment(channel)
    if number:
        return Line(title, LineState.GOOD, f"They come from {number}.")
    return Line(title, LineState.OPEN, "The deployment names none.")


def _of_deployment(channel: Channel) -> str:
    is_text = channel is Channel.SMS
    return str(settings.AWS_SMS_ORIGINATION if is_text else settings.AWS_CONNECT_SOURCE_NUMBER)


def _is_local(channel: Channel) -> bool:
    """Tell whether the settings put a channel of their own in the provider's place."""
    return channel.value in settings.PORTAL_CHANNELS


def _roster(active: ActiveContract) -> Line:
    title = "The roster is loaded"
    with contract_context(active):
        number = count_present()
        last = RosterImport.objects.filter(applied=True).order_by("-id").first()
    if not number:
        return Line(title, LineState.OPEN, "It has no entry: nobody can register.")
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
        return Line(title, LineState.OPEN, "Nobody is. Operators invite them under Staff members.")
    return Line(title, LineState.GOOD, by=first.user_id, since=first.granted_at)
