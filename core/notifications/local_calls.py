"""The telephone of the phone simulator: answer, press keys, hang up. Local portals only."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from core.common.ids import uuid7
from core.notifications.models import LocalMessage
from core.notifications.services.calls import LONGEST_ENTRY, keys_are_well_formed, report_keys
from core.notifications.states import CallState, Channel

_POUND: Final = "#"


def answer_call(*, call_id: UUID) -> None:
    """Take up a ringing call."""
    _calls(call_id).filter(call_state=CallState.RINGING).update(call_state=CallState.ANSWERED)


def hang_up(*, call_id: UUID) -> None:
    """End a call, or decline one that rings."""
    _calls(call_id).update(call_state=CallState.ENDED, entered="")


def press_key(*, call_id: UUID, key: str, at: datetime) -> bool:
    """Press one key of the keypad; digits gather until # is pressed. Says whether it was right."""
    with transaction.atomic():
        call = _calls(call_id).select_for_update().first()
        if call is None or call.call_state == CallState.ENDED or not keys_are_well_formed(key):
            return False
        if key == _POUND:
            entered = call.entered if call.expect == "digits" else _POUND
            return enter_digits(call_id=call_id, digits=entered, at=at)
        call.entered = (call.entered + key)[-LONGEST_ENTRY:]
        call.call_state = CallState.ANSWERED
        call.save(update_fields=["entered", "call_state"])
    return False


def enter_digits(*, call_id: UUID, digits: str, at: datetime) -> bool:
    """Enter several keys at once, taking the call up where it still rings.

    Says whether they were right; if so the voice says thank you and the call ends.
    """
    with transaction.atomic():
        call = _calls(call_id).select_for_update().first()
        if call is None or call.call_state == CallState.ENDED:
            return False
        keys = digits.rstrip(_POUND) if call.expect == "digits" else digits
        # Each entry is a report of its own, so its text is never seen twice.
        result = report_keys(message_id=call.message_id, digits=keys, report=uuid7().bytes, at=at)
        call.accepted = result.accepted
        call.entered = ""
        call.call_state = CallState.ENDED if result.accepted else CallState.ANSWERED
        call.save(update_fields=["accepted", "entered", "call_state"])
    return result.accepted


def _calls(call_id: UUID) -> QuerySet[LocalMessage]:
    return LocalMessage.objects.filter(id=call_id, channel=Channel.VOICE)
