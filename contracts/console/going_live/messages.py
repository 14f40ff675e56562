"""The trial messages: made in the contract's name when they are handed over."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final

from contracts.console.services.going_live import TRIAL_KINDS
from core.notifications.composing import compose_mail
from core.notifications.kinds import (
    MessageKind,
    Prepare,
    Rendered,
    VoicePrompt,
    Weight,
    register_kind,
)
from core.notifications.models import OutboxMessage
from core.notifications.senders import document_for
from core.notifications.states import Channel
from tenants.models import Contract


def register_trial_kinds() -> None:
    """Make the kinds known to the outbox; called when the app is ready."""
    for channel, name in TRIAL_KINDS.items():
        register_kind(
            MessageKind(
                name=name,
                channel=Channel(channel),
                # One that may have left is not sent again: somebody looks for exactly one.
                at_most_once=True,
                prepare=_MAKERS[channel],
                weight=Weight.COURTESY,
            )
        )


def prepare_mail(message: OutboxMessage, _at: datetime) -> Rendered:
    """Return the mail, from the sender and in the brand that every mail of the contract has."""
    return compose_mail(message, TRIAL_KINDS[Channel.EMAIL], {"contract": _name_of(message)})


def prepare_spoken(message: OutboxMessage, _at: datetime, *, is_call: bool) -> Rendered:
    """Return the text, or what the call says."""
    organization = document_for(message.contract_id).brand.organization
    text = f"{organization}: this is a trial message of {_name_of(message)}. It asks for nothing."
    voice = VoicePrompt(text=text, expect="none") if is_call else None
    return Rendered(to=message.to, subject="", text=text, voice=voice)


def _name_of(message: OutboxMessage) -> str:
    return Contract.objects.values_list("name", flat=True).get(pk=message.subject_id)


_MAKERS: Final[Mapping[str, Prepare]] = {
    Channel.EMAIL.value: prepare_mail,
    Channel.SMS.value: partial(prepare_spoken, is_call=False),
    Channel.VOICE.value: partial(prepare_spoken, is_call=True),
}
