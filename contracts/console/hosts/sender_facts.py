"""How messages of a contract go out: from which sender, and what the provider says of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.urls import reverse

from contracts.console.going_live.line import Line, LineState
from core.notifications.models import SenderCheck
from core.notifications.senders import (
    find_sender_check,
    is_asked_for,
    sender_for,
    temporary_address,
    text_sender,
)
from core.notifications.states import Channel, SenderStanding
from tenants import registry
from tenants.configuration.document import ContractDocument
from tenants.models import Contract

_LOCAL = "stays on this machine, in the local mailbox."


@dataclass(frozen=True)
class SenderFacts:
    """One way by which messages leave. `records` are what the DNS of the sender's domain needs."""

    channel: Channel
    title: str
    identity: str
    state: LineState
    sentence: str
    todo: str = ""
    check: SenderCheck | None = None
    records: Sequence[dict[str, str]] = field(default_factory=tuple)


def sender_facts(contract: Contract, document: ContractDocument) -> list[SenderFacts]:
    """Return how mail, texts and calls of a contract go out (four queries)."""
    return [_mail(contract, document), _texts(), _calls()]


def sender_lines(contract: Contract, facts: Sequence[SenderFacts]) -> list[Line]:
    """Return the lines of the go-live list about senders."""
    url = reverse("hosts:list", args=[contract.slug])
    return [
        Line(
            one.title,
            one.state,
            one.sentence,
            since=one.check.first_at if one.check else None,
            todo=one.todo,
            url=url,
        )
        for one in facts
    ]


def told_senders(facts: Sequence[SenderFacts]) -> list[dict[str, Any]]:
    """Return senders as a program reads them."""
    return [
        {
            "channel": one.channel.value,
            "identity": one.identity,
            "state": one.state.value,
            "standing": one.check.standing if one.check else None,
            "since": one.check.first_at.isoformat() if one.check else None,
            "checked_at": one.check.asked_at.isoformat() if one.check else None,
            "records": list(one.records),
            "says": one.sentence,
            "todo": one.todo,
        }
        for one in facts
    ]


def _mail(contract: Contract, document: ContractDocument) -> SenderFacts:
    title, wanted = "Mail goes out from the contract's own address", document.brand.sender_address
    if _is_local(Channel.EMAIL):
        return SenderFacts(Channel.EMAIL, title, wanted, LineState.NOTE, f"Mail {_LOCAL}")
    check = find_sender_check(Channel.EMAIL, wanted) if is_asked_for(Channel.EMAIL) else None
    if check is None or check.standing == SenderStanding.UNKNOWN:
        return _mail_unasked(contract, title, wanted, check)
    domain = check.facts.get("identity", wanted.partition("@")[2])
    match SenderStanding(check.standing):
        case SenderStanding.VERIFIED:
            state, sentence, todo = LineState.GOOD, f"{wanted} is verified and signs (DKIM).", ""
        case SenderStanding.UNSIGNED:
            state, sentence = LineState.OPEN, f"Mail goes out from {wanted}, and is not signed."
            todo = f"Let Amazon SES sign for {domain} (DKIM): switch it on there, with its records."
        case SenderStanding.PENDING:
            state, sentence = LineState.OPEN, _meanwhile(contract, wanted)
            todo = f"Let the DNS of {domain} have the records that Amazon SES waits for."
        case _:
            state, sentence = LineState.OPEN, _meanwhile(contract, wanted)
            todo = f"Make an identity for {domain} in Amazon SES."
    records = () if state is LineState.GOOD else check.facts.get("records", ())
    return SenderFacts(Channel.EMAIL, title, wanted, state, sentence, todo, check, records)


def _mail_unasked(
    contract: Contract, title: str, wanted: str, check: SenderCheck | None
) -> SenderFacts:
    """What the deployment's document says, where the provider says nothing."""
    asked = is_asked_for(Channel.EMAIL)
    todo = _to_ask(check, "ses:GetEmailIdentity") if asked else ""
    if not registry.get_deployment().channels.email.senders:
        state = LineState.NOTE
        sentence = f"The deployment lists no verified addresses, so {wanted} has to be one."
    elif sender_for(contract.pk).address == wanted:
        state = LineState.NOTE if asked else LineState.GOOD
        sentence = f"The deployment lists {wanted} as verified for sending."
    else:
        state, sentence = LineState.OPEN, _meanwhile(contract, wanted)
        todo = todo or f"Verify {wanted}, and list it in the deployment's document."
    return SenderFacts(Channel.EMAIL, title, wanted, state, sentence, todo, check)


def _meanwhile(contract: Contract, wanted: str) -> str:
    used = sender_for(contract.pk)
    if used.address == wanted:
        other = temporary_address()
        also = "" if other == wanted else f", and neither is {other}"
        return f"{wanted} is not verified for sending{also}: mail is refused."
    return (
        f"{wanted} is not verified for sending yet. Until it is, mail goes out from {used.address} "
        f"in the contract's name, and answers go to {used.reply_to}."
    )


def _texts() -> SenderFacts:
    title, number = "Texts have a number", text_sender()
    if _is_local(Channel.SMS):
        return SenderFacts(Channel.SMS, title, number, LineState.NOTE, f"They {_plural(_LOCAL)}")
    if not number:
        return _unnamed(Channel.SMS, title)
    if not is_asked_for(Channel.SMS):
        return SenderFacts(Channel.SMS, title, number, LineState.GOOD, f"They come from {number}.")
    check = find_sender_check(Channel.SMS, number)
    say = f"They come from {number}"
    return _of_deployment(Channel.SMS, title, number, say, check)


def _calls() -> SenderFacts:
    title, flow = "Calls have a number and a flow", str(settings.AWS_CONNECT_CONTACT_FLOW_ID)
    listed = registry.get_deployment().channels.voice.senders
    number = str(next(iter(listed), settings.AWS_CONNECT_SOURCE_NUMBER))
    if _is_local(Channel.VOICE):
        return SenderFacts(Channel.VOICE, title, number, LineState.NOTE, f"They {_plural(_LOCAL)}")
    if not (number and flow):
        return _unnamed(Channel.VOICE, title)
    check = find_sender_check(Channel.VOICE, flow)
    return _of_deployment(Channel.VOICE, title, number, f"They come from {number}", check)


def _of_deployment(
    channel: Channel, title: str, identity: str, say: str, check: SenderCheck | None
) -> SenderFacts:
    what, action = (
        ("the number", "sms-voice:DescribePhoneNumbers")
        if channel is Channel.SMS
        else ("the contact flow", "connect:DescribeContactFlow")
    )
    if check is None or check.standing == SenderStanding.UNKNOWN:
        todo = _to_ask(check, action)
        return SenderFacts(channel, title, identity, LineState.NOTE, f"{say}.", todo, check)
    if check.may_send:
        sentence = f"{say}, and the provider has {what} as ready."
        return SenderFacts(channel, title, identity, LineState.GOOD, sentence, "", check)
    status = check.facts.get("status", "")
    known = f"has {what} as {status}" if status else f"does not know {what}"
    todo = f"See to {what} at the provider (docs/howto/set-up-channels.md)."
    sentence = f"{say}, and the provider {known}."
    return SenderFacts(channel, title, identity, LineState.OPEN, sentence, todo, check)


def _to_ask(check: SenderCheck | None, action: str) -> str:
    if check is None:
        return "Check it now, or wait for some minutes: the provider is asked by itself."
    return f"Let the portal ask the provider ({action}): the answer was {check.failure}."


def _unnamed(channel: Channel, title: str) -> SenderFacts:
    todo = "Set it up as docs/howto/set-up-channels.md says."
    return SenderFacts(channel, title, "", LineState.OPEN, "The deployment names none.", todo)


def _is_local(channel: Channel) -> bool:
    """Tell whether the settings put a channel of their own in the provider's place."""
    return channel.value in settings.PORTAL_CHANNELS


def _plural(sentence: str) -> str:
    return sentence.replace("stays", "stay", 1)
